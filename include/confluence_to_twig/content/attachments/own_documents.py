"""Which attached files can be documents of their own, and which say something only where their page shows them."""

from __future__ import annotations

from confluence_to_twig.content.attachments.kinds import kind_of

#: Sources of diagrams, which macros of the page draw.
_DRAWN_FROM_TEXT = frozenset({"plantuml", "mermaid"})


def stays_with_page(name: str, media_type: str) -> bool:
    """Whether a file of this name and type is a drawing, or the source of one: the page shows it."""
    kind = kind_of(name, media_type)
    return kind is not None and (kind.form == "drawing" or kind.language in _DRAWN_FROM_TEXT)


def can_be_document(name: str, media_type: str) -> bool:
    """Whether a file of this name and type has a reader, and a text that stands for itself."""
    return kind_of(name, media_type) is not None and not stays_with_page(name, media_type)
