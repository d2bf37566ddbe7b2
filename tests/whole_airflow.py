"""What the whole Airflows of the tests have in common."""

from __future__ import annotations

from sandbox.airflow_home import bare_environment

#: No DAG file changes while a test runs, and each look at one costs a second of a processor.
SELDOM_PARSED = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "60",
}


def base_environment() -> dict[str, str]:
    """The environment of this process without anybody's settings, with those of a test's Airflow."""
    return bare_environment() | SELDOM_PARSED
