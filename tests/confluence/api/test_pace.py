"""One pace for all threads, measured on a clock that stands still unless somebody sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from confluence_to_twig.confluence.api.pace import CAREFUL_GAP, CAUTION_SECONDS, LONGEST_GAP, Pace

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced() -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(clock, clock.sleep), clock


def starts(pace: Pace, clock: Clock, count: int) -> list[float]:
    """When so many requests started, from now on."""
    begin, times = clock.now, []
    for _ in range(count):
        pace.wait()
        times.append(round(clock.now - begin, 6))
    return times


def test_nothing_waits_without_a_reason() -> None:
    pace, clock = paced()
    assert starts(pace, clock, 5) == [0.0] * 5
    assert pace.seconds_paused == 0.0


def test_a_pause_holds_every_request_back() -> None:
    pace, clock = paced()
    pace.pause(30)
    assert starts(pace, clock, 1) == [30.0]
    assert pace.seconds_paused == 30.0


def test_overlapping_pauses_count_once() -> None:
    pace, clock = paced()
    pace.pause(30)
    clock.now += 10
    pace.pause(5)
    pace.pause(40)
    assert starts(pace, clock, 1) == [40.0]
    assert pace.seconds_paused == 50.0


def test_a_pause_that_grows_while_a_request_waits_is_waited_for_to_the_end() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now == 1003.0:
            pace.pause(7)

    pace = Pace(clock, sleep)
    pace.pause(3)
    assert starts(pace, clock, 1) == [10.0]


def test_a_sleep_that_is_cut_short_ends_the_wait() -> None:
    clock = Clock()
    pace = Pace(clock, lambda seconds: True)
    pace.pause(3600)
    assert starts(pace, clock, 1) == [0.0]


def test_after_a_pause_requests_start_one_by_one_for_a_while() -> None:
    pace, clock = paced()
    pace.pause(1)
    assert starts(pace, clock, 3) == [1.0, 1.0 + CAREFUL_GAP, 1.0 + 2 * CAREFUL_GAP]
    clock.now += CAUTION_SECONDS
    pace.wait()
    assert starts(pace, clock, 3) == [0.0, 0.0, 0.0]


def test_slows_down_before_the_wall() -> None:
    pace, clock = paced()
    pace.observe({"X-RateLimit-NearLimit": "true"})
    assert starts(pace, clock, 3) == [0.0, CAREFUL_GAP, 2 * CAREFUL_GAP]


def test_spreads_what_remains_over_the_time_to_the_reset() -> None:
    pace, clock = paced()
    reset = (NOW + timedelta(seconds=10)).isoformat()
    headers = {"X-RateLimit-NearLimit": "true", "X-RateLimit-Remaining": "20", "X-RateLimit-Reset": reset}
    pace.observe(headers, NOW)
    assert starts(pace, clock, 3) == [0.0, 0.5, 1.0]


def test_a_far_reset_does_not_stop_everything() -> None:
    pace, clock = paced()
    reset = (NOW + timedelta(hours=1)).isoformat()
    headers = {"X-RateLimit-NearLimit": "true", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    pace.observe(headers, NOW)
    assert starts(pace, clock, 2) == [0.0, LONGEST_GAP]


def test_a_limit_that_is_far_slows_nothing_down() -> None:
    pace, clock = paced()
    pace.observe({"X-RateLimit-NearLimit": "false", "X-RateLimit-Remaining": "90"})
    pace.observe({})
    assert starts(pace, clock, 3) == [0.0, 0.0, 0.0]
