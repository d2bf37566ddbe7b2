"""The audit of deletions: append-only, and safe when two runs append at once.

Each acknowledged batch of deletions is one immutable file in ``<source>/audit/deletions.d/``, named after the batch. A run
that died before it could record them deletes the pages once more. A page that one run records twice is counted once.
``<source>/audit/deletions/2026-11.parquet`` has the deletions of one month (UTC) in one file, for reading. It is rebuilt from
itself and the files of that month, which stay for a grace period. Other months are not touched.
Releases before kept all in ``<source>/audit/deletions.parquet``: it is read, and no longer written.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import files_in, modified_at, names_in, remove
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.parquet import read_table, write_rows
from confluence_to_twig.staging.schemas import UTC_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

#: One row for each page that was deleted from Twig.
DELETIONS = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        ("version", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        ("approved_by", pa.string()),  # null: nobody had to approve it
        pa.field("deleted_at", UTC_TIME, nullable=False),
        pa.field("batch", pa.string(), nullable=False),
    ]
)
#: A batch stays so long after it was merged: a merge that overtakes another one does not take it away.
GRACE = timedelta(days=7)


class DeletionLog:
    """The deletions of one source."""

    def __init__(self, staging: SourceStaging) -> None:
        self.batches = staging.audit / "deletions.d"
        self.months = staging.audit / "deletions"
        self._former = staging.audit / "deletions.parquet"

    def append(self, batch: str, rows: Iterable[dict[str, Any]]) -> None:
        """Add the pages of one batch. The same batch again changes nothing but the time."""
        now = datetime.now(UTC)
        stamped = [{**row, "deleted_at": now, "batch": batch} for row in rows]
        write_rows(self.batches / f"{folder_name(batch)}.parquet", DELETIONS, stamped)

    def read(self) -> pa.Table:
        """All deletions, oldest first, as :data:`DELETIONS`. Raises PermanentError for a damaged file."""
        paths = (self._former, *_parquet_in(self.months), *_parquet_in(self.batches))
        return _tidy([table for path in paths if (table := _read(path)) is not None])

    def merge(self) -> None:
        """Bring the files of the months up to date, and remove the batches that they have contained for a long time."""
        now = datetime.now(UTC)
        found = {path: table for path in _parquet_in(self.batches) if (table := _read(path)) is not None}
        for month, tables in sorted(_by_month(found.values()).items()):
            path = self.months / f"{month}.parquet"
            before = _read(path)
            after = _tidy([*([] if before is None else [before]), *tables])
            if before is None or not after.equals(before):
                write_rows(path, DELETIONS, after.to_pylist())
        for path in found:
            written = modified_at(path)
            if written and now - written >= GRACE:
                remove(path)

    def forget_before(self, moment: datetime) -> None:
        """Remove the months that ended before a time, and the file of former releases if it was written before."""
        there = names_in(self._former.parent)
        for path in _parquet_in(self.months) if self.months.name in there else ():
            if path.stem < _month(moment):
                remove(path)
        written = modified_at(self._former) if self._former.name in there else None
        if written and written < moment:
            remove(self._former)


def _parquet_in(folder: ObjectStoragePath) -> list[ObjectStoragePath]:
    return [folder / name for name in files_in(folder) if name.endswith(".parquet")]


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def _by_month(tables: Iterable[pa.Table]) -> dict[str, list[pa.Table]]:
    """The batches of each month. All pages of a batch have one time."""
    found: dict[str, list[pa.Table]] = defaultdict(list)
    for table in tables:
        if table.num_rows:
            found[_month(table["deleted_at"][0].as_py())].append(table)
    return found


def _tidy(tables: Sequence[pa.Table]) -> pa.Table:
    """Oldest first, and each page once for each run."""
    if not tables:
        return DELETIONS.empty_table()
    frame = pa.concat_tables(tables).to_pandas().sort_values(["deleted_at", "batch", "page_id"], kind="stable")
    frame = frame.drop_duplicates(["run_id", "page_id", "version"])
    return pa.Table.from_pandas(frame, schema=DELETIONS, preserve_index=False).replace_schema_metadata(None)


def _read(path: ObjectStoragePath) -> pa.Table | None:
    try:
        return read_table(path).select(DELETIONS.names).cast(DELETIONS)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise PermanentError(
            f"The audit file {path} cannot be read ({type(error).__name__})",
            "Restore it from a backup, or move it away: the audit then starts a new file.",
        ) from error
