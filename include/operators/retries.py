"""Retries: what fails at once, what tries again, and how patiently."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

#: ``default_args`` of every task. Errors that only a human can end are not tried again.
RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=15),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception="include.errors.PermanentError",
                action=RetryAction.FAIL,
                reason="somebody must act first; trying again changes nothing",
            )
        ]
    ),
}
