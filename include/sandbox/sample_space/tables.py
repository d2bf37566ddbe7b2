"""Pipe tables of the authoring format → storage format.

A row is ``| cell | cell |``; ``{br}`` starts a new paragraph within a cell. ``|---|---|`` after the first row makes that row
the header. A line ``{table numbered header-column width=960}`` before it sets options.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from include.sandbox.sample_space.inline import render_inline

if TYPE_CHECKING:
    from include.sandbox.sample_space.elements import Elements

_RULE = re.compile(r"\|(?:-+\|)+")
_CELL = re.compile(r"(?:`[^`]*`|\[\[.*?\]\]|\{\w+:[^}]*\}|\\.|[^|])*")


def render_table(lines: list[str], make: Elements) -> str:
    """One table as the editor writes it: header cells in bold, widths in a ``colgroup``."""
    options, lines = _options(lines)
    has_header = len(lines) > 1 and _RULE.fullmatch(lines[1]) is not None
    if has_header:
        del lines[1]
    rows = [_cells(line) for line in lines]
    numbered = "numbered" in options
    body = ""
    for number, row in enumerate(rows):
        header = has_header and number == 0
        label = "" if header else str(number + (0 if has_header else 1))
        cells = f'<td class="numberingColumn">{label}</td>' if numbered else ""
        for column, cell in enumerate(row):
            heading = header or (column == 0 and "header-column" in options)
            cells += _cell(cell, make, heading=heading)
        body += make.block("tr", cells)
    width = options.get("width", "760")
    each = int(width) / max(len(row) for row in rows)
    columns = f'<col style="width: {each:.1f}px;" />' * len(rows[0]) if "width" in options else ""
    group = f"<colgroup>{columns}</colgroup>" if columns else ""
    numbering = ' class="numberingColumn"' if numbered else ""
    return (
        f'<table data-table-width="{width}" data-layout="default" ac:local-id="{make.uuid()}"{numbering}>'
        f"{group}<tbody>{body}</tbody></table>"
    )


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


def _cell(text: str, make: Elements, *, heading: bool) -> str:
    paragraphs = [render_inline(part.strip(), make) for part in text.split("{br}")]
    if heading:
        paragraphs = [f"<strong>{part}</strong>" if part else "" for part in paragraphs]
    inner = "".join(make.block("p", part) for part in paragraphs)
    tag = "th" if heading else "td"
    return f"<{tag}>{inner}</{tag}>"
