"""Lane or full sweep, and how far a lane's look goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning.look import (
    FALSE_ALARMS_AT_MOST,
    Look,
    Wishes,
    choose_look,
    default_sweep_every,
    difference,
    fingerprint,
    is_confirmed,
    minutes_back,
    share_to_check,
    shortest_wait,
)
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.staging.last_inventory import LookState

SWEPT = datetime(2026, 11, 22, 2, tzinfo=UTC)
STATE = LookState(settings="same", looked_at=SWEPT, attached_since=SWEPT, swept_at=SWEPT, swept_for=SWEPT, baseline=0)
HOUR = timedelta(hours=1)


def look(
    wishes: Wishes | None = None,
    *,
    run_type: str = "scheduled",
    after: timedelta = timedelta(minutes=5),
    late: timedelta = timedelta(),
    state: LookState | None = STATE,
    contents: int = 100,
) -> Look:
    run = RunFacts(run_type, SWEPT + after)
    return choose_look(run, wishes or Wishes("same"), state, contents, SWEPT + after + late)


def test_a_regular_run_soon_after_a_full_sweep_is_a_lane() -> None:
    assert look().kind == "lane"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (look(run_type="backfill"), "a backfill"),
        (look(Wishes("same", asked="somebody asked")), "somebody asked"),
        (look(state=None), "no look before this one can be gone on from"),
        (look(Wishes("other")), "the source or the account has changed"),
        (look(late=-2 * HOUR), "the clock has gone back since the last look"),
        (look(after=HOUR), "the last full sweep is too old"),
        (look(Wishes("same", sweep_every=timedelta(minutes=5))), "the last full sweep is too old"),
        (
            look(Wishes("same", between_runs=HOUR)),
            "each scheduled run sweeps, since so much time lies between two of them",
        ),
    ],
)
def test_what_sweeps_says_why(found: Look, reason: str) -> None:
    assert (found.kind, found.reason) == ("sweep", reason)


@pytest.mark.parametrize(
    ("run_type", "kind"), [("scheduled", "sweep"), ("asset_triggered", "lane"), ("manual", "lane")]
)
def test_a_sweep_for_a_time_long_ago_is_as_old_as_it_is_for_a_run_without_a_scheduled_time(
    run_type: str, kind: str
) -> None:
    unpaused = replace(STATE, swept_for=SWEPT - timedelta(days=30))
    assert look(run_type=run_type, state=unpaused).kind == kind


def test_scheduled_times_are_compared_and_a_run_that_comes_too_late_puts_nothing_off() -> None:
    queued = replace(STATE, swept_at=SWEPT + timedelta(minutes=4))  # the sweep before began late, this one does not
    assert look(after=HOUR, state=queued).kind == "sweep"
    assert look(after=timedelta(minutes=55)).kind == "lane"
    assert look(after=timedelta(minutes=55), late=timedelta(minutes=5)).kind == "sweep"


@given(
    minutes=st.integers(1, 2_000),
    jitter=st.lists(st.integers(0, 59), min_size=30, max_size=30),
    every=st.integers(1, 500),
)
def test_runs_at_any_distance_and_with_any_delay_sweep_as_often_as_they_must(
    minutes: int, jitter: list[int], every: int
) -> None:
    """Each run starts up to a minute late. No two sweeps lie further apart than ``every`` allows; nightly runs always sweep."""
    wishes = Wishes("same", sweep_every=timedelta(minutes=every), between_runs=timedelta(minutes=minutes))
    state: LookState | None = None
    for number, seconds in enumerate(jitter):
        planned = SWEPT + number * timedelta(minutes=minutes)
        began = planned + timedelta(seconds=seconds)
        found = choose_look(RunFacts("scheduled", planned), wishes, state, 100, began)
        if found.kind == "sweep":
            state = replace(STATE, looked_at=began, swept_at=began, swept_for=planned)
        assert state is not None
        assert planned - state.swept_for < timedelta(minutes=every)
        if minutes >= every:
            assert found.kind == "sweep"


def test_the_default_depends_on_the_size_of_the_space() -> None:
    hours = [default_sweep_every(size) // HOUR for size in (0, 1_999, 2_000, 19_999, 20_000, 1_000_000)]
    assert hours == [1, 1, 6, 6, 24, 24]


@pytest.mark.parametrize(
    ("cron", "minutes"), [("0 2 * * *", 1_440), ("*/5 * * * *", 5), ("0 8-18 * * *", 60), ("@hourly", 60)]
)
def test_the_shortest_time_between_two_runs_of_a_schedule(cron: str, minutes: int) -> None:
    assert shortest_wait(cron) == timedelta(minutes=minutes)


def test_minutes_are_rounded_up_and_overlap() -> None:
    assert minutes_back(SWEPT, SWEPT + timedelta(seconds=61)) == 12
    assert minutes_back(SWEPT, SWEPT - HOUR) == 10  # a clock that was set back


def test_any_setting_changes_the_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 1, "b": 3})


@given(
    count=st.integers(0, 1_000),
    waits=st.lists(st.integers(1, 900), min_size=1, max_size=40),
    at_once=st.sampled_from([1, 7, 200]),
)
def test_between_two_sweeps_each_id_is_checked_once_and_never_early(count: int, waits: list[int], at_once: int) -> None:
    ids = sorted({number * 7 for number in range(count)})
    asked: list[int] = []
    state, now = STATE, SWEPT
    every = Look("lane", "", HOUR)
    for seconds in [*waits, 3_600]:
        now = min(now + timedelta(seconds=seconds), SWEPT + HOUR - timedelta(microseconds=1))
        share = share_to_check(ids, state, every, at_once, now)
        asked += share
        state = replace(state, checked_up_to=max([state.checked_up_to, *share]))
        assert len(asked) <= len(ids) * (now - SWEPT) / HOUR + at_once
    assert asked == ids


def test_a_difference_counts_against_what_is_expected() -> None:
    assert difference(97, STATE, 100) == -3
    assert difference(97, replace(STATE, baseline=-3), 100) == 0
    assert difference(None, STATE, 100) == 0
    assert difference(97, replace(STATE, baseline=None), 100) == 0
    assert difference(97, replace(STATE, false_alarms=FALSE_ALARMS_AT_MOST), 100) == 0


@pytest.mark.parametrize(
    ("before", "now", "confirmed"), [(-1, -1, True), (-1, -4, True), (2, 2, True), (-10, -3, False), (1, -1, False)]
)
def test_what_stays_or_grows_is_confirmed_and_what_shrinks_is_a_lag(before: int, now: int, confirmed: bool) -> None:
    assert is_confirmed(before, now) is confirmed
    assert not is_confirmed(0, now)
    assert not is_confirmed(before, 0)
