from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning.window import RunFacts, Window, WindowError, resolve_window

RUN_AFTER = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
START, END = datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 22, 2, tzinfo=UTC)
LOOKBACK = timedelta(days=90)


def run(run_type: str = "manual", *, interval: bool = False) -> RunFacts:
    return RunFacts(run_type, RUN_AFTER, *((START, END) if interval else (None, None)))


def test_a_scheduled_run_covers_its_data_interval() -> None:
    window = resolve_window(run("scheduled", interval=True), lookback=LOOKBACK)
    assert (window.start, window.end, window.strict) == (START, END, False)


def test_a_backfill_run_covers_exactly_its_own_interval_even_without_a_lookback() -> None:
    for lookback in (LOOKBACK, None):
        window = resolve_window(run("backfill", interval=True), lookback=lookback)
        assert (window.start, window.end, window.strict) == (START, END, True)


def test_a_manual_run_with_an_interval_covers_it() -> None:
    assert resolve_window(run(interval=True), lookback=LOOKBACK).start == START


def test_a_run_without_a_logical_date_looks_back_from_the_time_it_was_asked_to_run() -> None:
    window = resolve_window(run(), lookback=LOOKBACK)
    assert (window.start, window.end, window.origin) == (RUN_AFTER - LOOKBACK, RUN_AFTER, "lookback")


def test_an_empty_interval_counts_as_none() -> None:
    facts = RunFacts("scheduled", RUN_AFTER, START, START)
    assert resolve_window(facts, lookback=LOOKBACK).origin == "lookback"


@pytest.mark.parametrize("run_type", ["scheduled", "manual", "asset_triggered"])
def test_without_a_lookback_the_whole_space_is_in_scope(run_type: str) -> None:
    window = resolve_window(run(run_type, interval=True), lookback=None)
    assert window == Window(None, None, "whole space")
    assert window.contains(datetime(1999, 1, 1, tzinfo=UTC))


def test_since_wins_over_the_interval_and_full_wins_over_the_lookback() -> None:
    since = resolve_window(run(interval=True), lookback=LOOKBACK, since="2026-01-01T00:00:00Z")
    assert (since.start, since.end) == (datetime(2026, 1, 1, tzinfo=UTC), RUN_AFTER)
    assert resolve_window(run(interval=True), lookback=LOOKBACK, full=True).start is None


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of the machine."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_zone")
def test_since_without_a_zone_is_utc_and_other_zones_are_turned_into_utc() -> None:
    for written in ("2026-01-01T00:00:00", "2026-01-01T01:00:00+01:00"):
        assert resolve_window(run(), lookback=None, since=written).start == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("asked", [{"since": "2026-01-01T00:00:00Z"}, {"full": True}])
def test_since_and_full_are_refused_in_a_backfill(asked: dict) -> None:
    with pytest.raises(WindowError, match="refused in a backfill"):
        resolve_window(run("backfill", interval=True), lookback=LOOKBACK, **asked)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"since": "2026-01-01T00:00:00Z", "full": True}, "Both since and full"),
        ({"since": "yesterday"}, "not a date-time"),
        ({"since": "2027-01-01T00:00:00Z"}, "not before the run"),
    ],
)
def test_contradictions_are_refused_with_a_reason(asked: dict, told: str) -> None:
    with pytest.raises(WindowError, match=told):
        resolve_window(run(), lookback=None, **asked)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 10_000))
def test_neighbouring_windows_cover_every_moment_exactly_once(moment: datetime, minutes: int) -> None:
    middle, width = RUN_AFTER, timedelta(minutes=minutes)
    windows = [Window(middle - width, middle, "backfill"), Window(middle, middle + width, "backfill")]
    inside = middle - width <= moment < middle + width
    assert sum(window.contains(moment) for window in windows) == (1 if inside else 0)


@pytest.mark.parametrize("window", [Window(START, END, "backfill", strict=True), Window(None, None, "full")])
def test_a_window_survives_the_way_through_xcom(window: Window) -> None:
    assert Window.from_json(window.to_json()) == window
