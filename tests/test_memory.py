"""What is not needed any more goes back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MEASURED = """
import re
import threading
import pyarrow as pa

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024

from confluence_to_twig.memory import give_memory_back
give_memory_back()
give_memory_back()
assert pa.default_memory_pool().backend_name == "system"
pa.array([0])
before = resident()

def work():
    # What a thread that reads answers does: thousands of texts, of which the last one happens to stay.
    texts = ["x" * (20_000 + number) for number in range(1_000)]
    kept.append(texts[-1])

kept = []
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
table = pa.table({"storage": pa.array(["x" * 1_000] * 50_000)})
del table
assert pa.total_allocated_bytes() < 1_000_000
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_keeps_little_of_what_its_threads_and_tables_took() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100 * 1024 * 1024


@pytest.mark.parametrize(("asked", "used"), [({}, "system"), ({"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}, "mimalloc")])
def test_arrow_uses_the_systems_allocator_unless_told_otherwise(asked: dict[str, str], used: str) -> None:
    code = (
        "import confluence_to_twig, pyarrow; print(pyarrow.default_memory_pool().backend_name);"
        "from confluence_to_twig.memory import give_memory_back; give_memory_back(); print(pyarrow.default_memory_pool().backend_name)"
    )
    plain = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    done = subprocess.run([sys.executable, "-c", code], env=plain | asked, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [used, used]


def test_a_task_goes_over_to_the_systems_allocator_when_arrow_was_loaded_before() -> None:
    code = (
        "import pyarrow; pyarrow.array([0]); from confluence_to_twig.memory import give_memory_back; give_memory_back();"
        "print(pyarrow.default_memory_pool().backend_name)"
    )
    plain = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "system"


def _run(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


LEFT_OUT = "import sys, pyarrow as pa; from confluence_to_twig.memory import leave_pandas_out; leave_pandas_out();"


def test_arrow_makes_tables_without_pandas_which_whoever_needs_it_still_gets() -> None:
    code = (
        f"{LEFT_OUT} table = pa.Table.from_pylist([{{'a': 1}}]); print(table.to_pylist() == [{{'a': 1}}], 'pandas' in sys.modules);"
        "frame = table.to_pandas(); print(pa.Table.from_pandas(frame).equals(table), 'pandas' in sys.modules)"
    )
    assert _run(code) == ["True", "False", "True", "True"]


def test_a_pandas_that_is_loaded_already_stays_known_to_arrow() -> None:
    code = f"import pandas; {LEFT_OUT} print(pa.array(pandas.Series([1, None])).null_count)"
    assert _run(code) == ["1"]
