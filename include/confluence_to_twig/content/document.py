"""A fetched page → the rows of its document and its chunks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.attachments.as_markdown import file_markdown
from confluence_to_twig.content.chunks.chunking import chunk_document
from confluence_to_twig.content.conversion import convert
from confluence_to_twig.content.model import (
    Attachment,
    BodyResolver,
    Chunk,
    Comment,
    Conversion,
    ConversionReport,
    EditorResolver,
    PageContext,
    PageResolver,
    TitleResolver,
)
from confluence_to_twig.content.version import CONVERTER_VERSION
from confluence_to_twig.staging.rows import ATTACHMENT_KIND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.staging.rows import ChunkRow, DocumentRow, LevelRow

_SITE = re.compile(r"(https?://[^?#]+?)/(?:spaces|display|pages|x|blog)/")


@dataclass(frozen=True)
class BuiltDocument:
    """A page's row for ``schemas.DOCUMENTS``, its rows for ``schemas.CHUNKS``, and the report."""

    document: DocumentRow
    chunks: list[ChunkRow]
    report: ConversionReport


def build_document(
    page_row: Mapping[str, Any],
    *,
    resolve_page: PageResolver | None = None,
    resolve_body: BodyResolver | None = None,
    resolve_title: TitleResolver | None = None,
    resolve_editor: EditorResolver | None = None,
) -> BuiltDocument:
    """Convert and chunk one row of ``schemas.PAGES``, of a page or of a file that is a document of its own."""
    context = page_context(page_row, resolve_page, resolve_body, resolve_title, resolve_editor)
    is_file = context.kind == ATTACHMENT_KIND
    conversion = _of_file(context.attachments[0]) if is_file else convert(page_row["storage"], context)
    chunks = chunk_document(conversion.markdown, context, conversion.headings)
    report = conversion.report
    document: DocumentRow = {
        "page_id": context.page_id,
        "kind": context.kind,
        "space_id": page_row["space_id"],
        "space_key": context.space_key,
        "version": context.version,
        "title": context.title,
        "url": context.url,
        "ancestor_ids": list(page_row["ancestor_ids"]),
        "ancestors": list(context.ancestors),
        "labels": list(context.labels),
        "author": context.author,
        "created_at": context.created_at,
        "modified_at": page_row["modified_at"],
        "language": chunks[0].language if chunks else None,
        "markdown": conversion.markdown,
        "text_bytes": len(conversion.markdown.encode()),
        "body_bytes": len(_body(page_row).strip().encode()),
        "content_hash": content_hash(conversion, context),
        "converter_version": CONVERTER_VERSION,
        "chunk_count": len(chunks),
        # What could not be fetched has no version to compare with: so the plan finds the page again.
        "includes": [*report.includes, *(f"{name}@missing" for name in page_row.get("lacking") or ())],
        "coverage": report.coverage,
        "tolerant": report.tolerant,
        "constructs": list(report.constructs.items()),
        "unknown_macros": list(report.unknown_macros),
        "left_out": [f"{left.text}: {left.reason}" for left in report.left_out if left.seen],
        "rendered": page_row["view"] is not None,
        "live": page_row.get("live"),
        "audience": page_row.get("audience"),
        "allowed": page_row.get("levels"),
    }
    return BuiltDocument(document, [_chunk_row(chunk, document["allowed"]) for chunk in chunks], report)


def _of_file(file: Attachment) -> Conversion:
    markdown = file_markdown(file.title, file.media_type, file.text or "")
    return Conversion(markdown, ConversionReport())


def _body(page_row: Mapping[str, Any]) -> str:
    """What the document is made of: storage format, or the text of a file."""
    if page_row["kind"] == ATTACHMENT_KIND:
        return str(page_row["attachments"][0]["text"] or "")
    return str(page_row["storage"])


#: Stands where the hashes of the first release had its converter's version, so that they still hold.
HASH_VERSION = "1"


def content_hash(conversion: Conversion, context: PageContext) -> str:
    """SHA-256 over all that Twig gets of a page: Markdown, title, ancestors, labels.

    The version of the converter is not in it: a page that a newer converter writes in the same way is not sent again.
    """
    parts = [HASH_VERSION, conversion.markdown, context.title, context.ancestors, sorted(context.labels)]
    return sha256(json.dumps(parts).encode()).hexdigest()


def page_context(
    row: Mapping[str, Any],
    resolve_page: PageResolver | None = None,
    resolve_body: BodyResolver | None = None,
    resolve_title: TitleResolver | None = None,
    resolve_editor: EditorResolver | None = None,
) -> PageContext:
    """The context of a row of ``schemas.PAGES``."""
    users = dict(row["users"])
    site = _SITE.match(row["url"])
    return PageContext(
        page_id=row["page_id"],
        title=row["title"],
        kind=row["kind"],
        space_key=row["space_key"],
        space_name=row["space_name"],
        url=row["url"],
        version=row["version"],
        ancestors=tuple(row["ancestors"]),
        labels=tuple(row["labels"]),
        author=row["author_name"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        users=users,
        attachments=tuple(_attachment(attachment) for attachment in row["attachments"]),
        comments=tuple(_comment(comment, users) for comment in row["comments"]),
        view=row["view"],
        site_url=site[1] if site else "",
        editor=row.get("editor") or "",
        resolve_page=resolve_page,
        resolve_body=resolve_body,
        resolve_title=resolve_title,
        resolve_editor=resolve_editor,
    )


def _attachment(row: Mapping[str, Any]) -> Attachment:
    return Attachment(row["title"] or "", row["url"] or "", row["media_type"] or "", row["text"])


def _comment(row: Mapping[str, Any], users: Mapping[str, str]) -> Comment:
    author = users.get(row["author_id"] or "", "")
    return Comment(row["storage"] or "", author, row["created_at"], row["anchor_text"] or "")


def _chunk_row(chunk: Chunk, allowed: list[LevelRow] | None) -> ChunkRow:
    return {
        "chunk_id": chunk.chunk_id,
        "page_id": chunk.page.page_id,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "heading_path": list(chunk.heading_path),
        "url": chunk.url,
        "token_count": chunk.token_count,
        "char_start": chunk.char_start,
        "char_end": chunk.char_end,
        "content_hash": chunk.content_hash,
        "allowed": allowed,
    }
