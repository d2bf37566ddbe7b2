"""PDF: the text of each page below its number."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pypdf import PdfReader

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.attachments.written import heading, typed, written

if TYPE_CHECKING:
    from collections.abc import Iterator


def pdf(data: bytes) -> Iterator[str]:
    """The text of each page as Markdown, below the number of the page where there are several.

    :raises UnreadableFileError: a password is needed, or no page has text.
    """
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFileError("it is protected by a password")
    several, found = len(reader.pages) > 1, False
    for number, page in enumerate(reader.pages, start=1):
        if text := page.extract_text().strip():
            found = True
            yield written([*([heading(f"Page {number}")] if several else []), *typed(text)])
    if not found:
        raise UnreadableFileError("it has no text: its pages are pictures, as those of a scan")
