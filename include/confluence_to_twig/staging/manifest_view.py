"""The manifest at one moment: the manifest file joined with the journal. Pure; see :mod:`confluence_to_twig.staging.manifest`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from confluence_to_twig.staging.journal import LONG_AGO, Operation, Row, Standing, standing
from confluence_to_twig.staging.schemas import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True)
class Base:
    """The manifest file: rows, and what of the journal they contain.

    :param contains: token of an operation → Unix time since when the file has contained it; None: for the first time.
    """

    table: pa.Table
    data_source_id: str | None = None
    seq: int = 0
    contains: Mapping[str, float | None] = field(default_factory=dict)
    changed: int = LONG_AGO
    processed: int = LONG_AGO

    @cached_property
    def index(self) -> dict[str, int]:
        """Page id → number of its row."""
        return {page_id: number for number, page_id in enumerate(self.table.column("page_id").to_pylist())}

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {name: self.table.column(name).combine_chunks() for name in self.table.column_names}

    def row(self, page_id: str) -> Row | None:
        """The row of a page as the file has it."""
        number = self.index.get(page_id)
        if number is None:
            return None
        return {name: column[number].as_py() for name, column in self._columns.items()}


@dataclass(frozen=True)
class ManifestView:
    """The manifest at one moment. Rows are mappings with the columns of :data:`confluence_to_twig.staging.schemas.MANIFEST`.

    :param seq: the highest number seen; a write decided upon this view begins after it.
    """

    base: Base
    operations: tuple[Operation, ...]
    seq: int
    processed: int
    data_source_id: str | None

    @cached_property
    def _by_page(self) -> dict[str, list[Operation]]:
        touched: dict[str, list[Operation]] = {}
        for operation in self.operations:
            for page_id in operation.pages:
                touched.setdefault(page_id, []).append(operation)
        return touched

    def standing(self, page_id: str) -> Standing:
        """What is known of a page."""
        return standing(self.base.row(page_id), self._by_page.get(page_id, ()), page_id)

    def row(self, page_id: str) -> Row | None:
        """The row of a page, or None when Twig does not hold it. In doubt: its converter version is empty."""
        return self.standing(page_id).row

    def page_ids(self) -> list[str]:
        """All pages that Twig holds or may hold, in no particular order."""
        untouched = [page_id for page_id in self.base.index if page_id not in self._by_page]
        return untouched + [page_id for page_id in self._by_page if self.standing(page_id).row]

    def table(self) -> pa.Table:
        """All rows, those in doubt included, as :data:`confluence_to_twig.staging.schemas.MANIFEST`."""
        untouched = [number for page_id, number in self.base.index.items() if page_id not in self._by_page]
        base = (
            self.base.table
            if len(untouched) == len(self.base.index)
            else self.base.table.take(pa.array(untouched, pa.int64()))
        )
        standings = (self.standing(page_id) for page_id in self._by_page)
        rows = [found.row for found in standings if found.row]
        if not rows:
            return base
        return pa.concat_tables([base, pa.Table.from_pylist(rows, schema=MANIFEST)])

    def under_way(self, page_ids: Collection[str] | None = None) -> list[Operation]:
        """The operations that may still happen, all of them or those that would change some of these pages."""
        found = (operation for operation in self.operations if operation.is_open)
        return [operation for operation in found if page_ids is None or not operation.pages.isdisjoint(page_ids)]

    @property
    def unprocessed(self) -> bool:
        """Whether Twig was, or may have been, given something since it was last told to process."""
        return last_change(self.operations, self.base.changed) > self.processed


def fold(view: ManifestView, folded: list[Operation], listed: Collection[str]) -> Base:
    """The manifest file that contains these operations too.

    :param listed: tokens of the files in the journal's folder; others need not be known any more.
    """
    return Base(
        table=replace(view, operations=tuple(folded)).table(),
        data_source_id=view.data_source_id,
        seq=view.seq,
        contains={token: since for token, since in view.base.contains.items() if token in listed}
        | dict.fromkeys(operation.token for operation in folded),
        changed=last_change(folded, view.base.changed),
        processed=view.processed,
    )


def last_change(operations: Iterable[Operation], before: int) -> int:
    """The number of the last operation that changed, or may have changed, what Twig holds."""
    changes = (entry.latest for entry in operations if entry.pages and not entry.doubt and not entry.noted)
    return max([before, *changes])
