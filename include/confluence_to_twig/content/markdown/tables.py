"""Tables as Markdown tables: one line for each row, every spanned cell with the value that spans it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from confluence_to_twig.content.markdown.cells import cell_text
from confluence_to_twig.content.markdown.structure import CELLS, ROW_PARENTS, table_rows
from confluence_to_twig.content.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluence_to_twig.content.markdown.inline import InlineRenderer

#: The largest span by HTML (https://html.spec.whatwg.org/multipage/tables.html).
_MAX_COLSPAN = 1000
_MAX_ROWSPAN = 65534
#: A table that would grow by more than this factor, in cells or characters, keeps its spans unexpanded.
_GROWTH = 8
_FREE_CELLS = 4_000
_FREE_CHARS = 100_000


class _Cell(NamedTuple):
    text: str
    columns: int
    rows: int


#: The cells of a row, and whether it stands in a ``thead``.
_Row = tuple[list[Node], bool]


def rows_of(table: Node) -> list[_Row]:
    """The rows of a table that have cells."""
    rows = ((row.elements(), in_head) for row, in_head in table_rows(table))
    return [(cells, in_head) for parts, in_head in rows if (cells := [part for part in parts if part.tag in CELLS])]


def sole_cell(rows: list[_Row]) -> Node | None:
    """The cell of a table that has only one: a frame around content rather than a table."""
    return rows[0][0][0] if len(rows) == 1 and len(rows[0][0]) == 1 else None


def render_table(table: Node, nodes: list[_Row], inline: InlineRenderer) -> tuple[list[Node | str], str]:
    """What stands in the table outside its cells (caption, stray text), and the table as Markdown.

    :param nodes: the table's rows.
    """
    head_rows = _head_rows(nodes)
    rows = [
        [_cell(node, inline, in_head_row=number < head_rows) for node in cells]
        for number, (cells, _) in enumerate(nodes)
    ]
    grid = _grid(rows)
    if head_rows == len(grid):
        head_rows = min(head_rows, 1)
    return list(_outside(table)), _lines(grid, head_rows)


def _head_rows(rows: list[_Row]) -> int:
    """How many rows at the top name the columns: those marked as such, or else a first row that is made to look like it."""
    marked = itertools.takewhile(lambda row: row[1] or all(node.tag == "th" for node in row[0]), rows)
    count = sum(1 for _ in marked)
    if count or len(rows) < 2:
        return count
    first, second = rows[0][0], rows[1][0]
    return int(len(first) > 1 and any(looks(first) and not looks(second) for looks in (_all_coloured, _all_bold)))


def _all_coloured(cells: list[Node]) -> bool:
    return all(cell.get("data-highlight-colour") for cell in cells)


def _all_bold(cells: list[Node]) -> bool:
    """Whether all text is bold; a corner may be empty."""
    written = [cell for cell in cells if cell.text().strip()]
    return 2 * len(written) > len(cells) and all(map(_is_bold, written))


def _is_bold(node: Node) -> bool:
    """Whether a node has text, and all of it is bold."""
    if node.tag in {"strong", "b"}:
        return bool(node.text().strip())
    parts = [child for child in node.children if (child if isinstance(child, str) else child.text()).strip()]
    return bool(parts) and all(isinstance(part, Node) and _is_bold(part) for part in parts)


def _outside(node: Node) -> Iterator[Node | str]:
    for child in node.children:
        if isinstance(child, str):
            if child.strip():
                yield child
        elif child.tag in ROW_PARENTS or child.tag == "tr":
            yield from _outside(child)
        elif child.tag not in CELLS and child.tag not in {"colgroup", "col"}:
            yield Node("div", {}, [child])


def _cell(node: Node, inline: InlineRenderer, *, in_head_row: bool) -> _Cell:
    header = in_head_row or node.tag == "th"
    text = cell_text(node, inline, strong=not header)
    if header and not in_head_row and text and "*" not in text:
        text = f"**{text}**"
    if not node.attrs:
        return _Cell(text, 1, 1)
    return _Cell(text, _span(node.get("colspan"), _MAX_COLSPAN), _span(node.get("rowspan"), _MAX_ROWSPAN))


def _span(value: str, limit: int) -> int:
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return 1
    return limit if len(value) > 6 else max(1, min(int(value), limit))


def _grid(rows: list[list[_Cell]]) -> list[list[str]]:
    """The texts by row and column, spans filled with their value; as written where that would grow without bound."""
    if not any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row):
        return [[cell.text for cell in row] for row in rows]
    placed = _placed(rows)
    if placed is None:
        return [[cell.text for cell in row] for row in rows]
    columns = sorted({start for row in placed for start, _ in row})
    index = {start: number for number, start in enumerate(columns)}
    cells = sum(map(len, rows))
    chars = sum(len(cell.text) for row in rows for cell in row)
    if len(columns) * len(rows) > _GROWTH * cells + _FREE_CELLS:
        return [[cell.text for cell in row] for row in rows]
    grid: list[list[str]] = []
    spent = 0
    for row in placed:
        texts = [""] * len(columns)
        for start, cell in row:
            first = index[start]
            last = first + 1
            while last < len(columns) and columns[last] < start + cell.columns:
                last += 1
            spent += len(cell.text) * (last - first)
            texts[first:last] = [cell.text] * (last - first)
        if spent > _GROWTH * chars + _FREE_CHARS:
            return [[cell.text for cell in row] for row in rows]
        grid.append(texts)
    return grid


def _placed(rows: list[list[_Cell]]) -> list[list[tuple[int, _Cell]]] | None:
    """Each row's cells with the column they begin in, cells that reach down from above included; None if too many."""
    placed: list[list[tuple[int, _Cell]]] = []
    reaching: dict[int, tuple[_Cell, int]] = {}  # start column → cell from above and rows it still covers
    total, limit = 0, _GROWTH * sum(map(len, rows)) + _FREE_CELLS
    for row in rows:
        line = [(start, cell) for start, (cell, _) in reaching.items()]
        taken = sorted((start, start + cell.columns) for start, cell in line)
        following = {start: (cell, left - 1) for start, (cell, left) in reaching.items() if left > 1}
        column = 0
        gap = 0
        for cell in row:
            while gap < len(taken) and taken[gap][0] < column + 1:
                column = max(column, taken[gap][1])
                gap += 1
            line.append((column, cell))
            if cell.rows > 1:
                following[column] = (cell, cell.rows - 1)
            column += cell.columns
        placed.append(sorted(line, key=lambda item: item[0]))
        reaching = following
        total += len(line)
        if total > limit:
            return None
    return placed


def _lines(grid: list[list[str]], head_rows: int) -> str:
    body = [row for row in grid[head_rows:] if any(row)]
    head = _merged(grid[:head_rows])
    if not body and not any(head):
        return ""
    width = max(map(len, [head, *body]))
    head += [""] * (width - len(head))  # readers drop what has no column; that a row may be shorter they all know
    return "\n".join([_line(head), "|" + " --- |" * width, *map(_line, body)])


def _line(texts: list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _merged(rows: list[list[str]]) -> list[str]:
    """Several header rows as one: ``2026 / Revenue`` for a column below a group's heading."""
    if len(rows) == 1:
        return list(rows[0])
    width = max(map(len, rows), default=0)
    merged: list[str] = []
    for column in range(width):
        texts = (row[column] for row in rows if column < len(row) and row[column])
        merged.append(" / ".join(dict.fromkeys(texts)))
    return merged
