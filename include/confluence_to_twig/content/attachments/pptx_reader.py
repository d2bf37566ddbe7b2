"""PowerPoint: each slide below its number and title, with its text, tables, charts, diagrams and notes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pptx import Presentation
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn

from confluence_to_twig.content.attachments.nested_lists import Item, lists
from confluence_to_twig.content.attachments.office_container import check_container
from confluence_to_twig.content.attachments.pptx_charts import chart
from confluence_to_twig.content.attachments.written import heading, in_lines, paragraph, web_address, written
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHOICE, _ALTERNATIVES = (
    f"{{http://schemas.openxmlformats.org/markup-compatibility/2006}}{name}" for name in ("Choice", "AlternateContent")
)
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES, _EACH_SLIDE = {"title", "ctrTitle"}, {"sldNum", "dt"}
#: Placeholders whose paragraphs have bullets unless they say otherwise: those for content have no type.
_WITH_BULLETS = {"", "obj", "body"}


def pptx(data: bytes) -> Iterator[str]:
    """The slides that are shown, as Markdown.

    :raises UnreadableFileError: see :func:`~.office_container.check_container`.
    """
    check_container(data)
    footers: set[str] = set()
    for number, slide in enumerate(Presentation(io.BytesIO(data)).slides, start=1):
        if slide.element.get("show") in {"0", "false"}:
            continue
        reading = _Slide(slide, footers)
        body = [node for shape in reading.shapes(slide.shapes.element) for node in reading.nodes(shape)]
        title = ": ".join(filter(None, (f"Slide {number}", " ".join(reading.titles))))
        yield written([heading(title), *body, *_notes(slide)])


def _notes(slide: Any) -> list[Node | str]:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    text = frame.text.replace("\v", "\n").strip() if frame is not None else ""
    return [Node("blockquote", {"data-label": "Notes"}, [paragraph(text)])] if text else []


class _Slide:
    """What is read of one slide.

    :param footers: those that were met on earlier slides; each is worth saying once.
    """

    def __init__(self, slide: Any, footers: set[str]) -> None:
        self.titles: list[str] = []
        self._part = slide.part
        self._footers = footers

    def shapes(self, group: Any) -> Iterator[Any]:
        """The shapes of a group and of the groups in it, in reading order."""
        for child in group:
            if child.tag in {qn("p:grpSp"), _CHOICE}:
                yield from self.shapes(child)
            elif child.tag == _ALTERNATIVES:
                yield from self.shapes(child[:1])
            elif child.tag in {qn("p:sp"), qn("p:graphicFrame")}:
                yield child

    def nodes(self, shape: Any) -> list[Node | str]:
        """The text of one shape. A title goes to the titles."""
        if shape.tag == qn("p:graphicFrame"):
            return self._framed(shape)
        body = shape.find(qn("p:txBody"))
        if body is None:
            return []
        place = shape.find(f"{qn('p:nvSpPr')}/{qn('p:nvPr')}/{qn('p:ph')}")
        kind = None if place is None else place.get("type", "")
        text = " ".join(filter(None, map(_text, body.iterfind(qn("a:p")))))
        if kind in _TITLES:
            self.titles += [text] if text else []
            return []
        if kind in _EACH_SLIDE or (kind == "ftr" and text in self._footers):
            return []
        if kind == "ftr":
            self._footers.add(text)
        relations = self._part.rels.items()
        links = {key: web_address(relation.target_ref) for key, relation in relations if relation.is_external}
        return _paragraphs(body, links, bullets=kind in _WITH_BULLETS)

    def _framed(self, frame: Any) -> list[Node | str]:
        content = frame.find(f"{qn('a:graphic')}/{qn('a:graphicData')}")
        if content is None or not len(content):
            return []
        if content[0].tag == qn("a:tbl"):
            return [_table(content[0])]
        if content.get("uri") == _CHART:
            space = self._related(content[0].get(f"{_RELATION}id"))
            return chart(space, _title(space))
        if content.get("uri") == _DIAGRAM:
            shapes = self._related(content[0].get(f"{_RELATION}dm")).iter(f"{{{_DIAGRAM}}}t")
            return lists([Item(0, "ul", [text]) for shape in shapes if (text := " ".join(_lines(shape)))])
        return []

    def _related(self, relation: str) -> Any:
        return parse_xml(self._part.related_part(relation).blob)


def _text(line: Any) -> str:
    """The text of a paragraph, its line breaks included."""
    return "".join(map(_text_of, line)).strip()


def _text_of(piece: Any) -> str:
    if piece.tag == qn("a:br"):
        return "\n"
    if piece.tag in {qn("a:r"), qn("a:fld")}:
        text: str = piece.findtext(qn("a:t"), "")
        return text
    return "".join(found.text or "" for found in piece.iter() if str(found.tag).endswith("/math}t"))


def _lines(body: Any) -> list[str]:
    return [text for line in body.iterfind(qn("a:p")) if (text := _text(line))]


def _linked(line: Any, links: dict[str, str]) -> list[Node | str]:
    """A paragraph with its links.

    :param links: id of a link → its address.
    """
    pieces: list[Node | str] = []
    for child in line:
        click = child.find(f"{qn('a:rPr')}/{qn('a:hlinkClick')}")
        address = "" if click is None else links.get(click.get(f"{_RELATION}id", ""), "")
        text = _text_of(child)
        pieces.append(Node("a", {"href": address}, in_lines([text])) if address else text)
    return in_lines(pieces)


def _paragraphs(body: Any, links: dict[str, str], *, bullets: bool) -> list[Node | str]:
    """Paragraphs as such, or as items where they have bullets."""
    items: list[Item | Node] = []
    counting: set[int] = set()
    lines = [line for line in body.iterfind(qn("a:p")) if _text(line)]
    for line in lines:
        format_ = line.find(qn("a:pPr"))
        tags = set() if format_ is None else {child.tag for child in format_}
        has_bullet = bullets and len(lines) > 1 and qn("a:buNone") not in tags
        level = 0 if format_ is None else int(format_.get("lvl", "0"))
        if has_bullet or tags & {qn("a:buChar"), qn("a:buAutoNum"), qn("a:buBlip")}:
            numbers = None if format_ is None else format_.find(qn("a:buAutoNum"))
            first = None if numbers is None or level in counting else int(numbers.get("startAt", "1"))
            counting = {each for each in counting if each < level} | (set() if numbers is None else {level})
            items.append(Item(level, "ul" if numbers is None else "ol", _linked(line, links), first))
        else:
            counting = set()
            items.append(Node("p", {}, _linked(line, links)))
    return lists(items)


def _table(frame: Any) -> Node:
    has_header = (frame.find(qn("a:tblPr")) is not None) and frame.find(qn("a:tblPr")).get("firstRow") in {"1", "true"}
    rows: list[Node | str] = []
    for number, row in enumerate(frame.iterfind(qn("a:tr"))):
        tag = "th" if has_header and not number else "td"
        cells = [
            Node(tag, {"colspan": cell.get("gridSpan", "1"), "rowspan": cell.get("rowSpan", "1")}, _cell(cell))
            for cell in row.iterfind(qn("a:tc"))
            if not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}
        ]
        rows.append(Node("tr", {}, list(cells)))
    return Node("table", {}, rows)


def _cell(cell: Any) -> list[Node | str]:
    return [paragraph(text) for body in cell.iterfind(qn("a:txBody")) for text in _lines(body)]


def _title(space: Any) -> str:
    """The title that somebody gave a chart."""
    titles = space.iterfind(f"{qn('c:chart')}/{qn('c:title')}")
    return " ".join(text for title in titles for body in title.iter(qn("c:rich")) for text in _lines(body))
