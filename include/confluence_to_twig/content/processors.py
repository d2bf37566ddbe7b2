"""How many processors a task may use, also in a container."""

from __future__ import annotations

import os
from pathlib import Path

#: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files: microseconds of processor time a period.
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_processors(quota: Path = CPU_QUOTA) -> int:
    """The processors this process may run on, or fewer if its container may only use a part of them; at least 1.

    :param quota: file of control groups version 2; without it only the processors count.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text().split()
    except FileNotFoundError:
        return processors
    return processors if allowed == "max" else max(1, min(processors, round(int(allowed) / int(period))))
