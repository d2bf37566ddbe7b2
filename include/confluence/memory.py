"""Keeping a task small: where Arrow takes its memory from."""

from __future__ import annotations

import pyarrow as pa


def use_system_allocator() -> None:
    """Let Arrow take memory from the system's allocator in this process from now on.

    Its own pools hold on to some tens of megabytes for the sake of speed, which short-lived tables of a few megabytes
    do not need: at 50,000 pages that is a tenth of a task's memory.
    """
    pa.set_memory_pool(pa.system_memory_pool())
