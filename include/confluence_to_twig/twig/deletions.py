"""The audit of deletions: append-only, and safe when two runs append at once.

Each acknowledged batch of deletions is one immutable file in ``<source>/audit/deletions.d/``, named after the batch. A run
that died before it could record them deletes the pages once more. A page that one run records twice is counted once.
``<source>/audit/deletions.parquet`` is all of them in one, for reading; it is rebuilt from itself and the files, which stay
for a grace period.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import files_in, modified_at, remove
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.parquet import read_table, write_rows
from confluence_to_twig.staging.schemas import UTC_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

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
GRACE = timedelta(days=7)


class DeletionLog:
    """The deletions of one source."""

    def __init__(self, staging: SourceStaging) -> None:
        self.path = staging.deletions

    @property
    def folder(self) -> ObjectStoragePath:
        """The folder of the newest batches."""
        return self.path.parent / "deletions.d"

    def append(self, batch: str, rows: Iterable[dict[str, Any]]) -> None:
        """Add the pages of one batch. The same batch again changes nothing but the time."""
        now = datetime.now(UTC)
        stamped = [{**row, "deleted_at": now, "batch": batch} for row in rows]
        write_rows(self.folder / f"{folder_name(batch)}.parquet", DELETIONS, stamped)

    def read(self) -> pa.Table:
        """All deletions, oldest first, as :data:`DELETIONS`. Raises PermanentError for a damaged file."""
        tables = [table for path in (self.path, *self._batches()) if (table := _read(path)) is not None]
        if not tables:
            return DELETIONS.empty_table()
        frame = pa.concat_tables(tables).to_pandas().sort_values(["deleted_at", "batch", "page_id"], kind="stable")
        frame = frame.drop_duplicates(["run_id", "page_id", "version"])
        return pa.Table.from_pandas(frame, schema=DELETIONS, preserve_index=False)

    def merge(self) -> None:
        """Bring ``deletions.parquet`` up to date, and remove the batches that it has contained for a long time."""
        batches = self._batches()
        table = self.read()
        write_rows(self.path, DELETIONS, table.to_pylist())
        now = modified_at(self.path)
        for path in batches:
            written = modified_at(path)
            if now and written and now - written >= GRACE:
                remove(path)

    def _batches(self) -> list[ObjectStoragePath]:
        return [self.folder / name for name in files_in(self.folder) if name.endswith(".parquet")]


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
