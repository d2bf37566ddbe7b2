"""Content: storage format → Markdown → chunks that answer questions."""

from __future__ import annotations

from confluence_to_twig.content.chunks.chunking import chunk_document
from confluence_to_twig.content.convert import CONVERTER_VERSION, convert, storage_to_markdown
from confluence_to_twig.content.document import BuiltDocument, build_document, content_hash
from confluence_to_twig.content.model import (
    Attachment,
    Chunk,
    Comment,
    Conversion,
    ConversionReport,
    IncludedPage,
    PageContext,
)

__all__ = [
    "CONVERTER_VERSION",
    "Attachment",
    "BuiltDocument",
    "Chunk",
    "Comment",
    "Conversion",
    "ConversionReport",
    "IncludedPage",
    "PageContext",
    "build_document",
    "chunk_document",
    "content_hash",
    "convert",
    "storage_to_markdown",
]
