"""Reading the manifest of a source: the manifest file joined with the journal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pyarrow as pa

from confluence_to_twig.errors import TransientError
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.staging.files import files_in, keys_in
from confluence_to_twig.staging.journal import PartName
from confluence_to_twig.staging.journal_state import JournalState
from confluence_to_twig.staging.manifest_files import ManifestCorruptError, read_base, read_part
from confluence_to_twig.staging.manifest_view import Base, ManifestView, Snapshot
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

_ATTEMPTS = 5
#: What tells of which document a row is, and whether two rows have the same content.
_ALWAYS = ("document_id", "data_source", "version", "content_hash", "url", "converter_version")


class ManifestReader:
    """The manifest of one source in staging.

    :param staging: the source's files. The data source that it is bound to (``twig.json``) is the one that is meant
        where none is named.
    :param columns: which columns of the manifest file are read; None: all.
    """

    def __init__(self, staging: SourceStaging, columns: Collection[str] | None = None) -> None:
        self.staging = staging
        self._columns = columns
        self._cached_base: tuple[str, Base] | None = None
        self._state = JournalState()

    @property
    def journal(self) -> ObjectStoragePath:
        """The folder of the journal."""
        return self.staging.home / "manifest.d"

    def read(self) -> pa.Table:
        """All rows of the bound data source: :data:`confluence_to_twig.staging.schemas.MANIFEST`, or the columns asked for.

        Documents in doubt have an empty converter version.

        :raises ManifestCorruptError: a file is damaged or missing.
        """
        table = self.view().table()
        return table if self._columns is None else table.select(list(self._columns))

    def view(self, data_source: str | None = None) -> ManifestView:
        """What a data source holds now. Cheap to repeat: only files that are new are read.

        :param data_source: its id; None: the one that the source is bound to.
        :raises ManifestCorruptError: a file is damaged or missing, or has the format of a newer release.
        """
        wanted = (self._bound_to() or "") if data_source is None else data_source
        now = self._snapshot()
        metas = (part.meta for part in self._state.parts.values())
        if self._cached_base is None and any(
            meta["based"] for meta in metas if meta["data_source_id"] in {wanted, None}
        ):
            raise ManifestCorruptError.of(
                self.staging.source, f"{self.staging.manifest} is missing, although the journal builds on it"
            )
        return now.of(wanted)

    def may_be_under_way(self) -> bool:
        """Whether a write has begun whose end nobody wrote down: by the names of the journal's files, which are not read."""
        names = self._names()
        begun, ended = ({name.token for name in names if name.kind == kind} for kind in ("begin", "end"))
        return not begun <= ended

    def _snapshot(self) -> Snapshot:
        for _ in range(_ATTEMPTS):
            # The journal first: a file of it that is gone by now was in the manifest for long, and so it is in this one.
            names = self._names()
            base = self._read_base()
            try:
                self._read_parts(base, names)
            except FileNotFoundError:
                log.debug("A journal file was compacted away while it was read; reading again")
                continue
            return self._joined(base or Base(self._schema().empty_table()), names)
        raise TransientError(
            f"{self.staging.manifest} was replaced {_ATTEMPTS} times while it was read", "Run the task again."
        )

    def _bound_to(self) -> str | None:
        binding = read_binding(self.staging)
        return binding.data_source_id if binding else None

    def _names(self) -> list[PartName]:
        return sorted(name for name in map(PartName.parse, files_in(self.journal)) if name)

    def _read_base(self) -> Base | None:
        # By the listing of its folder: asking an object store for a file that is not there costs two calls.
        key = keys_in(self.staging.home).get(self.staging.manifest.name)
        if key is None:
            self._cached_base = None
        elif self._cached_base is None or self._cached_base[0] != key:
            self._cached_base = None  # not two of them in memory at once
            try:
                self._cached_base = (key, read_base(self.staging.manifest, self.staging.source, self._schema().names))
            except FileNotFoundError:
                self._cached_base = None
        return self._cached_base[1] if self._cached_base else None

    def _read_parts(self, base: Base | None, names: list[PartName]) -> None:
        """Take in the journal files that the manifest file does not contain, and let go of those that it does."""
        wanted = {name for name in names if base is None or name.token not in base.contains}
        known = self._state.parts
        if not known.keys() <= wanted:
            self._state = JournalState()
        for name in sorted(wanted - self._state.parts.keys()):
            self._state.add(name, known.get(name) or read_part(self.journal / str(name), self.staging.source))

    def _joined(self, base: Base, names: list[PartName]) -> Snapshot:
        state = self._state
        operations = sorted(state.operations.values(), key=lambda operation: (operation.begin, operation.token))
        seq = max([base.seq, *(name.seq for name in names)])
        return Snapshot(base, tuple(operations), seq, dict(state.processed), dict(state.touched))

    def _schema(self) -> pa.Schema:
        wanted = MANIFEST.names if self._columns is None else {*_ALWAYS, *self._columns}
        return pa.schema([field for field in MANIFEST if field.name in wanted])
