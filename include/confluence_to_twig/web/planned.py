"""The plan of a run with what became of each page, a page of rows at a time: filtered, searched and sorted on the server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.plan import counts_by_reason
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import folders_in
from confluence_to_twig.staging.layout import RunStaging
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.web.outcomes import RunState, count_outcomes, with_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.web.discretion import Discretion

#: The order on the page: changes first.
ACTIONS = ("fetch", "delete", "skip", "leave")
VERSION_CHANGED = "version changed"
SHOWN = [
    "page_id", "kind", "action", "reason", "outcome", "title", "url", "version", "manifest_version", "modified_at",
]  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """Which rows of a plan are wanted; empty fields let everything through.

    :param reason: as :func:`confluence_to_twig.planning.plan.counts_by_reason` names it.
    :param outcome: one of :data:`confluence_to_twig.web.outcomes.OUTCOMES`.
    :param search: part of a title, any case, or a whole page id.
    """

    action: str = ""
    reason: str = ""
    outcome: str = ""
    search: str = ""


@dataclass(frozen=True)
class RunPlan:
    """The plan of a run for one viewer.

    :param row: what is known of the run.
    """

    staging: SourceStaging
    row: RunRow
    discretion: Discretion

    @property
    def run(self) -> RunStaging:
        """Its files."""
        return RunStaging(self.staging.runs / self.row.folder)

    def page(self, wanted: Filter, *, offset: int, limit: int) -> dict[str, Any] | None:
        """Some rows, and how many there are; None when the run has no plan.

        :returns: ``counts`` (action → reason → pages, of the whole plan), ``outcomes`` (outcome → pages), ``total``
            (rows that fit and may be shown), ``withheld`` (rows of this action, reason and outcome that may not be shown,
            whatever is searched for), ``rows``.
        """
        table = self._table()
        if table is None:
            return None
        of_kind = apply(table, replace(wanted, search=""))
        shown = self.discretion.of_plan(of_kind)
        found = apply(shown, wanted)
        rows = found.slice(offset, limit).select(SHOWN).to_pylist()
        told = {"counts": _counts(self.run.plan), "outcomes": count_outcomes(table)}
        return told | {"total": found.num_rows, "withheld": of_kind.num_rows - shown.num_rows, "rows": rows}

    def whole(self, wanted: Filter) -> pa.Table | None:
        """All rows that fit and may be shown, with the columns :data:`SHOWN`; None when the run has no plan."""
        table = self._table()
        return None if table is None else apply(self.discretion.of_plan(table), wanted).select(SHOWN)

    def _table(self) -> pa.Table | None:
        table, row = _plan(self.run.plan), self.row
        if table is None:
            return None
        return with_outcomes(table, self.run, self.staging, RunState(over=row.state != "running", dry=row.dry_run))


def runs_with_a_plan(staging: SourceStaging, history: Iterable[RunRow]) -> Iterator[RunRow]:
    """The runs whose plan is still kept.

    :param history: the runs, newest first.
    """
    kept = set(folders_in(staging.runs))
    return (row for row in history if row.folder in kept and RunStaging(staging.runs / row.folder).plan.exists())


def prepare(table: pa.Table) -> pa.Table:
    """A plan with the columns ``rank`` (of its action) and ``cause`` (its reason without numbers), in rank and title order."""
    reason = table["reason"]
    cause = pc.if_else(pc.starts_with(reason, "version "), VERSION_CHANGED, reason)
    rank = pc.index_in(table["action"], value_set=pa.array(ACTIONS))
    ranked = table.append_column("rank", rank).append_column("cause", cause)
    return ranked.sort_by([("rank", "ascending"), ("title", "ascending"), ("page_id", "ascending")])


def apply(table: pa.Table, wanted: Filter) -> pa.Table:
    """The rows of a prepared plan that fit the filter."""
    if wanted.action:
        table = table.filter(pc.equal(table["action"], wanted.action))
    if wanted.reason:
        table = table.filter(pc.equal(table["cause"], wanted.reason))
    if wanted.outcome:
        table = table.filter(pc.equal(table["outcome"], wanted.outcome))
    if wanted.search:
        in_title = pc.match_substring(table["title"], wanted.search, ignore_case=True)
        table = table.filter(pc.or_(in_title, pc.equal(table["page_id"], wanted.search)))
    return table


def _read(path: ObjectStoragePath) -> pa.Table:
    return prepare(read_table(path))


def _count(path: ObjectStoragePath) -> dict[str, dict[str, int]]:
    return counts_by_reason(read_table(path, ["action", "reason"]))


# A plan of 50,000 pages takes about 20 MB.
_plan = Remembered(_read, keep=6)
_counts = Remembered(_count, keep=50)
