"""Nodes and typed text as Markdown, as readers of files write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confluence_to_twig.content.markdown.writer import to_markdown
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ADDRESS = re.compile(r"(?:https?|ftp|mailto):", re.IGNORECASE)
_BLANK = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
#: Columns that blanks or tabs keep apart, as programs print them.
_COLUMNS = re.compile(r"\S(?:\t|[ ]{3})[ \t]*\S")


def web_address(text: str) -> str:
    """An address on the web as a link can hold it; empty for any other."""
    return _BLANK.sub("%20", text.strip()) if _ADDRESS.match(text.strip()) else ""


def written(nodes: Iterable[Node | str]) -> str:
    """Nodes as Markdown with an empty line behind them; nothing for nodes without text."""
    markdown = to_markdown(Node("root", {}, list(nodes)))
    return f"{markdown}\n\n" if markdown else ""


def heading(text: str, level: int = 2) -> Node:
    """A heading; what is deeper than HTML goes stands at its deepest level."""
    return Node(f"h{min(level, 6)}", {}, [" ".join(text.split())])


def paragraph(text: str) -> Node:
    """A paragraph that keeps its line breaks."""
    return Node("p", {}, in_lines([text]))


def in_lines(pieces: Iterable[Node | str]) -> list[Node | str]:
    """Text and links with their line breaks."""
    children: list[Node | str] = []
    for piece in pieces:
        if isinstance(piece, Node):
            children.append(piece)
            continue
        for number, line in enumerate(piece.split("\n")):
            children += [Node("br"), line] if number else [line]
    return children


def typed(text: str) -> Iterator[Node | str]:
    """Text as people type it: paragraphs between empty lines; what is printed in columns as it is."""
    for part in _EMPTY_LINES.split(text):
        lines = part.split("\n")
        in_columns = sum(_COLUMNS.search(line) is not None for line in lines)
        yield Node("pre", {}, [part]) if in_columns > max(1, len(lines) // 2) else paragraph(part)


def table(rows: Iterable[Iterable[str]]) -> Node:
    """A table whose first row is its header."""
    return Node("table", {}, [_row(cells, "td" if number else "th") for number, cells in enumerate(rows)])


def _row(cells: Iterable[str], tag: str) -> Node:
    return Node("tr", {}, [Node(tag, {}, paragraph(cell).children if "\n" in cell else [cell]) for cell in cells])
