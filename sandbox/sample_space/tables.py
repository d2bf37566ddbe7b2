"""Pipe tables of the authoring format → storage format.

A row is ``| cell | cell |``; ``{br}`` starts a new paragraph within a cell. ``|---|---|`` after the first row makes that row
the header. A line ``{table numbered header-column width=960}`` before it sets options.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.sample_space.inline import render_inline

if TYPE_CHECKING:
    from sandbox.sample_space.elements import Elements

_RULE = re.compile(r"\|(?:-+\|)+")
_CELL = re.compile(r"(?:`[^`]*`|\[\[.*?\]\]|\{\w+:[^}]*\}|\\.|[^|])*")


def render_table(lines: list[str], make: Elements) -> str:
    """One table as the editor writes it: header cells in bold, widths in a ``colgroup``.

    Raises:
        ValueError: rows of different length; an unescaped pipe is the usual cause.
    """
    options, lines = _options(lines)
    has_header = len(lines) > 1 and _RULE.fullmatch(lines[1]) is not None
    if has_header:
        del lines[1]
    rows = [_cells(line) for line in lines]
    columns = len(rows[0])
    if odd := next((line for line, row in zip(lines, rows, strict=True) if len(row) != columns), None):
        raise ValueError(f"a row of a table with {columns} columns has another number of cells: {odd!r}")
    body = ""
    for number, row in enumerate(rows, start=0 if has_header else 1):
        label = _number(number) if "numbered" in options else ""
        headings = columns if number == 0 else int("header-column" in options)
        cells = [_cell(cell, make, heading=column < headings) for column, cell in enumerate(row)]
        body += make.block("tr", label + "".join(cells))
    width = options.get("width", "760")
    column = f'<col style="width: {int(width) / columns:.1f}px;" />'
    group = f"<colgroup>{column * columns}</colgroup>" if "width" in options else ""
    head = f'<table data-table-width="{width}" data-layout="default" ac:local-id="{make.uuid()}">'
    return f"{head}{group}<tbody>{body}</tbody></table>"


def _options(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    if not lines[0].startswith("{table"):
        return {}, list(lines)
    words = lines[0].strip("{}").split()[1:]
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}, list(lines[1:])


def _cells(line: str) -> list[str]:
    cells = []
    position = 1
    while position < len(line):
        match = _CELL.match(line, position)
        if match is None:
            break
        cells.append(match[0].strip())
        position = match.end() + 1
    return cells


def _number(row: int) -> str:
    """A cell of the numbering column; that of the header, row 0, is empty."""
    return f'<td class="numberingColumn">{row}</td>' if row else '<th class="numberingColumn" />'


def _cell(text: str, make: Elements, *, heading: bool) -> str:
    paragraphs = [render_inline(part.strip(), make) for part in text.split("{br}")]
    if heading:
        paragraphs = [f"<strong>{part}</strong>" if part else "" for part in paragraphs]
    inner = "".join(make.block("p", part) for part in paragraphs)
    tag = "th" if heading else "td"
    return f"<{tag}>{inner}</{tag}>"
