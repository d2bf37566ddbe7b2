"""Read and write Parquet in bounded memory, visible only when complete."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from confluence_to_twig.staging.files import FORMAT, check_format, reading, writing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from types import TracebackType

    from airflow.sdk import ObjectStoragePath

ROW_GROUP_ROWS = 2_000
#: While it is written, a row group is in memory as rows, as Arrow and as encoded pages: several times its size.
ROW_GROUP_BYTES = 4 * 1024 * 1024
#: Rows that are read at a time. Of pages, 100 are already 2 MB, and as much again as Python objects.
BATCH_ROWS = 100
#: In the key-value metadata of a file: the number of its format.
FORMAT_KEY = b"confluence-to-twig.format"
COMPRESSION_LEVEL = 3  # pyarrow's own default for zstd is 1: a third larger files for the same time
#: Tables that are in memory as a whole have larger row groups, and no dictionaries: these cost as much as all the rest of
#: writing, and zstd finds what is repeated without them. 50,000 rows of an inventory: 95 instead of 239 ms, and a smaller file.
#: Groups twice as large take 6 MB more while such a file is written.
TABLE_GROUP_ROWS = 10_000
TABLE_OPTIONS: Mapping[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": False}
_ROW_OPTIONS: Mapping[str, Any] = {"compression": "zstd", "compression_level": COMPRESSION_LEVEL}


class ParquetWriter:
    """Stream rows into a Parquet file that appears under its name only when the ``with`` block ends well.

    Memory holds one row group: at most :data:`ROW_GROUP_ROWS` rows or about :data:`ROW_GROUP_BYTES` of text.

    :param path: where the finished file appears; an older file there is replaced in one step.
    :param schema: one of :mod:`confluence_to_twig.staging.schemas`; a row that does not fit it raises ``pyarrow.ArrowInvalid``.
    :param options: how it is encoded, :data:`TABLE_OPTIONS` for whole tables.
    """

    def __init__(
        self, path: ObjectStoragePath, schema: pa.Schema, *, options: Mapping[str, Any] = _ROW_OPTIONS
    ) -> None:
        self.path = path
        self.schema = schema
        self.options = options
        self.rows_written = 0
        self._rows: list[Mapping[str, Any]] = []
        self._bytes = 0
        self._open = ExitStack()

    def __enter__(self) -> ParquetWriter:
        file = self._open.enter_context(writing(self.path))
        self._writer = self._open.enter_context(pq.ParquetWriter(file, with_format(self.schema), **self.options))
        return self

    def write(self, row: Mapping[str, Any]) -> None:
        """Add one row: a mapping with the schema's columns."""
        self._rows.append(row)
        self._bytes += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self._rows) >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def write_all(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add every row of an iterable."""
        for row in rows:
            self.write(row)

    def write_table(self, table: pa.Table) -> None:
        """Add all rows of a table that has the schema."""
        self._flush()
        self._writer.write_table(table, row_group_size=TABLE_GROUP_ROWS)
        self.rows_written += table.num_rows

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self.schema))
            self.rows_written += len(self._rows)
            self._rows, self._bytes = [], 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as closing:
            closing.push(self._open)
            if kind is None:
                self._flush()
            else:
                closing.pop_all().__exit__(kind, error, trace)


def with_format(schema: pa.Schema) -> pa.Schema:
    """The schema as it stands in a file: with the number of the format in the file's metadata."""
    return schema.with_metadata({**(schema.metadata or {}), FORMAT_KEY: str(FORMAT).encode()})


def write_rows(path: ObjectStoragePath, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write all rows to ``path`` atomically and return how many there were."""
    with ParquetWriter(path, schema) as writer:
        writer.write_all(rows)
    return writer.rows_written


class ParquetReader(pq.ParquetFile):
    """Read a file without Arrow's threads, which read ahead and decode.

    One that still lets go of what Python read, while Python ends, aborts the process: a command would fail after all was
    done. Without threads 50,000 rows take 80 ms instead of 50.
    """

    def __init__(self, file: IO[bytes] | pa.NativeFile) -> None:
        super().__init__(file, pre_buffer=False)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        return super().read(columns=columns, use_threads=False)

    def read_row_group(self, number: int, columns: list[str] | None = None) -> pa.Table:
        return super().read_row_group(number, columns, use_threads=False)

    def iter_batches(self, batch_size: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        yield from super().iter_batches(batch_size=batch_size, columns=columns, use_threads=False)


@contextmanager
def opened(path: ObjectStoragePath, content: bytes | None = None) -> Iterator[tuple[ParquetReader, bool]]:
    """The file, and whether it has the present format. :param content: what is in it, if that has been read before."""
    with (
        reading(path) if content is None else pa.BufferReader(content) as file,
        ParquetReader(file) as parquet,
    ):
        found = (parquet.metadata.metadata or {}).get(FORMAT_KEY)
        check_format(path, found and found.decode())
        yield parquet, found is not None


def read_table(path: ObjectStoragePath, columns: list[str] | None = None) -> pa.Table:
    """Read a whole file, or some of its columns: those that did not exist yet when it was written are null.

    Raises ``FileNotFoundError`` and ``UnknownFormatError``.
    """
    with opened(path) as (parquet, _):
        table = parquet.read(columns=columns)
    for name in columns or ():
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows))
    return table


def iter_rows(
    path: ObjectStoragePath, columns: list[str] | None = None, *, where: tuple[str, Collection[Any]] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file one by one, holding one batch of them in memory. Columns as in :func:`read_table`.

    :param where: a column and the values it has in the rows that are wanted. Of row groups without one only that column
        is read, and no other row becomes a Python object.
    """
    with opened(path) as (parquet, _):
        unknown = {name: None for name in columns or () if name not in parquet.schema_arrow.names}
        if where is None:
            batches = parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns)
        else:
            batches = _wanted_batches(parquet, columns, *where)
        for batch in batches:
            yield from ({**unknown, **row} for row in batch.to_pylist()) if unknown else batch.to_pylist()


def _wanted_batches(
    parquet: ParquetReader, columns: list[str] | None, name: str, values: Collection[Any]
) -> Iterator[pa.RecordBatch]:
    wanted = pa.array(list(values), parquet.schema_arrow.field(name).type)
    for number in range(parquet.num_row_groups):
        found = pc.is_in(parquet.read_row_group(number, [name])[name], value_set=wanted)
        if pc.any(found).as_py():
            rows = parquet.read_row_group(number, columns).filter(found)
            yield from rows.to_batches(max_chunksize=BATCH_ROWS)
