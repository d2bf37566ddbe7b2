"""Office files as people write them, made by the libraries that read them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from docx.document import Document as Word
from openpyxl import Workbook
from pptx import Presentation
from pptx.presentation import Presentation as Deck


def saved(file: Word | Deck | Workbook) -> bytes:
    """The bytes of a file."""
    stored = io.BytesIO()
    file.save(stored)
    return stored.getvalue()


def slides(*titles: str) -> bytes:
    """A slide with nothing but a title each."""
    deck = Presentation()
    for title in titles:
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = title
    return saved(deck)


def book(*sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with sheets of these rows."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for rows in sheets:
        sheet = workbook.create_sheet()
        for row in rows:
            sheet.append(row)
    return saved(workbook)
