"""Which paragraphs of a Word file are headings or items of lists: by their style, their outline level, their numbering."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from docx.oxml.ns import qn

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc (?:\d|heading)|table of (?:figures|authorities))\Z", re.IGNORECASE)
_BODY_LEVEL = 9
_MOST_BASES = 12


class Style(NamedTuple):
    """What a paragraph style says.

    :param heading: level from 1; 0: it is none. :param numbering: id and level of the list; empty: none.
    :param is_contents: of a line of a table of contents, which says again what the headings say.
    """

    heading: int = 0
    numbering: tuple[str, int] = ("", 0)
    is_contents: bool = False


class Styles:
    """The styles of a document.

    :param root: of its part of styles. :param numbering: root of its part of lists; None: it has none.
    """

    def __init__(self, root: Any, numbering: Any | None) -> None:
        self._elements = {style.get(qn("w:styleId")): style for style in root.iterfind(qn("w:style"))}
        self._styles: dict[str, Style] = {}
        self._formats = {} if numbering is None else _formats(numbering)
        self._counted: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def of(self, paragraph: Any) -> Style:
        """The style of a paragraph, with what the paragraph itself says."""
        properties = paragraph.find(qn("w:pPr"))
        if properties is None:
            return Style()
        return _changed(self._style(_value(properties, "w:pStyle")), properties)

    def _style(self, name: str) -> Style:
        """A style with what it has from those it is based on. Styles in a circle end."""
        if name in self._styles:
            return self._styles[name]
        chain: list[Any] = []
        while name in self._elements and len(chain) < _MOST_BASES:
            chain.append(self._elements[name])
            name = _value(chain[-1], "w:basedOn")
        style = Style()
        for element in reversed(chain):
            style = _changed(_named(style, _value(element, "w:name")), element.find(qn("w:pPr")))
        if chain:
            self._styles[chain[0].get(qn("w:styleId"))] = style
        return style

    def next_number(self, numbering: tuple[str, int]) -> tuple[str, int]:
        """The tag of the list that an item belongs to, and the number of the item."""
        list_id, level = numbering
        counted = self._counted[list_id]
        for deeper in [known for known in counted if known > level]:
            del counted[deeper]
        counted[level] = counted.get(level, 0) + 1
        return ("ul" if self._formats.get(numbering, "bullet") in {"bullet", "none"} else "ol"), counted[level]


def _named(style: Style, name: str) -> Style:
    """A style with what its name says: built-in styles have the same in every language."""
    if found := _HEADING.match(name):
        return style._replace(heading=int(found[1]))
    if name.lower() == "title":
        return style._replace(heading=1)
    return style._replace(is_contents=True) if _CONTENTS.match(name) else style


def _changed(style: Style, properties: Any | None) -> Style:
    if properties is None:
        return style
    if outline := _value(properties, "w:outlineLvl"):
        level = _whole(outline) + 1
        style = style._replace(heading=0 if level > _BODY_LEVEL else level)
    numbered = properties.find(qn("w:numPr"))
    if numbered is not None:
        list_id = _value(numbered, "w:numId") or style.numbering[0]
        style = style._replace(numbering=("" if list_id == "0" else list_id, _whole(_value(numbered, "w:ilvl"))))
    return style


def _formats(root: Any) -> dict[tuple[str, int], str]:
    """Id and level of a list → how its items are numbered: ``bullet``, ``decimal``, …"""
    abstract = {
        each.get(qn("w:abstractNumId")): _levels(each.iterfind(qn("w:lvl")))
        for each in root.iterfind(qn("w:abstractNum"))
    }
    return {
        (number.get(qn("w:numId")), level): format_
        for number in root.iterfind(qn("w:num"))
        for level, format_ in abstract.get(_value(number, "w:abstractNumId"), {}).items()
    }


def _levels(levels: Iterable[Any]) -> dict[int, str]:
    return {_whole(level.get(qn("w:ilvl"), "0")): _value(level, "w:numFmt") for level in levels}


def _value(element: Any, tag: str) -> str:
    """The value of a child element; empty: it is not there."""
    child = element.find(qn(tag))
    return "" if child is None else child.get(qn("w:val"), "")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
