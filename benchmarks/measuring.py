"""What the benchmarks share: environments of their own for the contestants, and the memory a process has had."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of an environment with these packages, made on first use and when they have changed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "confluence-to-twig" / "benchmarks" / name
    python, installed = cache / "bin" / "python", cache / "installed.txt"
    if not installed.exists() or installed.read_text() != " ".join(requirements):
        uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(cache)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *requirements], check=True)
        installed.write_text(" ".join(requirements))
    return python


def peak_kilobytes(process: str = "self") -> int:
    """The most memory a process has had since it was started (``getrusage`` counts from before ``exec``, and so is never
    less than what the parent has); 0 for one that has just ended."""
    return _kilobytes("VmHWM", process)


def resident_kilobytes() -> int:
    """The memory that this process has now."""
    return _kilobytes("VmRSS", "self")


def _kilobytes(what: str, process: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc", process, "status").read_text())
    return int(found[1]) if found else 0


def megabytes(kilobytes: int) -> float:
    """What Linux calls kilobytes, in millions of bytes."""
    return kilobytes * 1024 / 1e6
