"""The retry loop on a clock that stands still unless somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.http.budget import Unmetered
from confluence_to_twig.http.errors import AnswerTooLargeError, RateLimitedError, UnavailableError
from confluence_to_twig.http.pace import Pace
from confluence_to_twig.http.retry import Patience, persist
from tests.http.test_pace import Clock

pytestmark = pytest.mark.fast

QUICK = Patience(attempts=3, seconds=60)


def failing(*errors: Exception) -> Callable[[], str]:
    """Raises these one after the other, then returns."""
    left = list(errors)

    def send() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return send


def told(error: TransientError, seconds: float) -> TransientError:
    error.retry_after = seconds
    return error


def run(send: Callable[[], str], patience: Patience = QUICK) -> tuple[str, float]:
    """What came, after how many seconds."""
    clock = Clock()
    answer = persist(send, Pace("the limit", Unmetered(), clock, clock.sleep), patience)
    return answer, clock.now - 1000


def test_faults_back_off_from_seconds() -> None:
    answer, seconds = run(failing(UnavailableError("503"), UnavailableError("503")))
    assert answer == "answer"
    assert 0.75 * 3 <= seconds <= 1.25 * 3


def test_a_rate_limit_without_a_time_backs_off_from_seconds_and_is_no_fault() -> None:
    _, seconds = run(failing(*[RateLimitedError("429")] * 4))
    assert 0.75 * 15 <= seconds <= 1.25 * 15 + 1


def test_a_told_time_is_waited_for_exactly() -> None:
    assert run(failing(told(RateLimitedError("429"), 7), told(UnavailableError("503"), 11)))[1] == 18


def test_a_server_that_says_zero_again_and_again_is_not_asked_without_end() -> None:
    with pytest.raises(RateLimitedError):
        run(failing(*[told(RateLimitedError("429"), 0)] * 1_000))


def test_a_time_beyond_the_patience_is_carried_and_named_and_not_waited_for() -> None:
    with pytest.raises(RateLimitedError, match=r"429 \(the server asks to wait 3,600 s, until 20.* UTC\)") as raised:
        run(failing(told(RateLimitedError("429", "Wait."), 3600)))
    assert (raised.value.retry_after, raised.value.remedy) == (3600, "Wait.")


def test_a_lasting_fault_says_how_often_it_was_tried() -> None:
    with pytest.raises(UnavailableError, match=r"^503 \(given up after attempt 3\)"):
        run(failing(*[UnavailableError("503")] * 9))


@pytest.mark.parametrize("error", [PermanentError("401"), AnswerTooLargeError("too large"), KeyError("bug")])
def test_what_stays_the_same_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        run(failing(error))
    assert raised.value is error
