"""What the page calls a source: only a regular sync that went well, with nothing to look at, makes it active."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confluence_to_twig.runs.run_row import RunRow, row_of
from confluence_to_twig.runs.standing import standing
from tests.web.samples import sample_report

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ERROR = {"errors": [{"task": "load", "shard": None, "error": "TransientError: Twig is busy\nWait, then clear load."}]}
FAILED = {"state": "failed", **ERROR}
BACKFILL = {"run_type": "backfill"}
DRY = {"params": {"dry_run": True}}
CHOSEN = {"params": {"page_ids": ["7"]}}
UNCITED = {"good": False, "rules": {"cited": {"value": 0.85, "limit": 0.9, "good": False}}}
NO_PAGES = {"pages": 0, "chunks": 0}


def row(age: int, **report: Any) -> RunRow:
    """A run that ended so many hours ago."""
    ended = NOW - timedelta(hours=age)
    made = sample_report("docs", f"run__{age}", ended, **report)
    return row_of(made, f"run__{age}", started_at=made["started_at"], ended_at=ended.isoformat())


def history(*reports: dict[str, Any]) -> list[RunRow]:
    """Runs, the newest first."""
    return [row(age, **report) for age, report in enumerate(reports)]


def figures(**changes: int) -> dict[str, Any]:
    return {"figures": {"restricted": 0, "to_skip": 0, "to_leave": 0} | changes}


def test_a_sync_that_went_well_makes_a_source_active() -> None:
    found = standing(history({}))
    assert (found.state, found.reasons, found.synced_at) == ("active", (), NOW.isoformat())


def test_no_sync_yet_is_pending() -> None:
    assert standing([]).state == "pending"


@pytest.mark.parametrize(
    "reports",
    [
        [FAILED],
        [FAILED, {}],
        [BACKFILL, FAILED],
        [DRY, FAILED],
        [CHOSEN, FAILED],
        [BACKFILL, DRY, CHOSEN, FAILED, {}],
        [{"state": "running"}, FAILED],
        [{"state": "failed", "problems": ["Page 7 is not cited"]}],
        [{"state": "failed", "errors": [], "problems": []}],
    ],
)
def test_failed_stays_failed_until_a_regular_sync_succeeds(reports: list[dict[str, Any]]) -> None:
    found = standing(history(*reports))
    assert found.state == "failed"
    assert found.reasons[0].summary


def test_a_failed_backfill_does_not_break_a_good_source() -> None:
    assert standing(history(BACKFILL | FAILED, {})).state == "active"


def test_the_reason_of_a_failure_comes_with_what_to_do() -> None:
    (reason,) = standing(history(FAILED)).reasons
    assert (reason.summary, reason.remedy) == ("Twig is busy", "Wait, then clear load.")


@pytest.mark.parametrize("reports", [[BACKFILL], [DRY], [CHOSEN], [{"state": "running"}], [BACKFILL | FAILED]])
def test_a_part_of_a_source_is_no_sync(reports: list[dict[str, Any]]) -> None:
    found = standing(history(*reports))
    assert (found.state, found.last, found.synced_at) == ("pending", None, None)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"result": {"failed": 1}}, "1 page could not be synced"),
        ({"result": {"failed": 1_200}}, "1,200 pages could not be synced"),
        ({"quality": UNCITED}, "not good enough: 85.0% of the pages asked for are cited"),
        ({"warnings": ["The token expires in 3 days.\nMake a new one."]}, "The token expires in 3 days."),
        ({"warnings": ["a", "b", "c"]}, "a (2 more in the tab Warnings)"),
        ({"result": NO_PAGES, **figures(to_leave=249)}, "all 249 were modified before its window"),
        ({"result": NO_PAGES, **figures(to_skip=12)}, "all 12 are kept out"),
        ({"result": NO_PAGES, **figures()}, "the account sees none in the space"),
    ],
)
def test_what_somebody_should_look_at_is_said(report: dict[str, Any], words: str) -> None:
    found = standing(history(report), lookback="90 days")
    assert found.state == "attention"
    assert words in found.reasons[0].summary


def test_an_empty_source_names_its_lookback() -> None:
    (reason,) = standing(history({"result": NO_PAGES, **figures(to_leave=3)}), lookback="90 days").reasons
    assert "90 days" in reason.remedy
    assert "full" in reason.remedy


def test_a_warning_that_was_seen_in_an_older_sync_counts_no_more() -> None:
    assert standing(history({}, {"warnings": ["old"]})).state == "active"
