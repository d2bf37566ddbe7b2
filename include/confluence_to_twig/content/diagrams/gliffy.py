"""Gliffy: a file of JSON with shapes inside shapes. No document describes it; this follows files that Gliffy exported."""

from __future__ import annotations

import json
from typing import Any

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.diagrams.encoded import UNPACKED_MAX_BYTES
from confluence_to_twig.content.diagrams.graph import MOST_SHAPES, Graph, plain_label, text_of_pages

_MOST_PAGES = 200


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


def _page(page: dict[str, Any]) -> Graph:
    stage = _dict(page, "scene") or _dict(page, "stage")
    graph = Graph(plain_label(_text(page, "title")))
    lines: dict[str, tuple[str, str]] = {}
    words: dict[str, list[str]] = {}
    pending = [(shape, "") for shape in reversed(_list(stage, "objects"))]
    for _ in range(MOST_SHAPES):
        if not pending:
            break
        shape, owner = pending.pop()
        if not isinstance(shape, dict):
            continue
        graphic = _dict(shape, "graphic")
        own = str(shape.get("id", ""))
        label = plain_label(_text(_dict(graphic, "Text"), "html"))
        if label and owner:
            words.setdefault(owner, []).append(label)
        elif own:
            words.setdefault(own, []).extend([label] if label else [])
            graph.parents[own] = owner
        if graphic.get("type") == "Line":
            lines[own] = _ends(_dict(shape, "constraints"))
        inner = owner if label and owner else own
        pending.extend((child, inner) for child in reversed(_list(shape, "children")))
    graph.labels = {shape: " ".join(parts) for shape, parts in words.items() if shape not in lines}
    graph.edges = [(*ends, " ".join(words.get(line, []))) for line, ends in lines.items()]
    return graph


def _ends(constraints: dict[str, Any]) -> tuple[str, str]:
    start = _dict(_dict(constraints, "startConstraint"), "StartPositionConstraint")
    end = _dict(_dict(constraints, "endConstraint"), "EndPositionConstraint")
    return str(start.get("nodeId", "")), str(end.get("nodeId", ""))


def _dict(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
