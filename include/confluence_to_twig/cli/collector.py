"""Python's garbage collector, for a process that is about to import Airflow."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Let the collector look seldom: a fifth of the time in which Airflow is imported.

    Three thousand modules make hundreds of thousands of objects, and nearly all of them stay. By default the collector
    looks through the newest after each 700, and time and again through all. Call it first.
    """
    gc.set_threshold(50_000, 20, 50)
