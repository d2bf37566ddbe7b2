"""One pace for all threads, measured on a clock that stands still unless somebody sleeps."""

from __future__ import annotations

import pytest

from confluence_to_twig.http.budget import CAREFUL_GAP, CAUTION_SECONDS, LONGEST_GAP, Unmetered
from confluence_to_twig.http.errors import ClientClosedError, RateLimitedError
from confluence_to_twig.http.limits import Limits
from confluence_to_twig.http.pace import Pace

pytestmark = pytest.mark.fast


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced() -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace("the limit", Unmetered(), clock, clock.sleep), clock


def starts(pace: Pace, clock: Clock, count: int) -> list[float]:
    """When so many requests started, from now on."""
    begin, times = clock.now, []
    for _ in range(count):
        pace.start()
        times.append(round(clock.now - begin, 6))
    return times


def test_nothing_waits_without_a_reason() -> None:
    pace, clock = paced()
    assert starts(pace, clock, 5) == [0.0] * 5
    assert pace.seconds_waited == 0.0


def test_no_more_start_in_a_second_than_are_allowed_and_a_warning_makes_it_fewer() -> None:
    clock = Clock()
    pace = Pace("the limit", Unmetered(20), clock, clock.sleep)
    assert starts(pace, clock, 4) == [0.0, 0.05, 0.1, 0.15]
    clock.now += 60
    assert starts(pace, clock, 2) == [0.0, 0.05]
    pace.observe(Limits(near=True))
    assert starts(pace, clock, 3) == [0.05, 0.15, 0.25]


def test_a_pause_holds_every_request_back() -> None:
    pace, clock = paced()
    pace.pause(30)
    assert starts(pace, clock, 1) == [30.0]
    assert pace.seconds_waited == 30.0


def test_the_longest_of_overlapping_pauses_counts() -> None:
    pace, clock = paced()
    pace.pause(30)
    clock.now += 10
    pace.pause(5)
    pace.pause(40)
    assert starts(pace, clock, 1) == [40.0]
    assert pace.seconds_waited == 40.0


def test_a_pause_that_grows_while_a_request_waits_is_waited_for_to_the_end() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now == 1003.0:
            pace.pause(7)

    pace = Pace("the limit", Unmetered(), clock, sleep)
    pace.pause(3)
    assert starts(pace, clock, 1) == [10.0]


def test_what_threads_wait_at_the_same_time_counts_once() -> None:
    clock = Clock()
    pace = Pace("the limit", Unmetered(), clock, lambda seconds: None)
    pace.rest(3)
    pace.rest(2)
    clock.now += 1
    pace.rest(4)
    assert pace.seconds_waited == 5.0


def test_a_pause_longer_than_the_patience_is_told_and_not_waited_for() -> None:
    pace, clock = paced()
    pace.pause(3600)
    with pytest.raises(RateLimitedError, match="3,600 s to wait for the limit") as raised:
        pace.start(900)
    assert raised.value.retry_after == 3600
    assert clock.now == 1000.0


def test_closing_wakes_up_what_waits() -> None:
    clock = Clock()
    pace = Pace("the limit", Unmetered(), clock, lambda _: pace.stop())
    pace.pause(3600)
    with pytest.raises(ClientClosedError):
        pace.start()


def test_after_a_refusal_requests_start_one_by_one_for_a_while() -> None:
    pace, clock = paced()
    pace.refused(1)
    assert starts(pace, clock, 3) == [1.0, 1.0 + CAREFUL_GAP, 1.0 + 2 * CAREFUL_GAP]
    clock.now += CAUTION_SECONDS
    pace.start()
    assert starts(pace, clock, 3) == [0.0, 0.0, 0.0]


def test_slows_down_before_the_wall() -> None:
    pace, clock = paced()
    pace.observe(Limits(near=True))
    assert starts(pace, clock, 3) == [0.0, CAREFUL_GAP, 2 * CAREFUL_GAP]


def test_spreads_what_remains_over_the_time_to_the_reset() -> None:
    pace, clock = paced()
    pace.observe(Limits(remaining=20, reset_s=10, near=True))
    assert starts(pace, clock, 3) == [0.0, 0.5, 1.0]


def test_a_far_reset_does_not_stop_everything() -> None:
    pace, clock = paced()
    pace.observe(Limits(remaining=0, reset_s=3600, near=True))
    assert starts(pace, clock, 2) == [0.0, LONGEST_GAP]


def test_a_server_that_only_counts_is_near_its_limit_when_a_fifth_is_left() -> None:
    pace, clock = paced()
    pace.observe(Limits(limit=100, remaining=20, reset_s=10))
    assert starts(pace, clock, 2) == [0.0, 0.0]
    pace.observe(Limits(limit=100, remaining=19, reset_s=9.5))
    assert starts(pace, clock, 2) == [0.0, 0.5]


def test_a_limit_that_is_far_slows_nothing_down() -> None:
    pace, clock = paced()
    pace.observe(Limits(remaining=90))
    pace.observe(Limits())
    assert starts(pace, clock, 3) == [0.0, 0.0, 0.0]
