"""Which paragraphs of a Word file are headings or items of lists: by their style, their outline level, their numbering."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from docx.oxml.ns import qn

from confluence_to_twig.content.attachments.docx_numbers import value_of, whole

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

    :param root: of its part of styles.
    """

    def __init__(self, root: Any) -> None:
        self._elements = {style.get(qn("w:styleId")): style for style in root.iterfind(qn("w:style"))}
        self._styles: dict[str, Style] = {}

    def of(self, paragraph: Any) -> Style:
        """The style of a paragraph, with what the paragraph itself says."""
        properties = paragraph.find(qn("w:pPr"))
        if properties is None:
            return Style()
        return _changed(self._style(value_of(properties, "w:pStyle")), properties)

    def _style(self, name: str) -> Style:
        """A style with what it has from those it is based on. Styles in a circle end."""
        if name in self._styles:
            return self._styles[name]
        chain: list[Any] = []
        while name in self._elements and len(chain) < _MOST_BASES:
            chain.append(self._elements[name])
            name = value_of(chain[-1], "w:basedOn")
        style = Style()
        for element in reversed(chain):
            style = _changed(_named(style, value_of(element, "w:name")), element.find(qn("w:pPr")))
        if chain:
            self._styles[chain[0].get(qn("w:styleId"))] = style
        return style


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
    if outline := value_of(properties, "w:outlineLvl"):
        level = whole(outline) + 1
        style = style._replace(heading=0 if level > _BODY_LEVEL else level)
    numbered = properties.find(qn("w:numPr"))
    if numbered is not None:
        list_id = value_of(numbered, "w:numId") or style.numbering[0]
        style = style._replace(numbering=("" if list_id == "0" else list_id, whole(value_of(numbered, "w:ilvl"))))
    return style
