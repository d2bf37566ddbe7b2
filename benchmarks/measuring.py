"""What the benchmarks share: environments of their own for the contestants, the memory a process has had, the document."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]


#: What benchmarks keep between runs, outside of the checkout.
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "confluence-to-twig" / "benchmarks"


def environment(name: str, requirements: Sequence[str], alone: Sequence[str] = ()) -> Path:
    """The Python of an environment with these packages, made on first use and when they have changed.

    :param alone: packages to install without what they depend on.
    """
    folder = CACHE / name
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    wanted = " ".join((*requirements, *alone))
    if not installed.exists() or installed.read_text() != wanted:
        uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
        subprocess.run([*install, *requirements], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone], check=True)
        installed.write_text(wanted)
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


def machine() -> str:
    """A sentence: when it was measured, on what, and what else went on there."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    processor = found[1] if found else platform.machine()
    load = os.getloadavg()[2]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores ({processor}), Python {platform.python_version()}, "
        f"load average {load:.1f}."
    )


def write_section(heading: str, text: str, path: Path = ROOT / "docs" / "benchmarks.md") -> None:
    """Replace a section of ``docs/benchmarks.md``, or add it; other sections stay."""
    old = path.read_text() if path.exists() else "# Benchmarks\n"
    new = f"## {heading}\n\n{text}\n"
    pattern = re.compile(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    replaced = pattern.sub(lambda _: f"{new}\n", old) if pattern.search(old) else f"{old.rstrip()}\n\n{new}"
    path.write_text(replaced.rstrip() + "\n")
