"""PDF: the text of each page below its number."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pypdf import PdfReader

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.attachments.pdf_lines import joined, without_heads
from confluence_to_twig.content.attachments.written import heading, paragraph, typed, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluence_to_twig.content.nodes import Node

_DAMAGED = "(This page is damaged: its text is missing here.)"


def pdf(data: bytes) -> Iterator[str]:
    """The text of each page as Markdown, below the number of the page where there are several. A damaged page is named.

    :raises UnreadableFileError: a password is needed, no page has text, or all are damaged.
    """
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFileError("it is protected by a password")
    damaged: set[int] = set()
    several, found = len(reader.pages) > 1, False
    for number, text in enumerate(without_heads(_texts(reader, damaged)), start=1):
        found = found or bool(text)
        if text or number in damaged:
            nodes: list[Node | str] = [heading(f"Page {number}")] if several else []
            yield written([*nodes, *(typed(joined(text)) if text else [paragraph(_DAMAGED)])])
    if damaged and not found:
        raise UnreadableFileError("its pages are damaged")
    if not found:
        raise UnreadableFileError("it has no text: its pages are pictures, as those of a scan")


def _texts(reader: PdfReader, damaged: set[int]) -> Iterator[str]:
    """The text of each page, empty for a damaged one.

    :param damaged: where the numbers of damaged pages are added.
    """
    for number in range(len(reader.pages)):
        try:
            yield reader.pages[number].extract_text().strip()
        except MemoryError:
            raise
        except Exception:
            # The parser fails in many ways; all of them mean the same here, and none is the fault of the other pages.
            damaged.add(number + 1)
            yield ""
