from __future__ import annotations

from datetime import timedelta
from typing import Any

from confluence_to_twig.alerts.stale import stale_alert
from tests.alerts.conftest import alerted
from tests.web.samples import NOW, SampleSource

RUN = {"dag_run_id": "scheduled__1", "queued_at": NOW.isoformat(), "run_after": NOW.isoformat()}
LATER = NOW + timedelta(hours=1)


def stale(run: dict[str, Any] = RUN) -> Any:
    return stale_alert(alerted(deadline="6 hours"), run)


def test_a_source_that_no_run_brought_into_step_is_stale(docs: SampleSource) -> None:
    docs.run("scheduled__0", NOW - timedelta(hours=1))
    alert = stale()
    assert alert.summary == "docs is stale: no sync ended well within 6 hours"
    assert "in step last at 2026-11-22 11:00 UTC" in alert.details
    assert alert.url == "https://airflow.example.com/dags/confluence_to_twig__docs/runs/scheduled__1"


def test_a_source_that_never_ran_is_stale(docs: SampleSource) -> None:
    assert "No run ever ended well" in stale().details


def test_a_later_run_that_ended_well_keeps_it_quiet(docs: SampleSource) -> None:
    docs.run("manual__2", LATER)
    assert stale() is None


def test_runs_that_do_not_bring_everything_into_step_do_not_count(docs: SampleSource) -> None:
    docs.run("manual__2", LATER, state="failed")
    docs.run("manual__3", LATER, params={"page_ids": ["1"]})
    docs.run("manual__4", LATER, params={"dry_run": True})
    docs.run("backfill__5", LATER, run_type="backfill")
    assert stale() is not None


def test_takes_a_run_that_was_never_queued(docs: SampleSource) -> None:
    assert stale(RUN | {"queued_at": None}) is not None


def test_is_one_problem_however_many_runs_miss_their_deadline(docs: SampleSource) -> None:
    assert stale().key == stale(RUN | {"dag_run_id": "scheduled__2"}).key
