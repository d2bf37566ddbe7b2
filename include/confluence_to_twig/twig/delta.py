"""Delta: which parts of a document to send, given what Twig holds. Pure."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from confluence_to_twig.staging.journal import Standing
    from confluence_to_twig.staging.rows import ChunkRow, DocumentRow, LoadedRow

#: Columns that the manifest copies from a document.
_COPIED = (
    "page_id", "space_id", "kind", "version", "title", "url", "ancestor_ids", "ancestors", "labels", "includes",
    "content_hash", "converter_version", "text_bytes", "modified_at",
)  # fmt: skip
_CONTENT = ("content_hash", "url", "audience", "chunk_ids", "chunk_hashes")


@dataclass(frozen=True)
class Package:
    """A document with all its chunks: a row of ``documents`` and its rows of ``chunks``, in order."""

    document: DocumentRow
    chunks: tuple[ChunkRow, ...]

    @property
    def page_id(self) -> str:
        return str(self.document["page_id"])

    def manifest_row(self) -> LoadedRow:
        """The row that the manifest gets when Twig accepted the document, without data source, time and run."""
        document = self.document
        return {
            "document_id": self.page_id,
            "page_id": document["page_id"],
            "space_id": document["space_id"],
            "audience": document["audience"],
            "kind": document["kind"],
            "version": document["version"],
            "title": document["title"],
            "url": document["url"],
            "ancestor_ids": document["ancestor_ids"],
            "ancestors": document["ancestors"],
            "labels": document["labels"],
            "includes": document["includes"],
            "content_hash": document["content_hash"],
            "converter_version": document["converter_version"],
            "chunk_ids": [chunk["chunk_id"] for chunk in self.chunks],
            "chunk_hashes": [chunk["content_hash"] for chunk in self.chunks],
            "chunk_count": len(self.chunks),
            "text_bytes": document["text_bytes"],
            "modified_at": document["modified_at"],
        }


Verdict = Literal["unchanged", "noted", "older", "send"]


@dataclass(frozen=True)
class Decision:
    """What to do with a package.

    :param verdict: ``unchanged``: nothing; ``noted``: only the manifest's row changes; ``older``: Twig holds a newer
        version; ``send``: the document goes to Twig.
    :param kept: ids of the chunks that Twig holds already and whose text is therefore not sent.
    """

    verdict: Verdict
    kept: frozenset[str] = field(default_factory=frozenset)


def decide(package: Package, known: Standing) -> Decision:
    """Compare a package with what is known about its page."""
    document, row = package.document, known.row
    if row is not None and row["version"] > document["version"]:
        return Decision("older")
    if row is not None and not known.in_doubt and _agree(package.manifest_row(), row, _CONTENT):
        return Decision("unchanged" if _agree(document, row, _COPIED) else "noted")
    held = dict(zip(known.held["chunk_ids"], known.held["chunk_hashes"], strict=True)) if known.held else {}
    kept = (chunk["chunk_id"] for chunk in package.chunks if held.get(chunk["chunk_id"]) == chunk["content_hash"])
    return Decision("send", frozenset(kept))


def _agree(one: Mapping[str, object], other: Mapping[str, object], names: Iterable[str]) -> bool:
    return all(one[name] == other[name] for name in names)


def twig_hash(row: DocumentRow | LoadedRow) -> str:
    """The ``contentHash`` that Twig gets for a document or a manifest row.

    Twig changes nothing when version and hash are equal, so the address has to be in it: a renamed space changes the
    address of a page and neither its content nor its version. So do other readers, where they are known. The part before
    the dot is our own content hash.
    """
    readers = "" if row["audience"] is None else f"\n{row['audience']}"
    return f"{row['content_hash']}.{zlib.crc32((row['url'] + readers).encode()):08x}"


def upsert(package: Package, without_text: Collection[str]) -> str:
    """The document as JSON text for ``upserts``; chunks named in ``without_text`` go without their text.

    The metadata holds everything that the manifest needs, so that it can be rebuilt from Twig's listing.
    """
    document = package.document
    return to_json(
        {
            "id": document["page_id"],
            "version": document["version"],
            "contentHash": twig_hash(document),
            "title": document["title"],
            "url": document["url"],
            "metadata": {
                "kind": document["kind"],
                "spaceId": document["space_id"],
                "spaceKey": document["space_key"],
                "labels": document["labels"],
                "ancestors": document["ancestors"],
                "ancestorIds": document["ancestor_ids"],
                "includes": document["includes"],
                "author": document["author"],
                "createdAt": _iso(document["created_at"]),
                "modifiedAt": _iso(document["modified_at"]),
                "language": document["language"],
                "converterVersion": document["converter_version"],
                "textBytes": document["text_bytes"],
                **({} if document["allowed"] is None else {"allowed": document["allowed"]}),
            },
            "chunks": [_chunk(chunk, chunk["chunk_id"] in without_text) for chunk in package.chunks],
        }
    )


def _chunk(chunk: ChunkRow, without_text: bool) -> dict[str, Any]:
    described = {
        "id": chunk["chunk_id"],
        "ordinal": chunk["ordinal"],
        "hash": chunk["content_hash"],
        "url": chunk["url"],
        "headingPath": chunk["heading_path"],
        "tokenCount": chunk["token_count"],
    }
    return described if without_text else described | {"text": chunk["text"]}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def to_json(value: Any) -> str:
    """Compact JSON, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
