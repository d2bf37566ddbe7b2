from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.runs.freshness import UNKNOWN, freshness, unsynced
from confluence_to_twig.runs.history import newest_first
from tests.web.samples import LONG_BEFORE, NOW, SampleSource, held, planned

SWEPT = NOW - timedelta(seconds=14.2)
LATER = NOW + timedelta(minutes=1)


def measured(source: SampleSource) -> Any:
    return freshness(source.staging, newest_first(source.staging))


def test_is_unknown_without_a_sweep(docs: SampleSource) -> None:
    assert measured(docs) == UNKNOWN


def test_nothing_waits_when_the_plan_changes_nothing(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=[planned("leave", "unchanged", 1), planned("skip", "restricted", 2)])
    assert measured(docs).waiting == 0
    assert measured(docs).in_step_until == SWEPT


def test_a_page_waits_until_its_version_is_in_twig(docs: SampleSource) -> None:
    plan = [planned("fetch", "version 1 → 2", 1, version=2, manifest_version=1, modified_at=LONG_BEFORE)]
    docs.hold([held(1, LONG_BEFORE)])
    docs.run("manual__1", NOW, plan=plan, state="failed")
    assert (measured(docs).waiting, measured(docs).oldest_change) == (1, LONG_BEFORE)
    docs.hold([held(1, LATER, version=2)])
    assert (measured(docs).waiting, measured(docs).in_step_until) == (0, SWEPT)


def test_a_page_whose_content_in_twig_is_in_doubt_waits(docs: SampleSource) -> None:
    docs.hold([held(1, LATER, converter_version="")])
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    assert measured(docs).waiting == 1


def test_a_deletion_waits_while_the_brake_holds_it(docs: SampleSource) -> None:
    docs.hold([held(1, LONG_BEFORE)])
    docs.run("manual__1", NOW, plan=[planned("delete", "in the trash", 1, version=None, manifest_version=1)])
    assert (measured(docs).waiting, measured(docs).oldest_change) == (1, SWEPT)
    docs.hold([])
    assert measured(docs).waiting == 0


def test_a_moved_page_waits_while_the_run_has_not_ended_well(docs: SampleSource) -> None:
    docs.hold([held(1, LONG_BEFORE)])
    moved = [planned("fetch", "moved", 1, manifest_version=1)]
    docs.run("manual__1", NOW, plan=moved, state="failed")
    assert (measured(docs).waiting, measured(docs).oldest_change) == (1, SWEPT)
    docs.run("manual__1", NOW, plan=moved)
    assert measured(docs).waiting == 0


def test_a_dry_run_tells_what_waits(docs: SampleSource) -> None:
    docs.hold([held(1, LONG_BEFORE)])
    docs.run("manual__1", NOW, plan=[planned("fetch", "moved", 1, manifest_version=1)], params={"dry_run": True})
    assert measured(docs).waiting == 1


def test_the_newest_run_that_looked_at_everything_counts(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    docs.run("manual__2", LATER, plan=[planned("leave", "not asked for", 1)], params={"page_ids": ["7"]})
    docs.run("backfill__3", LATER, plan=[planned("leave", "outside the window", 1)], run_type="backfill")
    assert measured(docs).waiting == 1


def test_a_run_without_its_plan_is_passed_over(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    docs.run("manual__2", LATER)
    assert (measured(docs).waiting, measured(docs).swept_at) == (1, SWEPT)


def test_answers_for_the_data_source_that_twig_has_now(docs: SampleSource) -> None:
    docs.bind(data_source_id="ds_1")
    docs.hold([held(1, LATER)])
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    assert measured(docs).waiting == 0


def test_gives_times_as_text(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)])
    assert measured(docs).to_json() == {
        "waiting": 1,
        "swept_at": SWEPT.isoformat(),
        "oldest_change": LONG_BEFORE.isoformat(),
        "in_step_until": LONG_BEFORE.isoformat(),
    }
    assert UNKNOWN.to_json() == {"waiting": 0, "swept_at": None, "oldest_change": None, "in_step_until": None}


moments = st.datetimes(datetime(2020, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
versions = st.integers(1, 4)


@given(version=versions, held_version=versions, modified=moments, loaded=moments, settled=st.booleans())
def test_never_reports_a_newer_version_in_twig_as_waiting(
    version: int, held_version: int, modified: datetime, loaded: datetime, settled: bool
) -> None:
    row = planned("fetch", "version", 1, version=version, manifest_version=None, modified_at=modified)
    waiting = unsynced([row], {"1001": (held_version, loaded)}, SWEPT, settled=settled)
    assert bool(waiting) == (held_version < version)


@given(modified=moments)
@pytest.mark.parametrize("settled", [True, False])
def test_no_change_is_younger_than_the_sweep_that_saw_it(modified: datetime, settled: bool) -> None:
    rows = [planned("fetch", "new to Twig", 1, modified_at=modified), planned("delete", "archived", 2)]
    waiting = unsynced(rows, {"1002": (1, LONG_BEFORE)}, SWEPT, settled=settled)
    assert len(waiting) == 2
    assert all(change <= SWEPT for change in waiting)
