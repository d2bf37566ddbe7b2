"""Content: storage format → Markdown → chunks that answer questions.

The names are imported when they are first used: most tasks need a module of this package, and none of lxml and html2text.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.version import CONVERTER_VERSION

if TYPE_CHECKING:
    from confluence_to_twig.content.chunks.chunking import chunk_document
    from confluence_to_twig.content.conversion import convert, storage_to_markdown
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

_MODULES = {
    "chunk_document": "chunks.chunking",
    "convert": "conversion",
    "storage_to_markdown": "conversion",
    "BuiltDocument": "document",
    "build_document": "document",
    "content_hash": "document",
    **dict.fromkeys(
        ("Attachment", "Chunk", "Comment", "Conversion", "ConversionReport", "IncludedPage", "PageContext"), "model"
    ),
}
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


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
