"""The part files of a shard: finished pages, safe from whatever happens to the rest."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.staging.parquet import COMPRESSION_LEVEL, publish, read_table, write_rows
from include.staging.schemas import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from include.confluence.page import Page

ROWS_AT_ONCE = 500


class Parts:
    """A folder beside the shard's file: ``shard-0003.parts/`` for ``shard-0003.parquet``.

    :param out: the shard's file.
    :param fingerprint: of the options; parts written with others are ignored.
    """

    def __init__(self, out: ObjectStoragePath, fingerprint: str) -> None:
        self._out = out
        self._prefix = f"part-{fingerprint}-"
        self._folder = out.parent / f"{out.stem}.parts"

    def finished(self, versions: Mapping[str, int]) -> set[str]:
        """Which of these pages are there already, in at least this version."""
        found: set[str] = set()
        for path in self._paths():
            table = read_table(path, ["page_id", "version", "included"])
            for row in table.to_pylist():
                wanted = versions.get(row["page_id"])
                if wanted is not None and not row["included"] and row["version"] >= wanted:
                    found.add(row["page_id"])
        return found

    def add(self, pages: Sequence[Page]) -> None:
        """Write finished pages; they are there in one step."""
        number = len(self._paths())
        write_rows(self._folder / f"{self._prefix}{number:05d}-{uuid.uuid4().hex[:8]}.parquet", PAGES, pages)

    def publish(self, wanted: set[str]) -> int:
        """Put the parts together into the shard's file, each page once, and remove them.

        :param wanted: pages that the shard has to contain; other pages stay only if they are there to be included.
        :returns: how many are there only to be included.
        """
        chosen = self._chosen(wanted)
        temporary = self._out.parent / f".{self._out.name}.{uuid.uuid4().hex}.tmp"
        self._out.parent.mkdir(parents=True, exist_ok=True)
        with (
            temporary.open("wb") as file,
            pq.ParquetWriter(file, PAGES, compression="zstd", compression_level=COMPRESSION_LEVEL) as writer,
        ):
            for number, path in enumerate(self._paths()):
                for batch in _batches(path, {key for key, (_, at) in chosen.items() if at == number}):
                    writer.write_batch(batch)
        publish(temporary, self._out)
        self.remove()
        return len(chosen) - len(wanted)

    def remove(self) -> None:
        """Remove all parts, those of other options too."""
        if self._folder.exists():
            self._folder.rmdir(recursive=True)

    def _chosen(self, wanted: set[str]) -> dict[str, tuple[tuple[bool, int], int]]:
        """For each page the number of the part with its best row: fetched for itself, and in the highest version."""
        best: dict[str, tuple[tuple[bool, int], int]] = {}
        for number, path in enumerate(self._paths()):
            for row in read_table(path, ["page_id", "version", "included"]).to_pylist():
                rank = (not row["included"], row["version"])
                if row["included"] or row["page_id"] in wanted:
                    best[row["page_id"]] = max(best.get(row["page_id"], (rank, number)), (rank, number))
        return best

    def _paths(self) -> list[ObjectStoragePath]:
        if not self._folder.exists():
            return []
        return sorted(path for path in self._folder.iterdir() if path.name.startswith(self._prefix))


def _batches(path: ObjectStoragePath, page_ids: set[str]) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as file, pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(batch_size=ROWS_AT_ONCE):
            yield batch.filter(pc.is_in(batch["page_id"], value_set=pa.array(sorted(page_ids), pa.string())))
