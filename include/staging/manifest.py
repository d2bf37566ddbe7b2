"""Manifest: what Twig holds for a source, as this project loaded it; safe against crashes and against other runs.

``<source>/manifest.parquet`` is the compacted state, replaced in one step. ``<source>/manifest.d/`` is the journal of
what happened since (:mod:`include.staging.journal`): immutable files with unique names, so that two runs, on one machine
or on two with an object store between them, can not overwrite each other's rows. No lock, no clock, no append.

Reading joins both. Compaction writes a new ``manifest.parquet`` that names the operations it contains; their files stay
for a grace period, so that a compaction that overtakes another one loses nothing.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from include.staging.binding import read_binding
from include.staging.journal import LONG_AGO, Operation, PartName, Row, foldable, is_settled
from include.staging.listing import names_in
from include.staging.manifest_files import (
    ManifestCorruptError,
    Part,
    modified_at,
    operations_of,
    read_with_meta,
    rows_of,
    schema_with,
)
from include.staging.manifest_view import Base, ManifestView, fold
from include.staging.parquet import ParquetWriter
from include.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from airflow.sdk import ObjectStoragePath

    from include.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: How long the journal keeps files that the manifest contains, and operations that died.
GRACE = timedelta(hours=24)
_LIST_ATTEMPTS = 5


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
        """All rows, as :data:`include.staging.schemas.MANIFEST`; pages in doubt have an empty converter version.

        :raises ManifestCorruptError: a file is damaged or missing.
        """
        return self.view().table()

    def view(self) -> ManifestView:
        """The manifest now. Cheap to repeat: only files that are new are read."""
        for attempt in range(1, _LIST_ATTEMPTS + 1):
            try:
                return self._view()
            except FileNotFoundError:
                if attempt == _LIST_ATTEMPTS:
                    raise
                log.debug("A journal file was compacted away while it was read; reading again")
        raise AssertionError("unreachable: the last attempt returns or raises")

    def begin(
        self,
        view: ManifestView,
        *,
        run_id: str,
        rows: Iterable[Row] = (),
        deletes: Collection[str] = (),
        digest: str = "",
    ) -> Operation:
        """Write down what is about to be sent to Twig, before it is sent.

        :param view: the view on which the decision rests.
        :param digest: hash of the request; an unfinished operation with the same one is taken up again, with its token.
        :returns: the operation; its token is the idempotency key of the request.
        """
        if digest and (unfinished := view.unfinished(digest)):
            return unfinished
        now = datetime.now(UTC)
        stamped = {row["page_id"]: {**row, "loaded_at": now, "run_id": run_id} for row in rows}
        begin = view.seq + 1
        newest = max((name.seq for name in self._names()), default=0)
        name = PartName(max(begin, newest + 1), uuid.uuid4().hex[:16], "begin")
        meta = {"begin": begin, "deletes": sorted(deletes), "digest": digest, "run_id": run_id}
        self._write(name, view, list(stamped.values()), meta)
        return Operation(name.token, begin, name.seq, stamped, frozenset(deletes), digest=digest, run_id=run_id)

    def end(self, operation: Operation, *, done: Collection[str], refused: Collection[str] = ()) -> None:
        """Write down what Twig acknowledged. Pages named in neither stay in doubt."""
        view = self.view()
        name = PartName(view.seq + 1, operation.token, "end")
        self._write(name, view, [], {"done": sorted(done), "refused": sorted(refused)})

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
            contains=frozenset(name.token for name in names),
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
            (self.journal / str(name)).unlink(missing_ok=True)
        self.staging.manifest.unlink(missing_ok=True)

    def compact(self, grace: timedelta = GRACE) -> None:
        """Bring the manifest file up to date and remove journal files that it has contained for ``grace``."""
        view = self.view()
        if folded := foldable(view.operations):
            oldest = min((name.seq for name in self._names()), default=view.seq)
            self._write_base(fold(view, folded, oldest))
        self._remove_old(grace)

    def _view(self) -> ManifestView:
        names = self._names()
        bound = self._bound_to()
        base = self._read_base()
        if base and bound and base.data_source_id != bound:
            base = None
        contains = base.contains if base else frozenset()
        parts = {name: self._read_part(name) for name in names if name.token not in contains}
        self._cached_parts = parts
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
        return sorted(name for name in map(PartName.parse, names_in(self.journal)) if name)

    def _read_base(self) -> Base | None:
        path = self.staging.manifest
        try:
            key = path.ukey()
            if self._cached_base and self._cached_base[0] == key:
                return self._cached_base[1]
            table, meta = read_with_meta(path)
        except FileNotFoundError:
            return None
        base = Base(
            table,
            data_source_id=meta.get("data_source_id"),
            seq=meta.get("seq", 0),
            contains=frozenset(meta.get("contains", ())),
            spans={page_id: (span[0], span[1]) for page_id, span in meta.get("spans", {}).items()},
            changed=meta.get("changed", LONG_AGO),
            processed=meta.get("processed", LONG_AGO),
        )
        self._cached_base = (key, base)
        return base

    def _read_part(self, name: PartName) -> Part:
        if name not in self._cached_parts:
            table, meta = read_with_meta(self.journal / str(name))
            self._cached_parts[name] = (meta, {row["page_id"]: row for row in table.to_pylist()})
        return self._cached_parts[name]

    def _write(self, name: PartName, view: ManifestView, rows: list[Row], meta: dict[str, Any]) -> None:
        meta |= {"data_source_id": view.data_source_id, "based": view.base.seq > 0}
        with ParquetWriter(self.journal / str(name), schema_with(meta)) as writer:
            writer.write_all(rows)

    def _write_base(self, base: Base) -> None:
        meta = {
            "data_source_id": base.data_source_id,
            "seq": base.seq,
            "contains": sorted(base.contains),
            "spans": dict(base.spans or {}),
            "changed": base.changed,
            "processed": base.processed,
        }
        with ParquetWriter(self.staging.manifest, schema_with(meta)) as writer:
            writer.write_all(rows_of(base.table))

    def _remove_old(self, grace: timedelta) -> None:
        base = self._read_base()
        now = modified_at(self.staging.manifest)
        if base is None or now is None:
            return
        view = self.view()
        unneeded = base.contains | {
            operation.token
            for operation in view.operations
            if operation.end is None and is_settled(operation, view.operations)
        }
        for name in self._names():
            meta, _ = self._cached_parts.get(name, ({}, {}))
            of_other = bool(meta) and meta["data_source_id"] != view.data_source_id
            path = self.journal / str(name)
            if name.token in unneeded or of_other or (name.kind == "processed" and name.seq <= base.seq):
                written = modified_at(path)
                if written and now - written >= grace:
                    path.unlink(missing_ok=True)
