"""Word: headings, paragraphs, lists, tables, text boxes in their order; then footnotes, comments, headers and footers, each once."""

from __future__ import annotations

import io
import itertools
import string
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from confluence_to_twig.content.attachments.docx_numbers import Numbers
from confluence_to_twig.content.attachments.docx_styles import Styles
from confluence_to_twig.content.attachments.docx_text import ON, pieces_of
from confluence_to_twig.content.attachments.nested_lists import Item, lists
from confluence_to_twig.content.attachments.office_container import check_container
from confluence_to_twig.content.attachments.written import heading, in_lines, web_address, written
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Around paragraphs and tables: content controls, other XML, what was inserted under review.
_AROUND = {qn(tag) for tag in ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag")}
_FIRST_ROW = 0x20
_MOST_COLUMNS = 1_000


def docx(data: bytes) -> Iterator[str]:
    """The text as Markdown.

    :raises UnreadableFileError: see :func:`~.office_container.check_container`.
    """
    check_container(data)
    part = Document(io.BytesIO(data)).part
    roots = _related(part)
    styles, numbers = Styles(part.styles.element), Numbers(next(iter(roots.get("numbering", [])), None))
    flow = _Flow(styles, numbers, _links(part))
    for is_list, parts in itertools.groupby(flow.parts(part.element.body), lambda each: isinstance(each, Item)):
        if is_list:
            yield written(lists(parts))
        else:
            yield from (written(lists([each])) for each in parts)
    yield from _notes(_Flow(styles, numbers), roots)


def _related(part: Any) -> dict[str, list[Any]]:
    """Kind of a part that belongs to the document → the roots of those parts."""
    found: dict[str, list[Any]] = {}
    for relation in part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in {"numbering", "footnotes", "endnotes", "comments", "header", "footer"} and not relation.is_external:
            found.setdefault(kind, []).append(parse_xml(relation.target_part.blob))
    return found


def _links(part: Any) -> dict[str, str]:
    """Id of a link in the body → its address on the web."""
    links = {key: relation for key, relation in part.rels.items() if relation.reltype.endswith("/hyperlink")}
    return {key: web_address(relation.target_ref) for key, relation in links.items() if relation.is_external}


def _notes(flow: _Flow, roots: dict[str, list[Any]]) -> Iterator[str]:
    """What stands around the text: notes with the numbers that the text names, comments, heads and feet of pages."""
    for kind, title, tag in (("footnotes", "Footnotes", "w:footnote"), ("endnotes", "Endnotes", "w:endnote")):
        notes = (note for root in roots.get(kind, []) for note in root.iterfind(qn(tag)) if not note.get(qn("w:type")))
        yield _below(title, [Item(0, "ol", flow.nodes(note), number) for number, note in enumerate(notes, start=1)])
    comments = (note for root in roots.get("comments", []) for note in root.iterfind(qn("w:comment")))
    yield _below("Comments", [Item(0, "ul", _said(note, flow.nodes(note))) for note in comments])
    around = (written(flow.nodes(root)) for kind in ("header", "footer") for root in roots.get(kind, []))
    yield from dict.fromkeys(around)


def _said(comment: Any, nodes: list[Node | str]) -> list[Node | str]:
    """A comment behind the name of who wrote it."""
    first, author = (nodes[0] if nodes else None), comment.get(qn("w:author"), "")
    if author and isinstance(first, Node) and first.tag == "p":
        return [Node("p", {}, [f"{author}: ", *first.children]), *nodes[1:]]
    return [Node("p", {}, [f"{author}:"]), *nodes] if author and nodes else nodes


def _below(title: str, items: list[Item]) -> str:
    below = written(lists(items))
    return written([heading(title)]) + below if below else ""


class _Flow:
    """What follows each other in a document, a cell, a text box or a note.

    :param links: id of a link → its address.
    """

    def __init__(self, styles: Styles, numbers: Numbers, links: dict[str, str] | None = None) -> None:
        self._styles = styles
        self._numbers = numbers
        self._links = links or {}

    def nodes(self, container: Any) -> list[Node | str]:
        """The content of a container."""
        return lists(self.parts(container))

    def parts(self, container: Any) -> Iterator[Item | Node]:
        """Its paragraphs, items of lists and tables."""
        for child in container:
            if child.tag == qn("w:p"):
                yield from self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                yield self._table(child)
            elif child.tag in _AROUND:
                yield from self.parts(child)

    def _paragraph(self, element: Any) -> Iterator[Item | Node]:
        style = self._styles.of(element)
        if style.is_contents:
            return
        boxes: list[Any] = []
        pieces = list(pieces_of(element, boxes, self._links))
        text = "".join(piece if isinstance(piece, str) else piece.text() for piece in pieces).strip()
        number, label = self._numbers.next(*style.numbering) if text and style.numbering[0] else (0, "")
        if text and style.heading:
            yield heading(f"{label} {text}", style.heading + 1)
        elif text and style.numbering[0]:
            yield _item(style.numbering[1], in_lines(pieces), number, label)
        elif text:
            yield Node("p", {}, in_lines(pieces))
        for box in boxes:
            yield from self.parts(box)

    def _table(self, element: Any) -> Node:
        """A table with its merged cells as spans."""
        grid: dict[int, Node] = {}
        rows: list[Node | str] = []
        found = list(_rows(element))
        for number, row in enumerate(found):
            is_header = len(found) > 1 and (_is_header(row) or (not number and _has_header(element)))
            rows.append(Node("tr", {}, list(self._cells(row, grid, "th" if is_header else "td"))))
        return Node("table", {}, rows)

    def _cells(self, row: Any, grid: dict[int, Node], tag: str) -> Iterator[Node]:
        """The cells that begin in a row.

        :param grid: column → the cell that may reach down from above.
        """
        column = 0
        for cell in _inside(row, "w:tc"):
            span, merged = _span(cell)
            if merged == "continue" and column in grid:
                grid[column].attrs["rowspan"] = str(int(grid[column].get("rowspan", "1")) + 1)
            else:
                grid[column] = Node(tag, {"colspan": str(span)} if span > 1 else {}, self.nodes(cell))
                yield grid[column]
            column += span


def _item(level: int, children: list[Node | str], number: int, label: str) -> Item:
    """An item; one whose number Markdown does not have (``2.1``, ``b)``) as a bullet with that number."""
    if label.rstrip(".)") == str(number):
        return Item(level, "ol", children, number)
    return Item(level, "ul", [f"{label} ", *children] if label else children)


def _rows(table: Any) -> Iterator[Any]:
    return _inside(table, "w:tr")


def _inside(container: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, those in content controls as well."""
    for child in container:
        if child.tag == qn(tag):
            yield child
        elif child.tag in _AROUND:
            yield from _inside(child, tag)


def _span(cell: Any) -> tuple[int, str]:
    """How many columns a cell takes, and whether it is merged with the one above: ``restart``, ``continue`` or empty."""
    properties = cell.find(qn("w:tcPr"))
    if properties is None:
        return 1, ""
    span, merged = properties.find(qn("w:gridSpan")), properties.find(qn("w:vMerge"))
    columns = "1" if span is None else span.get(qn("w:val"), "1")
    width = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 5 else 1
    return max(1, min(width, _MOST_COLUMNS)), "" if merged is None else merged.get(qn("w:val"), "continue")


def _is_header(row: Any) -> bool:
    marks = row.iterfind(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
    return any(mark.get(qn("w:val")) in ON for mark in marks)


def _has_header(table: Any) -> bool:
    """Whether the look of a table sets its first row apart."""
    look = table.find(f"{qn('w:tblPr')}/{qn('w:tblLook')}")
    if look is None:
        return False
    flags = look.get(qn("w:val"), "0")
    by_bits = bool(flags) and set(flags) <= set(string.hexdigits) and bool(int(flags, 16) & _FIRST_ROW)
    return look.get(qn("w:firstRow"), "1" if by_bits else "0") in ON
