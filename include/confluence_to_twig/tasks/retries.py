"""Retries: what fails at once, what tries again, and how patiently."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

if TYPE_CHECKING:
    from confluence_to_twig.sources.source import Source

POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="confluence_to_twig.errors.PermanentError",
            action=RetryAction.FAIL,
            reason="somebody must act first; trying again changes nothing",
        )
    ]
)


def retries(source: Source) -> dict[str, Any]:
    """``default_args`` of every task: errors that only a human can end are not tried again."""
    return {
        "retries": source.retries,
        "retry_delay": source.retry_delay,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "retry_policy": POLICY,
    }
