"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T | None], seconds: float = 120) -> T:
    """Look once a second until there is something to see: each look costs Airflow some of the processor that it would work with."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(1)
    raise AssertionError(f"nothing to see after {seconds:.0f} s")
