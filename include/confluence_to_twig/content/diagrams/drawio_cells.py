"""The cells of a draw.io page: shapes, arrows, groups and layers, with what they show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from confluence_to_twig.content.diagrams.encoded import decoded_source
from confluence_to_twig.content.diagrams.graph import MOST_GROUPS, plain_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

_PLACEHOLDER = re.compile(r"%([A-Za-z_][\w-]*)%")
#: Attributes of a shape that hold the text that it was drawn from.
_SOURCES = {"mermaidData": "mermaid", "plantUmlData": "plantuml"}
#: Ends of a line that point at a shape. Diamonds, circles and the like do not.
_POINTED = ("classic", "open", "block", "async")
#: Ends of a line that say how many there are.
_MANY = {
    "ERone": "1", "ERmandOne": "1", "ERmany": "n", "ERoneToMany": "1..n", "ERzeroToOne": "0..1", "ERzeroToMany": "0..n",
}  # fmt: skip
_ROWS = frozenset({"tableRow", "partialRectangle"})


@dataclass(frozen=True)
class Cell:
    """A cell of a page.

    :param kind: ``vertex`` or ``edge``; empty for a layer, whose name is nowhere on the page.
    :param ends: ids of the shapes at the beginning and end of an arrow.
    :param along: where an arrow's label stands, from -1 at the beginning to 1 at the end.
    """

    key: str
    parent: str
    kind: str
    label: str
    ends: tuple[str, str]
    along: float
    style: dict[str, str]
    is_hidden: bool
    sources: tuple[tuple[str, str], ...]

    @property
    def looks_like_a_row(self) -> bool:
        """Whether it is drawn as the row of a table, or as a cell in one."""
        return self.style.get("shape") in _ROWS

    @property
    def heads(self) -> tuple[bool, bool]:
        """Whether an arrow's beginning points at its shape, and whether its end does, as it does where nothing is said."""
        usual = "none" if self.style.get("shape") == "link" else "classic"
        return self.style.get("startArrow", "").startswith(_POINTED), self.style.get("endArrow", usual).startswith(
            _POINTED
        )

    @property
    def words(self) -> list[tuple[float, str]]:
        """What stands along an arrow, each with its place: how many of each end, and its label."""
        many = [_MANY.get(self.style.get(end, ""), "") for end in ("startArrow", "endArrow")]
        return [(-1, many[0]), (0, self.label), (1, many[1])]


def cells_of(model: etree._Element) -> Iterator[Cell]:
    """The cells of a page, in the order of the file."""
    wrappers: dict[str, etree._Element] = {}
    parents: dict[str, str] = {}
    for number, element in enumerate(model.iter("mxCell")):
        around = element.getparent()
        wrapped = around is not None and around.tag in {"object", "UserObject"}
        wrapper = around if wrapped and around is not None else element
        key = wrapper.get("id") or element.get("id") or f"#{number}"
        wrappers[key], parents[key] = wrapper, element.get("parent", "")
        yield _cell(key, element, wrapper, partial(_value_around, key, wrappers, parents))


def _value_around(key: str, wrappers: dict[str, etree._Element], parents: dict[str, str], match: re.Match[str]) -> str:
    """What stands for ``%name%``: a value of the shape, or of the nearest one around it that has one."""
    for _ in range(MOST_GROUPS):
        if key not in wrappers:
            break
        value: str | None = wrappers[key].get(match[1])
        if value is not None:
            return value
        key = parents[key]
    return match[0]


def _cell(key: str, cell: etree._Element, wrapper: etree._Element, value_of: Callable[[re.Match[str]], str]) -> Cell:
    """:param wrapper: the element that has the label: the cell itself, or an object with data around it."""
    style = dict(part.partition("=")[::2] for part in cell.get("style", "").split(";"))
    kind = next((kind for kind in ("edge", "vertex") if cell.get(kind) == "1"), "")
    return Cell(
        key=key,
        parent=cell.get("parent", ""),
        kind=kind,
        label=_label(cell, wrapper, value_of, is_html=style.get("html") == "1")
        if kind and style.get("noLabel") != "1"
        else "",
        ends=(cell.get("source", ""), cell.get("target", "")),
        along=_along(cell),
        style=style,
        is_hidden=cell.get("visible") == "0",
        sources=tuple(_sources(wrapper)),
    )


def _label(
    cell: etree._Element, wrapper: etree._Element, value_of: Callable[[re.Match[str]], str], *, is_html: bool
) -> str:
    """A label and its tooltip. Labels are HTML only where the style says so: ``<<create>>`` is a text."""
    raw = wrapper.get("label", "") if wrapper is not cell else cell.get("value", "")
    if wrapper.get("placeholders") == "1":
        raw = _PLACEHOLDER.sub(value_of, raw)
    label, tooltip = plain_label(raw) if is_html else " ".join(raw.split()), plain_label(wrapper.get("tooltip", ""))
    return f"{label} ({tooltip})" if label and tooltip else label or tooltip


def _along(cell: etree._Element) -> float:
    geometry = cell.find("mxGeometry")
    try:
        return float(geometry.get("x", "0")) if geometry is not None else 0.0
    except ValueError:
        return 0.0


def _sources(wrapper: etree._Element) -> Iterator[tuple[str, str]]:
    for name, language in _SOURCES.items():
        if source := decoded_source(wrapper.get(name, "")):
            yield language, source
