"""Excel: each sheet below its name, its rows as a table."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.attachments.lazy_workbook import LazyReader
from confluence_to_twig.content.attachments.office_container import check_container
from confluence_to_twig.content.attachments.office_values import shown
from confluence_to_twig.content.attachments.written import heading, paragraph, table, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluence_to_twig.content.nodes import Node

_MOST_COLUMNS = 200
#: A longer table is written as several, each with the header, so that reading ends as soon as there is text enough.
_ROWS_AT_ONCE = 1_000
_Row = list[str]


def xlsx(data: bytes) -> Iterator[str]:
    """The sheets that are shown, as Markdown: values as they were last calculated, without empty rows and columns.

    :raises UnreadableFileError: see :func:`~.office_container.check_container`.
    """
    check_container(data)
    reader = LazyReader(io.BytesIO(data), read_only=True, data_only=True)
    reader.read()
    for sheet in reader.wb.worksheets:
        if sheet.sheet_state != "visible":
            continue
        for number, block in enumerate(_blocks(_rows(sheet))):
            yield written([*([] if number else [heading(sheet.title)]), *_nodes(block)])


def _rows(sheet: Any) -> Iterator[_Row]:
    return (
        [shown(cell.value, cell.number_format or "") for cell in cells[:_MOST_COLUMNS]] for cells in sheet.shown_rows()
    )


def _blocks(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Rows that belong together. After an empty row something new begins where other columns are in use than before."""
    block: list[_Row] = []
    span, apart = (0, 0), False
    for row in rows:
        used = [column for column, text in enumerate(row) if text]
        if not used:
            apart = True
            continue
        here = (used[0], used[-1])
        inside = span[0] <= here[0] and here[1] <= span[1]
        is_title = len(used) == 1 and apart
        if block and ((apart and not inside) or is_title or len(block) == 1 == sum(map(bool, block[0]))):
            yield block
            block, span = [], here
        elif len(block) > _ROWS_AT_ONCE:
            yield block
            block = block[:1]
        block.append(row)
        span = (min(span[0], here[0]), max(span[1], here[1])) if len(block) > 1 else here
        apart = False
    if block:
        yield block


def _nodes(block: list[_Row]) -> list[Node | str]:
    """A table without its empty columns, its first row as header; a row or a column of its own as text."""
    width = max(map(len, block))
    filled = [row + [""] * (width - len(row)) for row in block]
    columns = [column for column in zip(*filled, strict=True) if any(column)]
    if len(columns) == 1:
        return [paragraph(text) for text in columns[0]]
    if len(block) == 1:
        return [paragraph(" | ".join(filter(None, block[0])))]
    return [table(zip(*columns, strict=True))]
