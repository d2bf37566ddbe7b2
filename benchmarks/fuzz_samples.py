"""Whole files for :mod:`.fuzz_files` to break: one of each kind, the same whenever they are made."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from functools import cache
from typing import Any

from docx import Document
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
from xlsxwriter import Workbook

_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")
DRAWING = (
    '<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/><mxCell id="a" value="&lt;b&gt;Web&lt;/b&gt;" vertex="1" parent="1"/>'
    '<UserObject id="c" label="DB %env%" env="prod" placeholders="1" tooltip="disk"><mxCell vertex="1" parent="1"/></UserObject>'
    '<mxCell id="e" edge="1" source="a" target="c" parent="1"/><mxCell id="f" value="asks" vertex="1" parent="e"/>'
    '<UserObject id="m" label="" mermaidData="{&quot;data&quot;: &quot;graph TD&quot;}"><mxCell vertex="1" parent="1"/></UserObject></root></mxGraphModel>'
)
GLIFFY: dict[str, Any] = {
    "contentType": "application/gliffy+json",
    "stage": {
        "objects": [
            {
                "id": 1,
                "graphic": {"type": "Shape"},
                "children": [{"id": 2, "graphic": {"Text": {"html": "<p>Web</p>"}}}],
            },
            {"id": 3, "graphic": {"type": "Text", "Text": {"html": "DB"}}, "children": []},
            {
                "id": 4,
                "graphic": {"type": "Line"},
                "constraints": {
                    "startConstraint": {"StartPositionConstraint": {"nodeId": 1}},
                    "endConstraint": {"EndPositionConstraint": {"nodeId": 3}},
                },
            },
        ]
    },
}
PAGE = (
    b'<html><head><meta charset=utf-8><style>p {}</style></head><body><h1>Backup plan</h1><p>Copy <b>the</b> disks<br>every <a href="https://acme.example">night</a>.'
    b"<table><tr><th colspan=2>Disk<tr><td rowspan=2>a<td>1</table><ol start=3><li>x<ul><li>y</ul></ol><pre class=language-sh>ls\n</pre><div hidden>z</div>"
)
MARKDOWN = b"---\ntitle: Plan\n---\n\nBackup\n======\n\n> # Copy\n\n- the\n  ```sh\n  disks\n  ```\n\n| a | b |\n| - | - |\n| [c](data:x) | <b>d</b> |\n\n~~~\nopen\n"


def _undated(file: io.BytesIO) -> bytes:
    """A saved Office file that does not tell when it was made."""
    with zipfile.ZipFile(file) as whole:
        files = {name: b"" if name.endswith(".xlsx") else whole.read(name) for name in whole.namelist()}
    return zipped({name: _TIME.sub(b"2026-01-01T00:00:00Z", data) for name, data in files.items()})


@cache
def word() -> bytes:
    """A Word file with a heading, a list and a merged cell."""
    document = Document()
    document.add_heading("Backup plan", 1)
    document.add_paragraph("Copy the disks every night.", style="List Bullet")
    table = document.add_table(rows=2, cols=3)
    table.rows[0].cells[0].merge(table.rows[1].cells[1]).text = "Disk"
    stored = io.BytesIO()
    document.save(stored)
    return _undated(stored)


@cache
def deck() -> bytes:
    """A slide with text, a table, a chart and notes."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text_frame.text = "Backup plan", "Copy\nthe disks"
    table = slide.shapes.add_table(2, 3, 0, 0, 9, 9).table
    table.cell(0, 0).merge(table.cell(1, 1))
    data = CategoryChartData()
    data.categories = ["Disk", "Tape"]
    data.add_series("Hours", (1, 2))
    slide.shapes.add_group_shape().shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, 9, 9, data)
    slide.notes_slide.notes_text_frame.text = "every night"
    stored = io.BytesIO()
    deck.save(stored)
    return _undated(stored)


@cache
def book() -> bytes:
    """Two sheets with a date, a formula and a merged cell, as Excel writes them: texts in a part of their own."""
    stored = io.BytesIO()
    book = Workbook(stored)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Disk", "Since", "Hour"])
    sheet.write_datetime(1, 1, datetime(2026, 1, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_formula(1, 2, "=1/2", book.add_format({"num_format": "0%"}), 0.5)
    sheet.merge_range(2, 0, 2, 1, "a")
    book.add_worksheet("More").write_row(0, 0, ["every", "night"])
    book.close()
    return _undated(stored)


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive that does not tell when it was made."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stored.getvalue()


@cache
def pdf() -> bytes:
    """Three pages."""
    writer = PdfWriter()
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): named})})
    for _ in range(3):
        content = DecodedStreamObject()
        content.set_data(b"BT /F1 12 Tf 20 100 Td (Copy the disks.) Tj [(ever) -200 (y night)] TJ ET")
        page = writer.add_blank_page(200, 200)
        page[NameObject("/Resources")] = fonts
        page[NameObject("/Contents")] = writer._add_object(content)
    writer.add_metadata({"/Title": "Plan"})
    stored = io.BytesIO()
    writer.write(stored)
    return stored.getvalue()
