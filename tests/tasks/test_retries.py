"""What becomes of a task that failed, by the cause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.errors import RateLimitedError
from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.tasks.retries import RetriesByCause
from sandbox.confluence import faults
from sandbox.confluence.sandbox import serve
from tests.confluence.spaces import settings_of, small_space

POLICY = RetriesByCause()


def told(seconds: float) -> TransientError:
    error = TransientError("503")
    error.retry_after = seconds
    return error


def test_what_only_a_human_can_end_fails_at_once() -> None:
    assert POLICY.evaluate(PermanentError("401"), 1, 3).action is RetryAction.FAIL


@pytest.mark.parametrize("error", [TransientError("503"), KeyError("bug"), MemoryError()])
def test_everything_else_follows_the_task(error: BaseException) -> None:
    assert POLICY.evaluate(error, 1, 3).action is RetryAction.DEFAULT


def test_a_told_time_is_the_delay_of_the_next_try_but_not_beyond_a_day() -> None:
    assert POLICY.evaluate(told(3600), 1, 3).retry_delay == timedelta(hours=1)
    assert POLICY.evaluate(told(10**12), 1, 3).retry_delay == timedelta(hours=24)


def test_an_hour_that_confluence_asks_for_is_waited_by_airflow_and_named() -> None:
    with serve(small_space()) as sandbox, ConfluenceClient(settings_of(sandbox)) as client:
        space = client.space("PROD")
        sandbox.fail(faults.LimitRate(3600), r"/spaces/\d+/pages", times=None)
        with pytest.raises(RateLimitedError, match=r"asks to wait 3,600 s, until 20\d\d-") as raised:
            client.api.list_contents(space, "page")
    decision = POLICY.evaluate(raised.value, 1, 3)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(hours=1))
    assert "3,600 s" in str(decision.reason)


def test_the_policy_can_be_written_down_and_read() -> None:
    assert isinstance(RetriesByCause.deserialize(POLICY.serialize()), RetriesByCause)
