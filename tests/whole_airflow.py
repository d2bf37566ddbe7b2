"""What the whole Airflows of the tests have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.airflow_home import bare_environment

#: No DAG file changes while a test runs, and each look at one costs a second of a processor.
SELDOM_PARSED = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "600",
}
#: Options of a sandbox Twig that lets nobody wait: how its limits are kept to is tested without an Airflow.
PROMPT_TWIG = ("--rate", "off", "--processing-seconds", "0.5")


#: Each task imports half a thousand modules, for half a second of a processor, unless the scheduler has them.
PRELOADED = Path(__file__).with_name("preloaded")


def base_environment() -> dict[str, str]:
    """The environment of this process without anybody's settings, with those of a test's Airflow."""
    return bare_environment() | SELDOM_PARSED | {"PYTHONPATH": str(PRELOADED)}


@contextmanager
def ended_at_once() -> Iterator[None]:
    """Around an Airflow that nobody looks at afterwards: to end in good order takes it ten seconds of a processor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "STOP_SECONDS", 0.0)
        yield
