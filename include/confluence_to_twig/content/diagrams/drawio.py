"""draw.io: a file of XML with a page each, deflated or plain (https://www.drawio.com/doc/faq/diagram-source-edit)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lxml import etree

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.diagrams.encoded import (
    UNPACKED_MAX_BYTES,
    decoded_source,
    from_base64,
    inflate,
)
from confluence_to_twig.content.diagrams.graph import MOST_SHAPES, Graph, plain_label, text_of_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_PAGES = 200
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_PLACEHOLDER = re.compile(r"%([A-Za-z_][\w-]*)%")
#: Attributes of a shape that hold the text that it was drawn from.
_SOURCES = {"mermaidData": "mermaid", "plantUmlData": "plantuml"}


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
    page = Graph(title)
    arrows: dict[str, tuple[str, str]] = {}
    words: dict[str, list[str]] = {}
    for number, (cell, wrapper) in enumerate(_cells(model)):
        if number == MOST_SHAPES:
            break
        key = wrapper.get("id") or cell.get("id") or f"#{number}"
        label = _label(cell, wrapper)
        page.sources += _sources(wrapper)
        page.parents[key] = cell.get("parent", "")
        if cell.get("edge") == "1":
            arrows[key] = (cell.get("source", ""), cell.get("target", ""))
            words[key] = [label]
        else:
            page.labels[key] = label
    for key in list(page.labels):
        if page.parents[key] in arrows:  # the label of an arrow is a shape of its own, inside the arrow
            words[page.parents[key]].append(page.labels.pop(key))
    page.edges = [(*ends, ", ".join(filter(None, words[key]))) for key, ends in arrows.items()]
    return page


def _cells(model: etree._Element) -> Iterator[tuple[etree._Element, etree._Element]]:
    """Each cell with the element that has its label: itself, or an object with data around it."""
    for cell in model.iter("mxCell"):
        parent = cell.getparent()
        wrapped = parent is not None and parent.tag in {"object", "UserObject"}
        yield cell, parent if wrapped and parent is not None else cell


def _label(cell: etree._Element, wrapper: etree._Element) -> str:
    raw = wrapper.get("label", "") if wrapper is not cell else cell.get("value", "")
    if wrapper.get("placeholders") == "1":
        raw = _PLACEHOLDER.sub(lambda match: wrapper.get(match[1], match[0]), raw)
    label, tooltip = plain_label(raw), plain_label(wrapper.get("tooltip", ""))
    return f"{label} ({tooltip})" if label and tooltip else label or tooltip


def _sources(wrapper: etree._Element) -> list[tuple[str, str]]:
    found = ((language, decoded_source(wrapper.get(name, ""))) for name, language in _SOURCES.items())
    return [(language, source) for language, source in found if source]
