"""Markdown → chunks of at most 512 tokens that can stand alone: with their place in the space, table headers, fences.

The rules for what is kept whole, where to cut, and why an edit changes few chunks are in
:mod:`~confluence_to_twig.content.chunks.pieces` and :mod:`~confluence_to_twig.content.chunks.packing`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from confluence_to_twig.content.chunks.assembly import LIMIT_TOKENS, OVERLAP_TOKENS, DocumentParts
from confluence_to_twig.content.chunks.images import without_addresses
from confluence_to_twig.content.chunks.language import detect_language
from confluence_to_twig.content.model import Chunk, PageContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.content.model import Heading

__all__ = ["LIMIT_TOKENS", "OVERLAP_TOKENS", "chunk_document"]


def chunk_document(markdown: str, context: PageContext | None = None, headings: Sequence[Heading] = ()) -> list[Chunk]:
    """The chunks of a document in reading order; none for a document without text.

    Together they hold every word of the document but the addresses of images. A chunk has at most :data:`LIMIT_TOKENS` cl100k tokens, its context
    line included.

    :param headings: the headings as the conversion knows them; of others, the text is read out of the Markdown.

    >>> page = PageContext(page_id="7", title="Page", url="https://acme.example/7")
    >>> [chunk] = chunk_document("# Start\\n\\nRead this.", page)
    >>> chunk.text.splitlines()
    ['Page › Start', '', '# Start', '', 'Read this.']
    >>> chunk.heading_path, chunk.url, chunk.token_count, chunk.char_start, chunk.char_end
    (('Start',), 'https://acme.example/7#Start', 10, 0, 19)
    """
    page = context or PageContext()
    embedded = without_addresses(markdown)
    document = DocumentParts(embedded.text, page, [_embedded(heading) for heading in headings])
    language = detect_language(markdown)
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for part in document.parts():
        digest = _digest(part.body)[:20]
        seen[digest] += 1
        url = document.outline.url(part.anchor)
        chunks.append(
            Chunk(
                chunk_id=_chunk_id(page.page_id, digest, seen[digest]),
                ordinal=len(chunks),
                text=part.text,
                heading_path=part.section.path,
                url=url,
                token_count=part.tokens,
                char_start=embedded.position(part.start),
                char_end=embedded.position(part.end),
                content_hash=_digest(f"{url}\0{part.text}"),
                page=page,
                language=language,
            )
        )
    return chunks


def _embedded(heading: Heading) -> Heading:
    """The heading with its line as the text to embed has it."""
    return replace(heading, line=without_addresses(heading.line).text) if "![" in heading.line else heading


def _chunk_id(page_id: str, digest: str, occurrence: int) -> str:
    """``65538:3f…``; the second of two equal bodies on a page ends in ``:2``."""
    parts = [page_id, digest, str(occurrence) if occurrence > 1 else ""]
    return ":".join(filter(None, parts))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
