"""The tiers of tests hold what they promise, and the page of proofs is written as it is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proof_record import HEAD, PAGE, Proof, merge, read, render

ROOT = Path(__file__).resolve().parents[1]
ROW = Proof("tests/test_tiers.py::test_a", "300 examples", "passed", "0.1", "7", "abc1234", "2026-11-28")


def run_pytest(folder: Path, tests: dict[str, str], *options: str, **environment: str) -> str:
    """The output of a pytest of its own over these test files, by their place below ``tests/``, with the hooks of this project."""
    for place, text in tests.items():
        file = folder / "tests" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "tests" / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    for name in ("tiers", "proofs", "proof_record"):
        (folder / "tests" / f"{name}.py").write_text((ROOT / "tests" / f"{name}.py").read_text())
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    # Not what the line coverage of this run says to its own processes: it names a folder that is not here.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLIPCOVER_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


FAILS_ONCE = """
from pathlib import Path

def test_fails_once():
    mark = Path(__file__).with_suffix(".been-here")
    if not mark.exists():
        mark.touch()
        raise AssertionError("the first time")
"""
NEVER_AGAIN = "import pytest\npytestmark = pytest.mark.flaky(reruns=0)\n"
PASSES = "def test_it():\n    pass\n"
STARTS = "import subprocess\n\ndef test_it():\n    subprocess.run(['true'])\n"
RAISES = "raise RuntimeError('imported {}')\n"


@pytest.fixture(scope="module")
def of_some_tests(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is printed about tests in several folders."""
    tests = {
        "alerts/test_short.py": PASSES,
        "other/test_once.py": FAILS_ONCE,
        "packaging/test_long.py": PASSES,
        "planning/test_starts.py": STARTS,
        "scheduler/test_again.py": FAILS_ONCE,
        "scheduler/test_never.py": NEVER_AGAIN + FAILS_ONCE,
    }
    return run_pytest(tmp_path_factory.mktemp("some"), tests)


def test_a_whole_server_test_is_run_again_once_and_counted(of_some_tests: str) -> None:
    assert "tests/scheduler/test_again.py::test_fails_once RERUN" in of_some_tests
    assert "tests/scheduler/test_again.py::test_fails_once PASSED" in of_some_tests
    assert "Whole-server tests that were run again: 1. tests/scheduler/test_again.py::test_fails_once" in of_some_tests


def test_a_module_can_say_that_its_tests_must_not_be_run_again(of_some_tests: str) -> None:
    assert "tests/scheduler/test_never.py::test_fails_once FAILED" in of_some_tests


def test_no_other_test_is_run_again(of_some_tests: str) -> None:
    assert "tests/other/test_once.py::test_fails_once FAILED" in of_some_tests
    assert "3 failed, 3 passed, 1 rerun" in of_some_tests


def test_a_fast_test_must_not_start_a_process(of_some_tests: str) -> None:
    assert "tests/planning/test_starts.py::test_it FAILED" in of_some_tests
    assert "A test marked fast must not do this: subprocess.Popen" in of_some_tests


def test_the_longest_files_come_first(of_some_tests: str) -> None:
    assert of_some_tests.index("tests/packaging/test_long.py") < of_some_tests.index("tests/alerts/test_short.py")


def test_where_only_fast_tests_are_wanted_no_other_file_is_imported(tmp_path: Path) -> None:
    tests = {
        "planning/test_it.py": PASSES,
        "other/test_slow.py": RAISES.format("slow"),
        "other/test_marked.py": RAISES.format("marked") + "import pytest\npytestmark = pytest.mark.fast\n",
    }
    output = run_pytest(tmp_path, tests, "-m", "fast", "--continue-on-collection-errors")
    assert "1 passed, 1 error" in output
    assert "RuntimeError: imported marked" in output
    assert "imported slow" not in output


def test_a_run_at_full_size_writes_what_it_tried_with_its_seed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    test = """
import pytest
from tests.proofs import SEED, size

@pytest.mark.proofs(f"{size(3, 3_000):,} examples")
def test_it():
    assert SEED == 7
"""
    assert "1 passed" in run_pytest(tmp_path, {"other/test_it.py": test}, PROOFS_SEED="7")
    (row,) = read((tmp_path / "docs" / "proofs.md").read_text(encoding="utf-8"))
    assert (row.test, row.tried, row.result, row.seed) == (
        "tests/other/test_it.py::test_it",
        "3,000 examples",
        "passed",
        "7",
    )


def test_a_row_of_the_page_is_read_as_it_was_written() -> None:
    assert read(render([ROW])) == [ROW]


def test_a_new_row_replaces_the_one_of_the_same_test_and_drops_those_of_files_that_are_gone() -> None:
    newer = Proof(ROW.test, "500 examples", "failed", "0.2", "8", "def5678", "2026-11-29")
    gone = Proof("tests/gone.py::test_b", "1 example", "passed", "0.0", "7", "abc1234", "2026-11-28")
    assert merge([ROW, gone], [newer]) == [newer]


def test_the_page_of_proofs_is_what_a_run_would_write() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == render(read(text))
    assert text.startswith(HEAD)


def test_every_proof_of_the_page_passed() -> None:
    assert [row for row in read(PAGE.read_text(encoding="utf-8")) if row.result != "passed"] == []
