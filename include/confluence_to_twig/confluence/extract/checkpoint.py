"""The part files of a shard: finished pages, safe from whatever happens to the rest."""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import TransientError
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.files import files_in, remove_folder, writing
from confluence_to_twig.staging.parquet import COMPRESSION_LEVEL, with_format
from confluence_to_twig.staging.schemas import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.extract.page import Page

log = logging.getLogger(__name__)

#: Parts live for minutes: Arrow's own format costs a tenth of the time that Parquet takes.
PART_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
SUFFIX = ".arrow"
#: Rows that are turned into Arrow's form together.
ROWS_AT_ONCE = 50
#: Of some megabytes with bodies; encoding one takes several times its size.
ROW_GROUP_ROWS = 100
MARKS = ["page_id", "version", "included"]
#: Building dictionaries of bodies would take tens of megabytes and find nothing.
DICTIONARIES = ["kind", "space_id", "space_key", "space_name", "parent_id", "author_id", "author_name"]


class Parts:
    """A folder beside the shard's file: ``shard-0003.parts/`` for ``shard-0003.parquet``.

    :param out: the shard's file.
    :param fingerprint: of the options; parts written with others are ignored.
    """

    def __init__(self, out: ObjectStoragePath, fingerprint: str) -> None:
        self._out = out
        self._prefix = f"part-{fingerprint}-"
        self._folder = out.parent / f"{out.stem}.parts"
        self._unreadable: set[str] = set()
        #: The names of the parts, listed once while pages are fetched: nobody else writes any.
        self._listed: list[str] | None = None

    def finished(self, versions: Mapping[str, int]) -> set[str]:
        """Which of these pages are there already, in at least this version.

        A part that cannot be read to its end counts as not there, from then on: its pages are fetched again.
        """
        found: set[str] = set()
        for path in self._paths():
            try:
                rows = _marks(path, whole=True)
            except (pa.ArrowException, OSError) as error:
                log.warning(
                    "%s of an earlier try cannot be read, so it is left out: %s", path.name, type(error).__name__
                )
                self._unreadable.add(path.name)
                continue
            for row in rows:
                wanted = versions.get(row["page_id"])
                if wanted is not None and not row["included"] and row["version"] >= wanted:
                    found.add(row["page_id"])
        return found

    def add(self, pages: Sequence[Page]) -> None:
        """Write finished pages; they are there in one step."""
        name = f"{self._prefix}{len(self._paths()):05d}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        self._names().append(name)
        with writing(self._folder / name) as file, pa.ipc.new_file(file, PAGES, options=PART_OPTIONS) as writer:
            for some in batches(pages, ROWS_AT_ONCE):
                writer.write_table(pa.Table.from_pylist(some, schema=PAGES))

    def publish(self, wanted: set[str]) -> int:
        """Put the parts together into the shard's file, each page once, and remove them.

        :param wanted: pages that the shard has to contain; other pages stay only if they are there to be included.
        :returns: how many are there only to be included.
        :raises confluence_to_twig.errors.TransientError: when one of the wanted pages is in no part (any more).
        """
        self._listed = None  # somebody may have removed some
        chosen = self._chosen(wanted)
        if lost := wanted - chosen.keys():
            raise TransientError(f"{len(lost)} fetched pages are not in the part files of {self._out.name} any more")
        by_part: dict[str, set[str]] = defaultdict(set)
        for page_id, (_, name) in chosen.items():
            by_part[name].add(page_id)
        self._write({self._folder / name: by_part[name] for name in sorted(by_part)})
        self.remove()
        return len(chosen) - len(wanted)

    def _write(self, chosen: Mapping[ObjectStoragePath, set[str]]) -> None:
        with (
            writing(self._out) as file,
            pq.ParquetWriter(
                file,
                with_format(PAGES),
                compression="zstd",
                compression_level=COMPRESSION_LEVEL,
                use_dictionary=DICTIONARIES,
            ) as writer,
        ):
            for path, page_ids in chosen.items():
                writer.write_table(_table(path, page_ids), row_group_size=ROW_GROUP_ROWS)
                give_memory_back()

    def remove(self) -> None:
        """Remove all parts, those of other options too."""
        remove_folder(self._folder)

    def _chosen(self, wanted: set[str]) -> dict[str, tuple[tuple[bool, int], str]]:
        """For each page the name of the part with its best row: fetched for itself, and in the highest version."""
        best: dict[str, tuple[tuple[bool, int], str]] = {}
        for path in self._paths():
            name = path.name
            for row in _marks(path):
                if row["included"] or row["page_id"] in wanted:
                    mark = (not row["included"], row["version"]), name
                    best[row["page_id"]] = max(best.get(row["page_id"], mark), mark)
        return best

    def _paths(self) -> list[ObjectStoragePath]:
        return [self._folder / name for name in self._names() if name not in self._unreadable]

    def _names(self) -> list[str]:
        if self._listed is None:
            self._listed = [name for name in files_in(self._folder) if name.startswith(self._prefix)]
        return self._listed


@contextmanager
def _opened(path: ObjectStoragePath, columns: Sequence[str] | None = None) -> Iterator[pa.ipc.RecordBatchFileReader]:
    fields = [PAGES.get_field_index(name) for name in columns] if columns else None
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    with path.open("rb") as file, pa.ipc.open_file(file, options=options) as reader:
        yield reader


def _marks(path: ObjectStoragePath, *, whole: bool = False) -> list[Page]:
    """The columns ``MARKS`` of a part.

    :param whole: whether the other columns are read, too, as a proof that they can be.
    """
    rows: list[Page] = []
    with _opened(path, None if whole else MARKS) as reader:
        if whole and not reader.schema.equals(PAGES):
            raise pa.ArrowInvalid("written by another version of this project")
        for number in range(reader.num_record_batches):
            rows += reader.get_batch(number).select(MARKS).to_pylist()
    return rows


def _table(path: ObjectStoragePath, page_ids: set[str]) -> pa.Table:
    """The rows of these pages: one table for a part, to be written in row groups."""
    with _opened(path) as reader:
        found = []
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            chosen = [page_id in page_ids for page_id in batch["page_id"].to_pylist()]
            found.append(batch if all(chosen) else batch.filter(pa.array(chosen, pa.bool_())))
        return pa.Table.from_batches(found, schema=PAGES)
