"""Arrow takes its memory where a finished table gives it back."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import pyarrow as pa
from include.confluence.memory import use_system_allocator
use_system_allocator()
use_system_allocator()
assert pa.default_memory_pool().backend_name == "system"
table = pa.table({"storage": ["x" * 1000] * 1000})
assert pa.total_allocated_bytes() >= 1_000_000
del table
assert pa.total_allocated_bytes() == 0
"""


def test_arrow_uses_the_system_s_allocator_from_then_on_and_gives_back_what_it_took() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
