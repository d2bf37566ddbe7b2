"""The floor of line coverage: statements as coverage counts them, over all modules, imported or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.line_coverage import judge

MODULE = """
def add(
    first, second
):
    return (
        first
        + second
    )


def unused():
    return 1
"""


@pytest.mark.parametrize(
    ("executed", "floor", "problem"),
    [
        ([2, 11], 50, None),
        ([2, 6, 7, 11], 75, None),
        ([2, 6, 7, 11], 76, "75.00 % of the lines are covered, and the floor is 76.0 %"),
        ([], 1, "0.00 % of the lines are covered, and the floor is 1.0 %"),
    ],
)
def test_a_statement_counts_once_and_too_few_of_them_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executed: list[int], floor: int, problem: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(f"[tool.coverage.report]\nfail_under = {floor}\n")
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "measured.json").write_text(json.dumps({"files": {"module.py": {"executed_lines": executed}}}))
    assert judge(tmp_path / "measured.json") == problem
