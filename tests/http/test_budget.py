from __future__ import annotations

import pytest

from confluence_to_twig.errors import TransientError
from confluence_to_twig.http.budget import PerMinute
from confluence_to_twig.http.limits import Limits, limits_of
from confluence_to_twig.http.pace import Pace

pytestmark = pytest.mark.fast


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Pace:
    return Pace("Twig's write budget", PerMinute(10), clock, clock.sleep)


def told(remaining: int, limit: int = 10, reset_in: int = 90) -> Limits:
    return Limits(limit, remaining, reset_in)


def test_does_not_wait_while_twig_says_there_is_budget(budget: Pace) -> None:
    budget.observe(told(remaining=3))
    assert [budget.start(900) for _ in range(3)] == [0, 0, 0]


def test_counts_what_it_sent_since_the_last_answer(budget: Pace, clock: Clock) -> None:
    budget.observe(told(remaining=1))
    budget.start(900)
    budget.start(900)  # finds out
    assert budget.start(900) == pytest.approx(6)
    assert budget.seconds_waited == pytest.approx(6)


def test_paces_itself_by_the_limit_when_the_budget_is_used_up(budget: Pace) -> None:
    budget.observe(told(remaining=0, limit=10, reset_in=90))
    assert budget.start(900) == pytest.approx(6)


def test_waits_for_the_reset_when_that_comes_first(budget: Pace) -> None:
    budget.observe(told(remaining=0, limit=10, reset_in=2))
    assert budget.start(900) == pytest.approx(2)


def test_believes_the_reset_once_pacing_proved_wrong(budget: Pace) -> None:
    budget.observe(told(remaining=0))
    budget.start(900)
    budget.refused(20)
    assert budget.start(900) == pytest.approx(20)
    budget.observe(told(remaining=0, limit=10, reset_in=40))
    assert budget.start(900) == pytest.approx(40)


def test_a_pause_holds_for_everybody(budget: Pace) -> None:
    budget.pause(5)
    assert budget.wait(900) == pytest.approx(5)
    assert budget.wait(900) == 0


def test_waiting_without_sending_uses_nothing_up(budget: Pace) -> None:
    budget.observe(told(remaining=1))
    budget.wait(900)
    assert budget.start(900) == 0


def test_keeps_the_configured_pace_while_there_are_no_headers(budget: Pace) -> None:
    waits = []
    for _ in range(20):
        waits.append(budget.start(900))
        budget.observe(Limits())
    assert waits[:15] == [0] * 15
    assert waits[15:] == pytest.approx([6] * 5)


def test_fails_rather_than_wait_longer_than_it_may(budget: Pace) -> None:
    budget.pause(3_600)
    with pytest.raises(TransientError, match="3,600 s"):
        budget.start(900)


@pytest.mark.parametrize("remaining", ["", "many", "-1", "1.5"])
def test_headers_that_make_no_sense_count_as_none(budget: Pace, remaining: str) -> None:
    budget.observe(limits_of({"X-RateLimit-Remaining": remaining}, None))
    assert budget.start(900) == 0
