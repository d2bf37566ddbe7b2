"""The part files of a shard: finished pages, safe from whatever happens to the rest."""

from __future__ import annotations

import logging
import math
import shutil
import time
import uuid
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import TransientError
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.faults import StagingDeniedError, StagingError
from confluence_to_twig.staging.files import files_in, reading, remove_folder, writing
from confluence_to_twig.staging.parquet import COMPRESSION_LEVEL, with_format
from confluence_to_twig.staging.schemas import PAGES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from types import TracebackType

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
#: Work, by the clock, that may be lost with a machine where each part costs a call to an object store.
KEPT_AFTER_SECONDS = 30.0
MARKS = ["page_id", "version", "included"]
#: Building dictionaries of bodies would take tens of megabytes and find nothing.
DICTIONARIES = ["kind", "space_id", "space_key", "space_name", "parent_id", "author_id", "author_name"]


class Parts:
    """A folder beside the shard's file: ``shard-0003.parts/`` for ``shard-0003.parquet``. A context manager.

    A part of an object store lies on the local disk, too, until the shard is done: there it is read again, and there it
    waits until :data:`KEPT_AFTER_SECONDS` of work would be lost with the machine. One that fails keeps everything.

    :param out: the shard's file.
    :param fingerprint: of the options; parts written with others are ignored.
    """

    def __init__(self, out: ObjectStoragePath, fingerprint: str) -> None:
        self._out = out
        self._prefix = f"part-{fingerprint}-"
        self._folder = out.parent / f"{out.stem}.parts"
        self._open = ExitStack()
        #: Name of a part → the columns ``MARKS`` of its rows. Nobody else writes any.
        self._marks: dict[str, list[Page]] = {}
        self._is_there = False
        self._spool = None if out.protocol == "file" else Path(self._open.enter_context(TemporaryDirectory()))
        self._waiting: list[str] = []
        self._kept_at = time.monotonic()

    def __enter__(self) -> Parts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind is not None:
                self._keep_or_warn()

    def finished(self, versions: Mapping[str, int]) -> set[str]:
        """Which of these pages an earlier try has left, in at least this version. Call it before :meth:`add`.

        A part that cannot be read to its end counts as not there: its pages are fetched again.
        """
        names = files_in(self._folder)
        self._is_there = bool(names)
        for name in (name for name in names if name.startswith(self._prefix)):
            try:
                self._marks[name] = _marks_in(self._folder / name)
            except (pa.ArrowException, OSError) as error:
                log.warning("%s of an earlier try cannot be read, so it is left out: %s", name, type(error).__name__)
        return {
            row["page_id"]
            for row in chain.from_iterable(self._marks.values())
            if not row["included"] and row["version"] >= versions.get(row["page_id"], math.inf)
        }

    def add(self, pages: Sequence[Page]) -> None:
        """Write finished pages; they are there in one step."""
        name = f"{self._prefix}{len(self._marks):05d}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        with self._new(name) as file, pa.ipc.new_file(file, PAGES, options=PART_OPTIONS) as writer:
            for some in batches(pages, ROWS_AT_ONCE):
                writer.write_table(pa.Table.from_pylist(some, schema=PAGES))
        self._marks[name] = [{column: page[column] for column in MARKS} for page in pages]
        if time.monotonic() - self._kept_at >= KEPT_AFTER_SECONDS:
            self._keep()

    @contextmanager
    def _new(self, name: str) -> Iterator[IO[bytes]]:
        if self._spool is None:
            with writing(self._folder / name) as file:
                yield file
            return
        with (self._spool / name).open("wb") as local:
            yield local
        self._waiting.append(name)

    def _keep(self) -> None:
        """Put the parts where the next try finds them."""
        for name in self._waiting:
            with writing(self._folder / name) as file, (self._spool or Path()).joinpath(name).open("rb") as local:
                shutil.copyfileobj(local, file)
            self._is_there = True
        self._waiting, self._kept_at = [], time.monotonic()

    def _keep_or_warn(self) -> None:
        try:
            self._keep()
        except (StagingError, StagingDeniedError) as error:  # why the task failed counts more
            log.warning("%d finished groups of pages have to be fetched again: %s", len(self._waiting), error.summary)

    def publish(self, wanted: set[str]) -> int:
        """Put the parts together into the shard's file, each page once, and remove them.

        :param wanted: pages that the shard has to contain; other pages stay only if they are there to be included.
        :returns: how many are there only to be included.
        :raises confluence_to_twig.errors.TransientError: when one of the wanted pages is in no part (any more).
        """
        chosen = self._chosen(wanted)
        if lost := wanted - chosen.keys():
            raise self._lost(lost)
        by_part: dict[str, set[str]] = defaultdict(set)
        for page_id, (_, name) in chosen.items():
            by_part[name].add(page_id)
        self._write(by_part)
        if self._is_there or self._spool is None:
            self.remove()
        return len(chosen) - len(wanted)

    def _write(self, by_part: Mapping[str, set[str]]) -> None:
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
            for name in sorted(by_part):
                writer.write_table(self._table(name, by_part[name]), row_group_size=ROW_GROUP_ROWS)
                give_memory_back()

    def remove(self) -> None:
        """Remove all parts, those of other options too."""
        remove_folder(self._folder)

    def _chosen(self, wanted: set[str]) -> dict[str, tuple[tuple[bool, int], str]]:
        """For each page the name of the part with its best row: fetched for itself, and in the highest version."""
        best: dict[str, tuple[tuple[bool, int], str]] = {}
        for name, rows in self._marks.items():
            for row in rows:
                if row["included"] or row["page_id"] in wanted:
                    mark = (not row["included"], row["version"]), name
                    best[row["page_id"]] = max(best.get(row["page_id"], mark), mark)
        return best

    def _table(self, name: str, page_ids: set[str]) -> pa.Table:
        """The rows of these pages: one table for a part, to be written in row groups."""
        spooled = self._spool / name if self._spool else None
        try:
            with _opened(spooled if spooled and spooled.exists() else self._folder / name) as reader:
                return pa.Table.from_batches(_of_pages(reader, page_ids), schema=PAGES)
        except FileNotFoundError as error:
            raise self._lost(page_ids) from error

    def _lost(self, pages: Collection[str]) -> TransientError:
        return TransientError(f"{len(pages)} fetched pages are not in the part files of {self._out.name} any more")


@contextmanager
def _opened(path: ObjectStoragePath | Path) -> Iterator[pa.ipc.RecordBatchFileReader]:
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with (
        path.open("rb") if isinstance(path, Path) else reading(path) as file,
        pa.ipc.open_file(file, options=options) as reader,
    ):
        yield reader


def _marks_in(path: ObjectStoragePath) -> list[Page]:
    """The columns ``MARKS`` of a part. The others are read, too, as a proof that they can be."""
    rows: list[Page] = []
    with _opened(path) as reader:
        if not reader.schema.equals(PAGES):
            raise pa.ArrowInvalid("written by another version of this project")
        for number in range(reader.num_record_batches):
            rows += reader.get_batch(number).select(MARKS).to_pylist()
    return rows


def _of_pages(reader: pa.ipc.RecordBatchFileReader, page_ids: set[str]) -> list[pa.RecordBatch]:
    found = []
    for number in range(reader.num_record_batches):
        batch = reader.get_batch(number)
        chosen = [page_id in page_ids for page_id in batch["page_id"].to_pylist()]
        found.append(batch if all(chosen) else batch.filter(pa.array(chosen, pa.bool_())))
    return found
