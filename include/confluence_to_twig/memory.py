"""Give memory that a task no longer needs back to the system."""

from __future__ import annotations

import ctypes
import os
import sys

import pyarrow as pa

# https://www.man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
KEPT_BYTES = 128 * 1024


def give_memory_back() -> None:
    """Give freed memory back to the system, and make this process keep little of it from now on.

    Answers and tables of a megabyte come and go all the time. Arrow's own pools keep tens of megabytes of them, and
    glibc gives every thread a heap of its own, none of which shrinks: together a quarter of a task's memory. Neither
    makes a task faster. The call takes milliseconds. Call it before threads are started, and after each big step.
    """
    # The package's default, unless somebody chose another; too late for an Arrow that was loaded before the package.
    if os.environ.get("ARROW_DEFAULT_MEMORY_POOL") == "system":
        pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # glibc: musl has none of this, and does not need it
        libc.mallopt(_M_ARENA_MAX, 1)
        libc.mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        libc.malloc_trim(0)
