"""What a task does to need little memory: give back what it no longer needs, and load nothing for nothing."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa

# https://www.man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
KEPT_BYTES = 128 * 1024


class _NoPandas(MetaPathFinder):
    """Lets no import of pandas succeed."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)


def leave_pandas_out() -> None:
    """Keep Arrow from importing pandas, unless that has happened already. Call it before the first array is made.

    Arrow imports pandas with the first array that it makes of Python objects, to recognise those of pandas. That takes
    44 MB and a third of a second of each task, and none hands it such objects. It asks once; what needs pandas
    (``to_pandas``) imports it later all the same.
    """
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(finder)


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
