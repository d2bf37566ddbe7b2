"""Freshness: which changes in Confluence are known and not in Twig yet, and since when.

A sweep tells what Confluence holds; its plan tells what differs from Twig. So the newest plan that looked at everything,
joined with the manifest as it is *now*, tells which changes still wait: pages that failed, deletions that nobody
approved, everything if the run broke off. What changed in Confluence after that sweep nobody knows, so the answer has
two parts: the oldest change that waits, and the time up to which nothing else can be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.staging.audience_manifests import homes_of, read_all
from confluence_to_twig.staging.files import files_in, key_of
from confluence_to_twig.staging.journal import IN_DOUBT
from confluence_to_twig.staging.parquet import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.staging.layout import SourceStaging

HELD_COLUMNS = ["page_id", "version", "loaded_at", "converter_version"]
_PLAN_COLUMNS = ["page_id", "action", "version", "manifest_version", "modified_at"]


@dataclass(frozen=True)
class Freshness:
    """How far Twig is behind Confluence.

    :param swept_at: start of the run whose sweep this rests on; None when no sweep is known.
    :param waiting: pages whose newest known change is not in Twig.
    :param oldest_change: when the oldest of these changes was made; None when none waits. Edits count from the page's
        last modification; moves, labels and deletions, which have no time of their own, from the sweep that saw them.
    """

    swept_at: datetime | None
    waiting: int
    oldest_change: datetime | None

    @property
    def in_step_until(self) -> datetime | None:
        """Every change made before this moment is in Twig."""
        return self.oldest_change or self.swept_at

    def to_json(self) -> dict[str, Any]:
        """ISO 8601 strings or null."""
        times = {name: getattr(self, name) for name in ("swept_at", "oldest_change", "in_step_until")}
        return {"waiting": self.waiting} | {name: time and time.isoformat() for name, time in times.items()}


UNKNOWN = Freshness(None, 0, None)


def freshness(staging: SourceStaging, history: Iterable[RunRow]) -> Freshness:
    """The freshness of a source.

    :param history: its runs, newest first. The newest whose plan covered everything counts; dry runs do, too.
    """
    for row in history:
        plan = staging.runs / row.folder / "plan.parquet"
        if row.whole and (plan_key := key_of(plan)) is not None:
            state = (plan_key, [_state_of(home) for home in homes_of(staging)], row.state)
            known = _known.get(str(staging.home))
            if known is None or known[0] != state:
                known = _known[str(staging.home)] = (
                    state,
                    by_plan(plan, row, partial(read_all, staging, HELD_COLUMNS)),
                )
            return known[1]
    return UNKNOWN


def _state_of(home: SourceStaging) -> tuple[str | None, tuple[str, ...]]:
    """What changes with a manifest."""
    return key_of(home.manifest), tuple(files_in(home.home / "manifest.d"))


def by_plan(plan: ObjectStoragePath, row: RunRow, held_rows: Callable[[], pa.Table]) -> Freshness:
    """The freshness by the plan of one run, which covered everything.

    :param held_rows: gives the manifest as it is now, at least :data:`HELD_COLUMNS`.
    """
    planned = _read_changes(plan)
    swept_at = datetime.fromisoformat(row.started_at)
    if not planned:
        return Freshness(swept_at, 0, None)
    settled = row.state == "success" and not row.dry_run
    held = _held(held_rows(), [row["page_id"] for row in planned])
    waiting = unsynced(planned, held, swept_at, settled=settled)
    return Freshness(swept_at, len(waiting), min(waiting, default=None))


def unsynced(
    planned: Iterable[Mapping[str, Any]],
    held: Mapping[str, tuple[int, datetime]],
    swept_at: datetime,
    *,
    settled: bool,
) -> list[datetime]:
    """When each change that waits was made.

    :param planned: rows of a plan with action ``fetch`` or ``delete``.
    :param held: page id → version and load time of what Twig holds now; pages in doubt are missing.
    :param settled: the run ended well. Then a page that was to be sent again in the same version (moved, labelled,
        forced) and turned out to be the same is in step although nothing was loaded.
    """
    return [
        change
        for row in planned
        if (change := _waits_since(row, held.get(row["page_id"]), swept_at, settled)) is not None
    ]


def _waits_since(
    row: Mapping[str, Any], held: tuple[int, datetime] | None, swept_at: datetime, settled: bool
) -> datetime | None:
    if row["action"] == "delete":
        return swept_at if held is not None and held[1] < swept_at else None
    modified: datetime = row["modified_at"] or swept_at
    if held is None or held[0] < row["version"]:
        return min(modified, swept_at)
    same_version = row["manifest_version"] == row["version"]
    return swept_at if same_version and not settled and held[1] < swept_at else None


def _read_changes(path: ObjectStoragePath) -> list[dict[str, Any]]:
    """The rows that fetch or delete."""
    table = read_table(path, _PLAN_COLUMNS)
    rows: list[dict[str, Any]] = table.filter(pc.field("action").isin(["fetch", "delete"])).to_pylist()
    return rows


def _held(table: pa.Table, page_ids: list[str]) -> dict[str, tuple[int, datetime]]:
    """Version and load time of those pages that Twig holds. A plan names few of many pages."""
    named = pc.is_in(table["page_id"], pa.array(page_ids, pa.string()))
    rows = table.filter(named).select(HELD_COLUMNS)
    return {
        page_id: (version, loaded_at)
        for page_id, version, loaded_at, converter in zip(
            *(rows[name].to_pylist() for name in HELD_COLUMNS), strict=True
        )
        if converter != IN_DOUBT
    }


#: Staging folder of a source → the files that its freshness was computed from, and the freshness.
_known: dict[str, tuple[Any, Freshness]] = {}
