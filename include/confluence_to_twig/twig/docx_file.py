"""Pages as a Word document. Pure: the same pages make the same bytes.

python-docx gives the package, its styles and its properties. The body is written as WordprocessingML (ECMA-376), since building
it paragraph by paragraph takes twenty times as long.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from confluence_to_twig.content.characters import replace_illegal
from confluence_to_twig.content.markdown.reader import Run, read_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from confluence_to_twig.content.markdown.reader import Block, Runs
    from confluence_to_twig.twig.file_page import FilePage

_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time: the same pages make the same archive
#: What nothing refers to in python-docx's template: parts, and all styles of tables but these. It is most of a small file, and
#: most of the time that one takes.
_UNUSED_PARTS = ("/stylesWithEffects", "/thumbnail", "/customXml")
_TABLE_STYLES = ("TableNormal", "TableGrid")
_HEADINGS, _BULLETS = 9, 3
_INDENT = 360  # in twentieths of a point
_MONOSPACED = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>'
#: Word's own limit for the properties.
_PROPERTY_CHARACTERS = 255


def docx_of(pages: Sequence[FilePage], title: str) -> bytes:
    """A document with a top heading for each page; the headings of the pages are one level lower."""
    body = _Body()
    for page in pages:
        body.page(page)
    document = Document(io.BytesIO(_template()))
    for address, name in body.links.items():
        document.part.rels.add_relationship(RELATIONSHIP_TYPE.HYPERLINK, address, name, is_external=True)
    written = parse_xml(f"<w:body {nsdecls('w', 'r')}>{''.join(body.xml)}</w:body>")
    document.element.body[:0] = list(written)  # before the section's properties
    properties = document.core_properties
    properties.title = replace_illegal(title)[:_PROPERTY_CHARACTERS]
    properties.keywords = _keywords(pages)
    properties.comments = replace_illegal(pages[0].url)[:_PROPERTY_CHARACTERS] if len(pages) == 1 else ""
    properties.created = properties.modified = _last_change(pages)
    properties.author = properties.last_modified_by = ""
    raw = io.BytesIO()
    document.save(raw)
    return _without_times(raw)


@cache
def _template() -> bytes:
    """The empty document that python-docx begins with, and of it what these documents use."""
    document = Document()
    for relationships in (document.part.rels, document.part.package.rels):
        for name in [name for name, one in relationships.items() if one.reltype.endswith(_UNUSED_PARTS)]:
            del relationships[name]
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.style_id not in _TABLE_STYLES:
            style.delete()
    emptied = io.BytesIO()
    document.save(emptied)
    return emptied.getvalue()


def _keywords(pages: Sequence[FilePage]) -> str:
    return replace_illegal(", ".join(sorted({label for page in pages for label in page.labels})))[:_PROPERTY_CHARACTERS]


def _last_change(pages: Sequence[FilePage]) -> datetime:
    return max(page.modified_at for page in pages).replace(tzinfo=None)


class _Body:
    """The body's XML, and the addresses that it links to with the ids of their relationships."""

    def __init__(self) -> None:
        self.xml: list[str] = []
        self.links: dict[str, str] = {}

    def page(self, page: FilePage) -> None:
        self.paragraph((Run(page.name),), "Heading1")
        for name, fact in page.facts.items():
            self.paragraph((Run(f"{name}: ", bold=True), Run(fact, href=fact if name == "Address" else "")))
        for passage in page.passages:
            if passage.place:
                self.paragraph((Run(passage.place, italic=True),))
            for block in read_markdown(passage.markdown):
                self.block(block)
            self.paragraph((Run("Source: "), Run(passage.url, href=passage.url)))

    def block(self, block: Block) -> None:
        if block.kind == "table":
            self.table(block)
        elif block.kind == "heading":
            self.paragraph(block.runs, f"Heading{min(block.level + 1, _HEADINGS)}")
        elif block.marker == "•":
            number = min(block.depth, _BULLETS)
            self.paragraph(block.runs, f"ListBullet{number}" if number > 1 else "ListBullet")
        elif block.kind != "rule":
            marker = (Run(f"{block.marker} "),) if block.marker else ()
            self.paragraph((*marker, *block.runs), indent=_INDENT * block.depth)

    def table(self, block: Block) -> None:
        grid = "<w:gridCol/>" * len(block.rows[0])
        style = '<w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/>'
        self.xml.append(f"<w:tbl><w:tblPr>{style}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>")
        for number, row in enumerate(block.rows):
            # Word repeats the header on each page, and readers know it for the header.
            self.xml.append("<w:tr>" if number else "<w:tr><w:trPr><w:tblHeader/></w:trPr>")
            for cell in row:
                self.xml.append("<w:tc>")
                self.paragraph(cell)
                self.xml.append("</w:tc>")
            self.xml.append("</w:tr>")
        self.xml.append("</w:tbl><w:p/>")  # without a paragraph between them, Word takes two tables for one

    def paragraph(self, runs: Runs, style: str = "", indent: int = 0) -> None:
        look = f'<w:pStyle w:val="{style}"/>' if style else ""
        look += f'<w:ind w:left="{indent}"/>' if indent else ""
        self.xml += [f"<w:p><w:pPr>{look}</w:pPr>" if look else "<w:p>", *map(self.run, runs), "</w:p>"]

    def run(self, run: Run) -> str:
        look = _MONOSPACED if run.code else ""
        look += "<w:b/>" * run.bold + "<w:i/>" * run.italic + "<w:strike/>" * run.struck
        look += '<w:u w:val="single"/>' if run.href else ""
        text = f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}{_text(run.text)}</w:r>"
        if not run.href:
            return text
        name = self.links.setdefault(replace_illegal(run.href), f"link{len(self.links) + 1}")
        return f'<w:hyperlink r:id="{name}">{text}</w:hyperlink>'


def _text(text: str) -> str:
    lines = escape(replace_illegal(text).replace("\r", "")).split("\n")
    with_tabs = (
        '<w:t xml:space="preserve">' + line.replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">') + "</w:t>"
        for line in lines
    )
    return "<w:br/>".join(with_tabs)


def _without_times(raw: io.BytesIO) -> bytes:
    """The archive with a fixed time in each entry: python-docx writes the time at which it saves."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(raw) as before, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as after:
        for entry in before.infolist():
            plain = zipfile.ZipInfo(entry.filename, _EPOCH)
            plain.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(plain, before.read(entry))
    return fixed.getvalue()
