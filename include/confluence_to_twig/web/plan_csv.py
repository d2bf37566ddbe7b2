"""A plan as CSV for a spreadsheet, which must not take a page's title for a formula."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_ROWS_AT_ONCE = 5_000
#: How a cell begins that a spreadsheet may calculate:
#: https://owasp.org/www-community/attacks/CSV_Injection
_CALCULATED = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Without it a spreadsheet takes UTF-8 for something else.
_BYTE_ORDER_MARK = "\ufeff"


def csv_of(table: pa.Table) -> Iterator[str]:
    """The table's columns and rows, in pieces."""
    yield _BYTE_ORDER_MARK + _lines([table.column_names])
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        rows = table.slice(start, _ROWS_AT_ONCE).to_pylist()
        yield _lines([[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Any) -> str:
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_CALCULATED) else text


def _lines(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
