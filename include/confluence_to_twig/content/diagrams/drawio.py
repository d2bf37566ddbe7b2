"""draw.io: a file of XML with a page each, deflated or plain (https://www.drawio.com/doc/faq/diagram-source-edit)."""

from __future__ import annotations

import re
from itertools import islice
from operator import itemgetter
from urllib.parse import unquote

from lxml import etree

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.diagrams.drawio_cells import Cell, cells_of
from confluence_to_twig.content.diagrams.encoded import UNPACKED_MAX_BYTES, from_base64, inflate
from confluence_to_twig.content.diagrams.graph import MOST_GROUPS, MOST_SHAPES, Arrow, Graph, text_of_pages

_MOST_PAGES = 200
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def drawio_text(data: bytes) -> str:
    """What a draw.io file says, page by page.

    :raises UnreadableFileError: it is damaged, too large, or no draw.io file.
    """
    return text_of_pages(drawio_pages(data))


def drawio_pages(data: bytes) -> list[Graph]:
    """The pages of a draw.io file, or of an SVG image that carries one."""
    root = _parsed(_decoded(data))
    if _local(root) == "svg":
        root = _parsed(root.get("content", ""))
    if _local(root) == "mxGraphModel":
        return [_page("", root)]
    if _local(root) != "mxfile":
        raise UnreadableFileError("it is no draw.io file")
    pages: list[Graph] = []
    room = UNPACKED_MAX_BYTES
    for diagram in root.iterfind("diagram"):
        if len(pages) == _MOST_PAGES:
            break
        model = diagram.find("mxGraphModel")
        if model is None:
            text = _unpacked(diagram.text or "")
            room -= len(text)
            if room < 0:
                raise UnreadableFileError("it unpacks to too many bytes")
            model = _parsed(text) if text else None
        if model is not None:
            pages.append(_page(" ".join(diagram.get("name", "").split()), model))
    return pages


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return data.decode(encoding, "replace")


def _parsed(text: str) -> etree._Element:
    """XML without entities of its own: they can grow without bound, or name files of this machine."""
    if "<!ENTITY" in text or len(text) > UNPACKED_MAX_BYTES:
        raise UnreadableFileError("it is too large, or defines entities")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFileError("it is no XML") from error


def _unpacked(text: str) -> str:
    """A page that is stored as base64 of the deflated, percent-encoded XML."""
    packed = from_base64(text)
    return unquote(inflate(packed).decode("utf-8", "replace")) if packed else ""


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _page(title: str, model: etree._Element) -> Graph:
    cells = {cell.key: cell for cell in islice(cells_of(model), MOST_SHAPES)}
    seen = {key: cell for key, cell in cells.items() if not _is_hidden(cell, cells)}
    page = Graph(title, parents={key: cell.parent for key, cell in seen.items()})
    words = {key: cell.words for key, cell in seen.items() if cell.kind == "edge"}
    for key, cell in seen.items():
        page.sources += cell.sources
        if cell.parent in words:  # the label of an arrow is a shape of its own, inside the arrow
            words[cell.parent].append((cell.along, cell.label))
        elif key not in words:
            page.labels[key] = cell.label
        row = seen.get(cell.parent)
        if row is not None and row.looks_like_a_row:
            page.rows.add(row.key)
    for key, found in words.items():
        along = tuple(text for _, text in sorted(found, key=itemgetter(0)) if text)
        page.arrows.append(Arrow(*seen[key].ends, along, seen[key].heads))
    return page


def _is_hidden(cell: Cell, cells: dict[str, Cell]) -> bool:
    """Whether a cell is hidden, or a group or layer around it is."""
    around: Cell | None = cell
    for _ in range(MOST_GROUPS):
        if around is None or around.is_hidden:
            return around is not None
        around = cells.get(around.parent)
    return False
