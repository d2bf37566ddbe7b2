"""Manifest: what Twig holds for a source, as this project loaded it; safe against crashes and against other runs.

``<source>/manifest.parquet`` is the compacted state, replaced in one step. ``<source>/manifest.d/`` is the journal of
what happened since (:mod:`confluence_to_twig.staging.journal`): immutable files with unique names, so that two runs, on one machine
or on two with an object store between them, cannot overwrite each other's rows. No lock, no clock, no append.

Reading joins both (:mod:`confluence_to_twig.staging.manifest_reader`). Compaction writes a new ``manifest.parquet`` that names the operations it contains; their files stay
until it has named them for a grace period, so that an older compaction that comes last loses nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.staging.files import modified_at, remove
from confluence_to_twig.staging.journal import Operation, PartName, foldable
from confluence_to_twig.staging.manifest_files import meta_of, write_part
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.staging.manifest_rows import schema_with
from confluence_to_twig.staging.manifest_view import Base, ManifestView, Progress, fold
from confluence_to_twig.staging.parquet import TABLE_OPTIONS, ParquetWriter
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.manifest_view import Snapshot
    from confluence_to_twig.staging.rows import LoadedRow, ManifestRow

#: How long the journal keeps files that the manifest contains.
GRACE = timedelta(hours=24)
NOT_CONTAINED = -1.0


class ManifestStore(ManifestReader):
    """The manifest of one source in staging, to read and to write.

    The data source that the source is bound to (``twig.json``) is the one that is meant where none is named. The rows of
    others go with the next compaction: they were deleted, or the source left them.
    """

    def __init__(self, staging: SourceStaging) -> None:
        super().__init__(staging)

    def begin(
        self, view: ManifestView, *, run_id: str, rows: Iterable[LoadedRow] = (), deletes: Collection[str] = ()
    ) -> Operation:
        """Write down what is about to be sent to Twig, before it is sent.

        :param view: the view on which the decision rests.
        :returns: the operation; its token is the idempotency key of the request.
        """
        stamped = {row["document_id"]: row for row in _stamped(view, rows, run_id)}
        newest = max((name.seq for name in self._names()), default=0)
        name = PartName(max(view.seq, newest) + 1, uuid.uuid4().hex[:16], "begin")
        self._write(name, view, list(stamped.values()), {"deletes": sorted(deletes), "run_id": run_id})
        return Operation(
            name.token, name.seq, stamped, frozenset(deletes), run_id=run_id, data_source_id=view.data_source_id
        )

    def end(self, operation: Operation, *, done: Collection[str] = (), refused: Collection[str] = ()) -> None:
        """Write down that it is over, and what Twig said of it. Documents named in neither are in doubt from now on."""
        view = self.view(operation.data_source_id)
        name = PartName(view.seq + 1, operation.token, "end")
        self._write(name, view, [], {"done": sorted(done), "refused": sorted(refused)})
        if operation.token in view.base.contains:  # taken for dead, and that is history already
            rows = [row for document_id in operation.documents if (row := view.row(document_id))]
            self.doubt(view, rows, operation.run_id)

    def note(self, view: ManifestView, rows: Iterable[LoadedRow], run_id: str) -> None:
        """Take over rows whose content Twig holds already: a version was raised, and nothing else changed."""
        name = PartName(view.seq + 1, uuid.uuid4().hex[:16], "noted")
        self._write(name, view, _stamped(view, rows, run_id), {"run_id": run_id})

    def doubt(self, view: ManifestView, rows: Iterable[ManifestRow], run_id: str) -> None:
        """Write down that what Twig holds is not what these rows of the view say: the next run sends them again."""
        newest = self.view(view.data_source_id)
        self._write(PartName(newest.seq + 1, uuid.uuid4().hex[:16], "doubt"), newest, list(rows), {"run_id": run_id})

    def processed(self, view: ManifestView) -> None:
        """Write down that Twig was told to process everything up to ``view``."""
        newest = max((name.seq for name in self._names()), default=0)
        name = PartName(max(view.seq, newest) + 1, uuid.uuid4().hex[:16], "processed")
        self._write(name, view, [], {"covers": view.seq})

    def rebuild(self, data_source: str, rows: Iterable[ManifestRow]) -> None:
        """Replace everything by the rows of this data source, readable or not what was there before."""
        names = self._names()
        seq = max((name.seq for name in names), default=0) + 1
        stamped = [{**row, "data_source": data_source} for row in rows]
        base = Base(
            pa.Table.from_pylist(stamped, schema=MANIFEST),
            seq=seq,
            contains=dict.fromkeys(name.token for name in names),
            progress={data_source: Progress(changed=seq)},  # whether Twig processed all of it is not known
        )
        self._write_base(base)

    def discard(self) -> None:
        """Remove manifest and journal."""
        for name in self._names():
            remove(self.journal / str(name))
        remove(self.staging.manifest)

    def compact(self, grace: timedelta = GRACE, bound: str | None = None) -> None:
        """Bring the manifest file up to date and remove journal files that it has contained for ``grace``.

        :param bound: the data source that the source is bound to; None: that is looked up.
        """
        bound = bound or self._bound_to()
        alive = None if bound is None else {bound}
        now = self._snapshot()
        names = self._names()  # after the manifest file was read: what that contains and has a file is among them
        operations = [entry for entry in now.operations if alive is None or entry.data_source_id in alive]
        if folded := foldable(operations):
            self._write_base(fold(self._dated(now), folded, {name.token for name in names}, alive))
        # What the file did not contain before is too young, unless there is no grace.
        if not grace or any(
            name.token in now.base.contains or self._is_of_no_use(name, now.base, alive) for name in names
        ):
            self._remove_old(names, grace, alive)

    def _dated(self, now: Snapshot) -> Snapshot:
        """With a time, by the clock of the store, for what the manifest file contains for the first time."""
        contains = now.base.contains
        if None not in contains.values() or (written := modified_at(self.staging.manifest)) is None:
            return now
        dated = {token: written.timestamp() if since is None else since for token, since in contains.items()}
        return replace(now, base=replace(now.base, contains=dated))

    def _write(self, name: PartName, view: ManifestView, rows: list[ManifestRow], meta: dict[str, Any]) -> None:
        meta |= {"data_source_id": view.data_source_id, "based": view.data_source_id in view.base.progress}
        self._state.add(name, write_part(self.journal / str(name), rows, meta))

    def _write_base(self, base: Base) -> None:
        with ParquetWriter(self.staging.manifest, schema_with(meta_of(base)), options=TABLE_OPTIONS) as writer:
            writer.write_table(base.table)

    def _remove_old(self, names: Iterable[PartName], grace: timedelta, alive: Collection[str] | None) -> None:
        """Remove what the manifest file has contained for long, by the clock of the store."""
        # Of the file only what it contains counts here: its rows need not be in memory.
        base, now = ManifestReader(self.staging, ())._read_base(), modified_at(self.staging.manifest)
        if base is None or now is None:
            return
        for name in names:
            since = base.contains.get(name.token, NOT_CONTAINED)
            if since is None:
                since = now.timestamp()
            elif since == NOT_CONTAINED and self._is_of_no_use(name, base, alive):
                written = modified_at(self.journal / str(name))
                since = written.timestamp() if written else NOT_CONTAINED
            if since != NOT_CONTAINED and now.timestamp() - since >= grace.total_seconds():
                remove(self.journal / str(name))

    def _is_of_no_use(self, name: PartName, base: Base, alive: Collection[str] | None) -> bool:
        """Whether it tells of another data source, or of a processing that the manifest file knows of."""
        part = self._state.parts.get(name)
        of_another = part is not None and alive is not None and part.meta["data_source_id"] not in alive
        return of_another or (name.kind == "processed" and name.seq <= base.seq)


def _stamped(view: ManifestView, rows: Iterable[LoadedRow], run_id: str) -> list[ManifestRow]:
    now = datetime.now(UTC)
    return [{**row, "data_source": view.data_source_id, "loaded_at": now, "run_id": run_id} for row in rows]
