"""Stale: whether a source is behind although a run should have brought it into step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.alerts.alert import Alert, run_url
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.sources.lookback import describe
from confluence_to_twig.staging.layout import SourceStaging, staging_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.sources.source import Source


def stale_alert(source: Source, dag_run: Mapping[str, Any]) -> Alert | None:
    """The alert for a run whose deadline has passed, or None when the source is in step by now.

    :param dag_run: the run as Airflow's REST API describes it: ``dag_run_id``, ``queued_at``, ``run_after``.
    """
    since = _moment(dag_run.get("queued_at") or dag_run["run_after"])
    history = newest_first(SourceStaging(staging_root(), source.name))
    if in_step_since(history, since):
        return None
    synced = next(filter(_in_step, history), None)
    last = (
        f"It was in step last at {_moment(synced.ended_at):%Y-%m-%d %H:%M} UTC."
        if synced
        else "No run ever ended well."
    )
    limit = describe(source.alerts.deadline) if source.alerts.deadline else "time"
    return Alert(
        kind="stale",
        source=source.name,
        problem="stale",
        summary=f"{source.name} is stale: no sync ended well within {limit}",
        details=f"{last} Twig goes on answering from what it holds; changes made in Confluence since then are missing.",
        url=run_url(source.dag_id, str(dag_run["dag_run_id"])),
    )


def in_step_since(history: Iterable[RunRow], since: datetime) -> bool:
    """Whether a run that covered the whole source began after ``since`` and succeeded."""
    return any(_in_step(row) and _moment(row.started_at) >= since for row in history)


def _in_step(row: RunRow) -> bool:
    return row.state == "success" and row.whole and not row.dry_run


def _moment(text: Any) -> datetime:
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
