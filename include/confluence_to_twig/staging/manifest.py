"""Manifest: what Twig holds for a source, as this project loaded it; safe against crashes and against other runs.

``<source>/manifest.parquet`` is the compacted state, replaced in one step. ``<source>/manifest.d/`` is the journal of
what happened since (:mod:`confluence_to_twig.staging.journal`): immutable files with unique names, so that two runs, on one machine
or on two with an object store between them, can not overwrite each other's rows. No lock, no clock, no append.

Reading joins both. Compaction writes a new ``manifest.parquet`` that names the operations it contains; their files stay
until it has named them for a grace period, so that an older compaction that comes last loses nothing.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.errors import TransientError
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.staging.files import files_in, key_of, modified_at, remove
from confluence_to_twig.staging.journal import LONG_AGO, Operation, PartName, Row, foldable
from confluence_to_twig.staging.manifest_files import (
    ManifestCorruptError,
    Part,
    operations_of,
    read_with_meta,
    rows_of,
    schema_with,
)
from confluence_to_twig.staging.manifest_view import Base, ManifestView, fold
from confluence_to_twig.staging.parquet import ParquetWriter
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: How long the journal keeps files that the manifest contains.
GRACE = timedelta(hours=24)
_ATTEMPTS = 5


class ManifestStore:
    """The manifest of one source in staging.

    :param staging: the source's files. The data source that it is bound to (``twig.json``) decides which rows count:
        those of a data source that was deleted and created again mean nothing.
    """

    def __init__(self, staging: SourceStaging) -> None:
        self.staging = staging
        self._cached_base: tuple[str, Base] | None = None
        self._cached_parts: dict[PartName, Part] = {}

    @property
    def journal(self) -> ObjectStoragePath:
        """The folder of the journal."""
        return self.staging.home / "manifest.d"

    def read(self) -> pa.Table:
        """All rows, as :data:`confluence_to_twig.staging.schemas.MANIFEST`; pages in doubt have an empty converter version.

        :raises ManifestCorruptError: a file is damaged or missing.
        """
        return self.view().table()

    def view(self) -> ManifestView:
        """The manifest now. Cheap to repeat: only files that are new are read."""
        for _ in range(_ATTEMPTS):
            base = self._read_base()
            names = self._names()
            try:
                parts = self._read_parts(base, names)
            except FileNotFoundError:
                log.debug("A journal file was compacted away while it was read; reading again")
                continue
            if self._read_base() is base:  # both are of one moment
                return self._joined(base, names, parts)
        raise TransientError(
            f"{self.staging.manifest} was replaced {_ATTEMPTS} times while it was read", "Run the task again."
        )

    def begin(
        self, view: ManifestView, *, run_id: str, rows: Iterable[Row] = (), deletes: Collection[str] = ()
    ) -> Operation:
        """Write down what is about to be sent to Twig, before it is sent.

        :param view: the view on which the decision rests.
        :returns: the operation; its token is the idempotency key of the request.
        """
        now = datetime.now(UTC)
        stamped = {row["page_id"]: {**row, "loaded_at": now, "run_id": run_id} for row in rows}
        newest = max((name.seq for name in self._names()), default=0)
        name = PartName(max(view.seq, newest) + 1, uuid.uuid4().hex[:16], "begin")
        self._write(name, view, list(stamped.values()), {"deletes": sorted(deletes), "run_id": run_id})
        return Operation(name.token, name.seq, stamped, frozenset(deletes), run_id=run_id)

    def end(self, operation: Operation, *, done: Collection[str] = (), refused: Collection[str] = ()) -> None:
        """Write down that it is over, and what Twig said of it. Pages named in neither are in doubt from now on."""
        view = self.view()
        name = PartName(view.seq + 1, operation.token, "end")
        self._write(name, view, [], {"done": sorted(done), "refused": sorted(refused)})
        if operation.token in view.base.contains:  # taken for dead, and that is history already
            self.doubt([row for page_id in operation.pages if (row := view.row(page_id))], operation.run_id)

    def note(self, view: ManifestView, rows: Iterable[Row], run_id: str) -> None:
        """Take over rows whose content Twig holds already: a version was raised, and nothing else changed."""
        now = datetime.now(UTC)
        stamped = [{**row, "loaded_at": now, "run_id": run_id} for row in rows]
        self._write(PartName(view.seq + 1, uuid.uuid4().hex[:16], "noted"), view, stamped, {"run_id": run_id})

    def doubt(self, rows: Iterable[Row], run_id: str) -> None:
        """Write down that what Twig holds of these pages is not what the rows say: the next run sends them again."""
        view = self.view()
        self._write(PartName(view.seq + 1, uuid.uuid4().hex[:16], "doubt"), view, list(rows), {"run_id": run_id})

    def processed(self, view: ManifestView) -> None:
        """Write down that Twig was told to process everything up to ``view``."""
        newest = self.view()
        name = PartName(newest.seq + 1, uuid.uuid4().hex[:16], "processed")
        self._write(name, newest, [], {"covers": view.seq})

    def rebuild(self, rows: Iterable[Row]) -> int:
        """Replace everything by these rows, readable or not what was there before. Returns how many there are."""
        names = self._names()
        seq = max((name.seq for name in names), default=0) + 1
        rows = list(rows)
        base = Base(
            pa.Table.from_pylist(rows, schema=MANIFEST),
            data_source_id=self._bound_to(),
            seq=seq,
            contains=dict.fromkeys(name.token for name in names),
            changed=seq,  # whether Twig processed all of it is not known
        )
        self._write_base(base)
        return len(rows)

    def exists(self) -> bool:
        """Whether there is a manifest, or the beginning of one, for the bound data source."""
        view = self.view()
        return view.base.seq > 0 or bool(view.operations)

    def discard(self) -> None:
        """Remove manifest and journal."""
        for name in self._names():
            remove(self.journal / str(name))
        remove(self.staging.manifest)

    def compact(self, grace: timedelta = GRACE) -> None:
        """Bring the manifest file up to date and remove journal files that it has contained for ``grace``."""
        view = self.view()
        if folded := foldable(view.operations):
            self._write_base(fold(view, folded, {name.token for name in self._names()}))
        self._remove_old(grace)

    def _joined(self, base: Base | None, names: list[PartName], parts: dict[PartName, Part]) -> ManifestView:
        bound = self._bound_to()
        if base and bound and base.data_source_id != bound:
            base = None
        parts = {name: part for name, part in parts.items() if not bound or part[0]["data_source_id"] == bound}
        if base is None and any(meta["based"] for meta, _ in parts.values()):
            raise ManifestCorruptError(f"{self.staging.manifest} is missing, although the journal builds on it")
        base = base or Base(MANIFEST.empty_table(), data_source_id=bound)
        covers = [meta["covers"] for name, (meta, _) in parts.items() if name.kind == "processed"]
        return ManifestView(
            base=base,
            operations=tuple(operations_of(parts)),
            seq=max([base.seq, *(name.seq for name in names)]),
            processed=max([base.processed, *covers]),
            data_source_id=bound,
        )

    def _bound_to(self) -> str | None:
        binding = read_binding(self.staging)
        return binding.data_source_id if binding else None

    def _names(self) -> list[PartName]:
        return sorted(name for name in map(PartName.parse, files_in(self.journal)) if name)

    def _read_base(self) -> Base | None:
        path = self.staging.manifest
        key = key_of(path)
        if key is None:
            return None
        if self._cached_base and self._cached_base[0] == key:
            return self._cached_base[1]
        try:
            table, meta = read_with_meta(path)
        except FileNotFoundError:
            return None
        contains, written = meta.get("contains", {}), modified_at(path)
        if not isinstance(contains, dict):
            raise ManifestCorruptError(f"{path} was written by another release")
        now = written.timestamp() if written else None
        base = Base(
            table,
            data_source_id=meta.get("data_source_id"),
            seq=meta.get("seq", 0),
            contains={token: since or now for token, since in contains.items()},
            changed=meta.get("changed", LONG_AGO),
            processed=meta.get("processed", LONG_AGO),
        )
        self._cached_base = (key, base)
        return base

    def _read_parts(self, base: Base | None, names: list[PartName]) -> dict[PartName, Part]:
        """The journal files that the manifest file does not contain."""
        wanted = [name for name in names if base is None or name.token not in base.contains]
        self._cached_parts = {name: self._cached_parts.get(name) or self._read_part(name) for name in wanted}
        return dict(self._cached_parts)

    def _read_part(self, name: PartName) -> Part:
        table, meta = read_with_meta(self.journal / str(name))
        return meta, {row["page_id"]: row for row in table.to_pylist()}

    def _write(self, name: PartName, view: ManifestView, rows: list[Row], meta: dict[str, Any]) -> None:
        meta |= {"data_source_id": view.data_source_id, "based": view.base.seq > 0}
        with ParquetWriter(self.journal / str(name), schema_with(meta)) as writer:
            writer.write_all(rows)

    def _write_base(self, base: Base) -> None:
        meta = {
            "data_source_id": base.data_source_id,
            "seq": base.seq,
            "contains": dict(base.contains),
            "changed": base.changed,
            "processed": base.processed,
        }
        with ParquetWriter(self.staging.manifest, schema_with(meta)) as writer:
            writer.write_all(rows_of(base.table))

    def _remove_old(self, grace: timedelta) -> None:
        """Remove what the manifest file has contained for long, by the clock of the store."""
        base, now = self._read_base(), modified_at(self.staging.manifest)
        if base is None or now is None:
            return
        for name in self._names():
            since = base.contains.get(name.token)
            if since is None and self._is_of_no_use(name, base):
                written = modified_at(self.journal / str(name))
                since = written.timestamp() if written else None
            if since is not None and now.timestamp() - since >= grace.total_seconds():
                remove(self.journal / str(name))

    def _is_of_no_use(self, name: PartName, base: Base) -> bool:
        """Whether it tells of another data source, or of a processing that the manifest file knows of."""
        meta, _ = self._cached_parts.get(name, ({}, {}))
        of_another = bool(meta) and meta["data_source_id"] != base.data_source_id
        return of_another or (name.kind == "processed" and name.seq <= base.seq)
