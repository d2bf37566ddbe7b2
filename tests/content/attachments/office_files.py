"""Office files as people write them, made by the libraries that read them."""

from __future__ import annotations

import io
import zipfile
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


def shared_book(texts: Iterable[str], cells: Iterable[int], *, end: str = "</sst>", sheet_end: str = "") -> bytes:
    """A workbook as Excel writes it: with the XML of all texts in one part, and a column of their numbers in the other.

    :param end: of the part with the texts. :param sheet_end: of the sheet, in place of a good one.
    """
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{text}</v></c></row>' for row, text in enumerate(cells, start=1)
    )
    replaced = {
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{rows}{sheet_end or '</sheetData></worksheet>'}",
        "xl/sharedStrings.xml": f"<sst {main}>{''.join(f'<si>{text}</si>' for text in texts)}{end}",
    }
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book([[""]]))) as empty, zipfile.ZipFile(stored, "w") as archive:
        for name in empty.namelist():
            if name not in replaced:
                part = empty.read(name).decode()
                named = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
                archive.writestr(name, part.replace("</Types>", named))
        for name, part in replaced.items():
            archive.writestr(name, part)
    return stored.getvalue()
