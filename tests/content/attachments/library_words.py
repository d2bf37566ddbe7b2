"""What the libraries find in a file in a plain walk over all that they offer: a second opinion on what a file says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from docx import Document
from lxml import html
from openpyxl import load_workbook
from pptx import Presentation
from pypdf import PdfReader


def _text(data: bytes) -> str:
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


def _csv(data: bytes) -> Iterator[str]:
    lines = _text(data)
    for row in csv.reader(io.StringIO(lines), csv.Sniffer().sniff(lines, ",;|\t")):
        yield from row


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(key)
            yield from _leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value)
    else:
        yield str(tree)


def _json(data: bytes) -> Iterator[str]:
    return _leaves(json.loads(data))


def _yaml(data: bytes) -> Iterator[str]:
    return _leaves(yaml.safe_load(data))


def _html(data: bytes) -> Iterator[str]:
    for element in html.document_fromstring(data.decode()).iter():
        hidden = {"script", "title"} & {element.tag, *(above.tag for above in element.iterancestors())}
        if isinstance(element.tag, str) and not hidden and "hidden" not in element.attrib:
            yield element.text or ""
        yield element.tail or ""


def _pdf(data: bytes) -> Iterator[str]:
    return (page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def _docx(data: bytes) -> Iterator[str]:
    document = Document(io.BytesIO(data))
    yield from (paragraph.text for paragraph in document.paragraphs)
    yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    yield from (comment.text for comment in document.comments)
    yield from (paragraph.text for section in document.sections for paragraph in section.header.paragraphs)


def _shapes(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for cell in shape.table.iter_cells())
        if shape.has_chart:
            plot = shape.chart.plots[0]
            yield from (*plot.categories, *(series.name for series in plot.series))


def _pptx(data: bytes) -> Iterator[str]:
    for slide in Presentation(io.BytesIO(data)).slides:
        yield from _shapes(slide.shapes)
        yield slide.notes_slide.notes_text_frame.text


def _xlsx(data: bytes) -> Iterator[str]:
    for sheet in load_workbook(io.BytesIO(data)).worksheets:
        if sheet.sheet_state == "visible":
            yield sheet.title
            yield from (str(value) for row in sheet.iter_rows(values_only=True) for value in row if value is not None)


#: Suffix → the texts that a library finds in such a file.
WALKS: dict[str, Callable[[bytes], Any]] = {
    "txt": lambda data: [_text(data)],
    "log": lambda data: [_text(data)],
    "md": lambda data: [_text(data)],
    "csv": _csv,
    "tsv": _csv,
    "json": _json,
    "yaml": _yaml,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "pptx": _pptx,
    "xlsx": _xlsx,
}
