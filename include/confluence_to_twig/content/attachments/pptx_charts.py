"""Charts of PowerPoint files as tables: a row for each category, a column for each series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pptx.oxml.ns import qn

from confluence_to_twig.content.attachments.office_values import shown_number
from confluence_to_twig.content.attachments.written import paragraph, table

if TYPE_CHECKING:
    from confluence_to_twig.content.nodes import Node

_GROUPS = " / "


def chart(space: Any, title: str) -> list[Node | str]:
    """What a chart shows, by the values that the file keeps of it.

    :param space: root of the part of the chart.
    """
    series = list(space.iter(qn("c:ser")))
    names = [" ".join(_texts(each.find(qn("c:tx")))) for each in series]
    labels = max((_points(each, "c:cat") or _points(each, "c:xVal") for each in series), key=len, default={})
    values = [_points(each, "c:val") or _points(each, "c:yVal") for each in series]
    places = sorted({place for column in (labels, *values) for place in column})
    rows = [[column.get(place, "") for column in (labels, *values)] for place in places]
    shown = [table([["", *names], *rows])] if rows else []
    return [paragraph(f"Chart: {title}" if title else "Chart"), *shown] if title or rows else []


def _texts(part: Any | None) -> list[str]:
    return [] if part is None else [value.text or "" for value in part.iter(qn("c:v"))]


def _points(series: Any, of: str) -> dict[int, str]:
    """Place → text of a part of a series. Categories in groups have the names of their groups in front."""
    part = series.find(qn(of))
    if part is None:
        return {}
    levels = [_by_place(level) for level in part.iter(qn("c:lvl"))]
    if not levels:
        return _by_place(part)
    innermost, *around = levels
    return {
        place: _GROUPS.join([*(_last(level, place) for level in reversed(around)), text])
        for place, text in innermost.items()
    }


def _last(level: dict[int, str], place: int) -> str:
    """The group that a place lies in: the last one that begins at or before it."""
    return next((level[begin] for begin in sorted(level, reverse=True) if begin <= place), "")


def _by_place(part: Any) -> dict[int, str]:
    format_ = next((each.text or "" for each in part.iter(qn("c:formatCode"))), None)
    found = {}
    for point in part.iter(qn("c:pt")):
        text = point.findtext(qn("c:v"), "")
        own = point.get("formatCode", format_)
        found[int(point.get("idx", "0"))] = text if own is None else shown_number(text, own)
    return found
