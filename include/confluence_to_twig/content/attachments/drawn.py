"""The text of a drawing as nodes: in a page at the drawing's place, or below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator


def drawn_nodes(text: str) -> list[Node | str]:
    """The text of a drawing: a list of its lines below the title of each page, sources of text as code."""
    nodes: list[Node | str] = []
    for part in _parts(text.split("\n")):
        if part[0].startswith("```"):
            nodes.append(Node("pre", {"data-language": part[0][3:]}, ["\n".join(part[1:])]))
            continue
        if len(part) > 1 and part[0].endswith(":"):
            nodes.append(Node("p", {}, [part.pop(0)]))
        nodes.append(Node("ul", {}, [Node("li", {}, [line]) for line in part]))
    return nodes


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """Lines up to an empty one, and code between its fences."""
    part: list[str] = []
    for line in lines:
        in_code = bool(part) and part[0].startswith("```")
        if in_code and line.strip() == "```":
            yield part
            part = []
        elif in_code or (line.strip() and not line.startswith("```")):
            part.append(line)
        else:
            if part:
                yield part
            part = [line] if line.startswith("```") else []
    if part:
        yield part
