"""The tiers of tests hold what they promise, and the page of proofs is written as it is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.proof_record import HEAD, PAGE, Proof, merge, read, render

ROOT = Path(__file__).resolve().parents[1]
ROW = Proof("tests/test_tiers.py::test_a", "300 examples", "passed", "0.1", "7", "abc1234", "2026-11-28")


def run_pytest(folder: Path, test: str, *options: str, inside: str = "other", **environment: str) -> str:
    """The output of a pytest of its own over one test, with the hooks of this project."""
    place = folder / "tests" / inside
    place.mkdir(parents=True)
    (folder / "tests" / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    for name in ("tiers", "proofs", "proof_record"):
        (folder / "tests" / f"{name}.py").write_text((ROOT / "tests" / f"{name}.py").read_text())
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (place / "test_it.py").write_text(test)
    # Not what the line coverage of this run says to its own processes: it names a folder that is not here.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLIPCOVER_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:schemathesis", *options],
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
    mark = Path("been-here")
    if not mark.exists():
        mark.touch()
        raise AssertionError("the first time")
"""


def test_a_whole_server_test_is_run_again_once_and_counted(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, FAILS_ONCE, inside="scheduler")
    assert "1 passed, 1 rerun" in output
    assert "Whole-server tests that were run again: 1. tests/scheduler/test_it.py::test_fails_once" in output


def test_a_module_can_say_that_its_tests_must_not_be_run_again(tmp_path: Path) -> None:
    never = "import pytest\npytestmark = pytest.mark.flaky(reruns=0)\n"
    assert "1 failed" in run_pytest(tmp_path, never + FAILS_ONCE, inside="scheduler")


def test_no_other_test_is_run_again(tmp_path: Path) -> None:
    assert "1 failed" in run_pytest(tmp_path, FAILS_ONCE)


def test_a_fast_test_must_not_start_a_process(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path, "import subprocess\n\ndef test_it():\n    subprocess.run(['true'])\n", inside="planning"
    )
    assert "A test marked fast must not do this: subprocess.Popen" in output


def test_where_only_fast_tests_are_wanted_no_other_file_is_imported(tmp_path: Path) -> None:
    assert "1 passed" in run_pytest(tmp_path, "def test_it():\n    pass\n", "-m", "fast", inside="planning")
    slow = "raise RuntimeError('imported')\n"
    marked = slow + "import pytest\npytestmark = pytest.mark.fast\n"
    for name, text in {"slow": slow, "marked": marked}.items():
        (tmp_path / name).mkdir()
        output = run_pytest(tmp_path / name, text, "-m", "fast")
        assert ("RuntimeError: imported" in output) is (name == "marked"), output


def test_the_longest_files_come_first(tmp_path: Path) -> None:
    (tmp_path / "tests" / "alerts").mkdir(parents=True)
    (tmp_path / "tests" / "alerts" / "test_other.py").write_text("def test_it():\n    pass\n")
    output = run_pytest(tmp_path, "def test_it():\n    pass\n", "-v", inside="packaging")
    assert output.index("tests/packaging/test_it.py") < output.index("tests/alerts/test_other.py")


def test_a_run_at_full_size_writes_what_it_tried_with_its_seed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    test = """
import pytest
from tests.proofs import SEED, size

@pytest.mark.proofs(f"{size(3, 3_000):,} examples")
def test_it():
    assert SEED == 7
"""
    assert "1 passed" in run_pytest(tmp_path, test, PROOFS_SEED="7")
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
