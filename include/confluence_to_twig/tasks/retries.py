"""Retries: what fails at once, what tries again, and how patiently."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

from confluence_to_twig.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source

#: Airflow's own bound for the delay of a retry.
LONGEST_DELAY = timedelta(hours=24)


class RetriesByCause(RetryPolicy):
    """Errors that only a human can end fail at once; a waiting time that a server told becomes the delay of the next try.

    Everything else follows the task's own ``retry_delay``. Airflow evaluates this where the task ran, with the exception at
    hand; a delay from here replaces the task's own, ``max_retry_delay`` included
    (https://airflow.apache.org/docs/apache-airflow/3.3.2/_modules/airflow/example_dags/example_retry_policy.html).
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """What becomes of a task that failed with ``exception``."""
        if isinstance(exception, PermanentError):
            return RetryDecision.fail("somebody must act first; trying again changes nothing")
        told = exception.retry_after if isinstance(exception, TransientError) else None
        if told is None:
            return RetryDecision.default()
        delay = timedelta(seconds=min(told, LONGEST_DELAY.total_seconds()))
        return RetryDecision.retry(delay, f"the server asks to wait {told:,.0f} s")

    def serialize(self) -> dict[str, Any]:
        """It has no settings."""
        return {"__type": f"{type(self).__module__}.{type(self).__qualname__}"}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RetriesByCause:
        """The reverse of :meth:`serialize`."""
        return cls()


def retries(source: Source) -> dict[str, Any]:
    """``default_args`` of every task: how often and how patiently it is tried again."""
    return {
        "retries": source.retries,
        "retry_delay": source.retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "retry_policy": RetriesByCause(),
    }
