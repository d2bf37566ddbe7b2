"""Gliffy: a file of JSON with shapes inside shapes. No document describes it; this follows files that Gliffy exported."""

from __future__ import annotations

import json
from typing import Any

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.diagrams.encoded import UNPACKED_MAX_BYTES
from confluence_to_twig.content.diagrams.graph import MOST_SHAPES, Arrow, Graph, plain_label, text_of_pages

_MOST_PAGES = 200
#: Ends of a line, by the numbers that draw.io's importer knows: those that point at a shape, and those that say how many.
_POINTED = frozenset({1, 2, 3, 4, 6, 8, 17, 18, 19})
_MANY = {9: "0..n", 10: "1..n", 11: "1", 12: "1", 13: "0..1", 14: "n"}
#: Classes and tables: groups of boxes, the uppermost with the name.
_NAMED_BY_FIRST = ("com.gliffy.shape.uml.", "com.gliffy.shape.erd.")


def gliffy_text(data: bytes) -> str:
    """What a Gliffy file says, page by page.

    :raises UnreadableFileError: it is damaged, too large, or no Gliffy file.
    """
    if len(data) > UNPACKED_MAX_BYTES:
        raise UnreadableFileError("it is too large")
    try:
        drawing = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("it is no JSON") from error
    if not isinstance(drawing, dict):
        raise UnreadableFileError("it is no Gliffy file")
    found = [page for page in _list(drawing, "pages") if isinstance(page, dict)] or [drawing]
    return text_of_pages([_page(page) for page in found[:_MOST_PAGES]])


class _Shapes:
    """The shapes of a page while they are collected."""

    def __init__(self) -> None:
        self.words: dict[str, list[tuple[float, str]]] = {}
        self.parents: dict[str, str] = {}
        self.lines: dict[str, dict[str, Any]] = {}
        self._nameless: set[str] = set()

    def add(self, shape: dict[str, Any], owner: str) -> str:
        """Take a shape in, and say what the shapes inside are part of: itself, or for a text its owner."""
        graphic = _dict(shape, "graphic")
        own = str(shape.get("id", ""))
        text = _dict(graphic, "Text")
        label = plain_label(_text(text, "html") or _text(_dict(graphic, "PopupNote"), "text"))
        if label and owner:
            place = text.get("lineTValue")
            self.words.setdefault(self._named(owner), []).append((place if isinstance(place, float) else 0.5, label))
        elif own:
            self.words.setdefault(own, []).extend([(0.5, label)] if label else [])
            self.parents[own] = owner
        if graphic.get("type") == "Line":
            self.lines[own] = shape
        elif _text(shape, "uid").startswith(_NAMED_BY_FIRST) and not label:
            self._nameless.add(own)
        return owner if label and owner else own

    def _named(self, owner: str) -> str:
        """What a text names: in a class or table the first text is the name of all."""
        group = owner if owner in self._nameless else self.parents.get(owner, "")
        if group not in self._nameless:
            return owner
        self._nameless.discard(group)
        return group


def _page(page: dict[str, Any]) -> Graph:
    stage = _dict(page, "scene") or _dict(page, "stage")
    layers = [layer for layer in _list(stage, "layers") if isinstance(layer, dict)]
    hidden = {layer.get("guid") for layer in layers if layer.get("visible") is False}
    shapes = _Shapes()
    pending = [(shape, "") for shape in reversed(_list(stage, "objects"))]
    for _ in range(MOST_SHAPES):
        if not pending:
            break
        shape, owner = pending.pop()
        if isinstance(shape, dict) and not (hidden and shape.get("layerId") in hidden):
            inner = shapes.add(shape, owner)
            pending.extend((child, inner) for child in reversed(_list(shape, "children")))
    words = {shape: [text for _, text in sorted(found)] for shape, found in shapes.words.items()}
    return Graph(
        plain_label(_text(page, "title")),
        labels={shape: " ".join(parts) for shape, parts in words.items() if shape not in shapes.lines},
        parents=shapes.parents,
        arrows=[_arrow(line, words.get(key, [])) for key, line in shapes.lines.items()],
    )


def _arrow(line: dict[str, Any], words: list[str]) -> Arrow:
    constraints, drawn = _dict(line, "constraints"), _dict(_dict(line, "graphic"), "Line")
    start = _dict(_dict(constraints, "startConstraint"), "StartPositionConstraint")
    end = _dict(_dict(constraints, "endConstraint"), "EndPositionConstraint")
    heads = _head(drawn, "startArrow", 0), _head(drawn, "endArrow", 1)
    along = filter(None, [_MANY.get(heads[0], ""), *words, _MANY.get(heads[1], "")])
    pointed = (heads[0] in _POINTED, heads[1] in _POINTED)
    return Arrow(str(start.get("nodeId", "")), str(end.get("nodeId", "")), tuple(along), pointed)


def _head(line: dict[str, Any], name: str, usual: int) -> int:
    found = line.get(name, usual)
    return found if isinstance(found, int) else 0


def _dict(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
