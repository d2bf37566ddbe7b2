"""Slim: a table of the manifest whose repeated texts are there once, until a few rows of it are looked at.

Pages with the same parent have the same path, and all pages that one run loaded have its id: together two fifths of what the
plan needs of the manifest.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_REPEATED = ("ancestor_ids", "ancestors", "run_id")


def slimmed(table: pa.Table) -> pa.Table:
    """The same rows with :data:`_REPEATED` as dictionaries."""
    for place, name in enumerate(table.column_names):
        if name in _REPEATED:
            column = table[name].combine_chunks()
            table = table.set_column(place, name, _with_values(column, pc.dictionary_encode(_values(column))))
    return table


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with every text in its place."""
    columns = [
        _with_values(column, pc.cast(values, pa.string())) if pa.types.is_dictionary(values.type) else column
        for column in batch.columns
        for values in [_values(column)]
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _values(column: pa.Array) -> pa.Array:
    return column.values if pa.types.is_list(column.type) else column


def _with_values(column: pa.Array, values: pa.Array) -> pa.Array:
    if not pa.types.is_list(column.type):
        return values
    return pa.ListArray.from_arrays(column.offsets, values, mask=column.is_null() if column.null_count else None)
