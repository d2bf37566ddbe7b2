"""The manifest at one moment: the manifest file joined with the journal. Pure; see :mod:`confluence_to_twig.staging.manifest`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.staging.journal import LONG_AGO, Operation, Standing, standing
from confluence_to_twig.staging.manifest_rows import PackedRows
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from confluence_to_twig.staging.rows import ManifestRow

    #: Document id → tokens of the operations that name it.
    Touched = Mapping[str, tuple[str, ...]]


class Progress(NamedTuple):
    """Of one data source: the number of its last change, and up to which number Twig was told to process."""

    changed: int = LONG_AGO
    processed: int = LONG_AGO


@dataclass(frozen=True)
class Base:
    """The manifest file: rows, and what of the journal they contain.

    :param contains: token of an operation → Unix time since when the file has contained it; None: this one is the first that does.
    :param progress: by data source; those that are not named have never been in the file.
    """

    table: pa.Table
    seq: int = 0
    contains: Mapping[str, float | None] = field(default_factory=dict)
    progress: Mapping[str, Progress] = field(default_factory=dict)

    @cached_property
    def index(self) -> dict[str, dict[str, int]]:
        """Data source → document id → number of its row."""
        found: dict[str, dict[str, int]] = {}
        keys = (self.table.column(name).to_pylist() for name in ("data_source", "document_id"))
        for number, (data_source, document_id) in enumerate(zip(*keys, strict=True)):
            found.setdefault(data_source, {})[document_id] = number
        return found

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {name: self.table.column(name).combine_chunks() for name in self.table.column_names}

    def row(self, data_source: str, document_id: str) -> ManifestRow | None:
        """The row of a document as the file has it."""
        number = self.index.get(data_source, {}).get(document_id)
        if number is None:
            return None
        return cast("ManifestRow", {name: column[number].as_py() for name, column in self._columns.items()})


@dataclass(frozen=True)
class Snapshot:
    """The whole manifest at one moment.

    :param seq: the highest number seen. :param processed: data source → up to which number Twig was told to process.
    :param touched: data source → document id → tokens of the operations that name it, and perhaps of later ones.
    """

    base: Base
    operations: tuple[Operation, ...]
    seq: int
    processed: Mapping[str, int]
    touched: Mapping[str, Touched]

    def of(self, data_source: str) -> ManifestView:
        """What one data source holds."""
        operations = tuple(entry for entry in self.operations if entry.data_source_id == data_source)
        before = self.base.progress.get(data_source, Progress())
        processed = max(before.processed, self.processed.get(data_source, LONG_AGO))
        touched = self.touched.get(data_source, {})
        return ManifestView(self.base, operations, self.seq, processed, data_source, touched)

    def data_sources(self) -> set[str]:
        """Every data source that it knows something of."""
        return {*self.base.progress, *self.processed, *(entry.data_source_id for entry in self.operations)}


@dataclass(frozen=True)
class ManifestView:
    """What one data source holds, at one moment. Rows are those of :data:`confluence_to_twig.staging.schemas.MANIFEST`.

    :param operations: of this data source. :param processed: up to which number Twig was told to process.
    :param seq: the highest number seen in the whole manifest; a write decided upon this view begins after it.
    :param touched: document id → tokens of the operations that name it; those of other operations mean nothing.
    """

    base: Base
    operations: tuple[Operation, ...]
    seq: int
    processed: int
    data_source_id: str
    touched: Touched

    @cached_property
    def _by_token(self) -> dict[str, Operation]:
        return {operation.token: operation for operation in self.operations}

    def _naming(self, document_id: str) -> list[Operation]:
        """The operations that name a document."""
        known = self._by_token
        return [known[token] for token in self.touched.get(document_id, ()) if token in known]

    @property
    def exists(self) -> bool:
        """Whether anything was ever written down of this data source."""
        return self.data_source_id in self.base.progress or bool(self.operations)

    def standing(self, document_id: str) -> Standing:
        """What is known of a document."""
        return standing(self.base.row(self.data_source_id, document_id), self._naming(document_id), document_id)

    def row(self, document_id: str) -> ManifestRow | None:
        """The row of a document, or None when Twig does not hold it. In doubt: its converter version is empty."""
        return self.standing(document_id).row

    def document_ids(self) -> list[str]:
        """All documents that Twig holds or may hold, in no particular order."""
        ids: list[str] = self.table()["document_id"].to_pylist()
        return ids

    def table(self) -> pa.Table:
        """All rows, those in doubt included, as :data:`confluence_to_twig.staging.schemas.MANIFEST`.

        A document that one write touched, which Twig acknowledged, has the row of that write. Only the others are looked
        at one by one.
        """
        settled: dict[str, list[str]] = {}
        others, touched = list[str](), list[str]()
        for document_id in self.touched:
            if naming := self._naming(document_id):
                touched.append(document_id)
                [operation, *more] = naming
                if more or document_id not in operation.done:
                    others.append(document_id)
                elif document_id not in operation.deletes:
                    settled.setdefault(operation.token, []).append(document_id)
        rows = [row for document_id in others if (row := self.row(document_id))]
        names = self.base.table.column_names
        return pa.concat_tables(
            [
                self._untouched(touched),
                *(_rows_of(self._by_token[token], ids).select(names) for token, ids in settled.items()),
                pa.Table.from_pylist(rows, schema=MANIFEST).select(names),
            ]
        )

    def _untouched(self, touched: Sequence[str]) -> pa.Table:
        """The rows of the manifest file that no operation touches."""
        table = self.base.table
        wanted = pc.equal(table["data_source"], self.data_source_id)
        if touched:
            wanted = pc.and_(
                wanted, pc.invert(pc.is_in(table["document_id"], value_set=pa.array(touched, pa.string())))
            )
        return table if pc.all(wanted).as_py() else table.filter(wanted)

    def under_way(self, document_ids: Collection[str] | None = None) -> list[Operation]:
        """The operations that may still happen, all of them or those that would change some of these documents."""
        found = (operation for operation in self.operations if operation.is_open)
        return [entry for entry in found if document_ids is None or any(map(entry.concerns, document_ids))]

    @property
    def changed(self) -> int:
        """The number of the last operation that changed, or may have changed, what Twig holds."""
        before = self.base.progress.get(self.data_source_id, Progress()).changed
        changes = (
            entry.latest for entry in self.operations if not entry.doubt and not entry.noted and not entry.is_empty
        )
        return max([before, *changes])

    @property
    def unprocessed(self) -> bool:
        """Whether Twig was, or may have been, given something since it was last told to process."""
        return self.changed > self.processed


def _rows_of(operation: Operation, document_ids: Sequence[str]) -> pa.Table:
    if isinstance(operation.rows, PackedRows):
        return operation.rows.of(document_ids)
    return pa.Table.from_pylist([operation.rows[document_id] for document_id in document_ids], schema=MANIFEST)


def fold(now: Snapshot, folded: Iterable[Operation], listed: Collection[str], alive: Collection[str] | None) -> Base:
    """The manifest file that contains these operations too.

    :param listed: tokens of the files in the journal's folder; others need not be known any more.
    :param alive: data sources whose rows stay; None: all of them.
    """
    folded = tuple(folded)
    then = Snapshot(now.base, folded, now.seq, now.processed, now.touched)
    views = [then.of(entry) for entry in sorted(now.data_sources()) if alive is None or entry in alive]
    return Base(
        table=pa.concat_tables([MANIFEST.empty_table(), *(view.table() for view in views)]),
        seq=now.seq,
        contains={token: since for token, since in now.base.contains.items() if token in listed}
        | dict.fromkeys(operation.token for operation in folded),
        progress={view.data_source_id: Progress(view.changed, view.processed) for view in views},
    )
