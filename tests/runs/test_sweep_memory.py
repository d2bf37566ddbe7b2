from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.runs.sweep_memory import SweepMemory, read_sweep_memory, write_sweep_memory
from confluence_to_twig.staging.layout import SourceStaging, root_at

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def staging(tmp_path: Path) -> SourceStaging:
    return SourceStaging(root_at(str(tmp_path)), "docs")


def test_is_empty_before_the_first_sweep(staging: SourceStaging) -> None:
    assert read_sweep_memory(staging) == SweepMemory()


def test_comes_back_as_it_was_written(staging: SourceStaging) -> None:
    memory = SweepMemory(frozenset({"7", "8"}), planned_at=NOW).doubting(["9"], "run-1", NOW)
    write_sweep_memory(staging, memory)
    assert read_sweep_memory(staging) == memory


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"left_outside": 3, "doubts": {}}', '{"format": 99}'])
def test_a_damaged_one_is_an_empty_one(text: str, staging: SourceStaging) -> None:
    write_sweep_memory(staging, SweepMemory(frozenset({"7"})))
    (staging.home / "sweeps.json").write_text(text)
    assert read_sweep_memory(staging) == SweepMemory()


@pytest.mark.parametrize(
    ("hours", "settled"),
    [
        ([0, 1, 2], False),  # three sweeps, not a day
        ([0, 25], False),  # more than a day, two sweeps
        ([0, 12, 24], True),
        ([0, 1, 2, 24], True),
    ],
)
def test_a_doubt_is_settled_after_three_sweeps_over_a_day(hours: list[int], settled: bool) -> None:
    memory = SweepMemory()
    for number, hour in enumerate(hours):
        now = NOW + timedelta(hours=hour)
        memory = memory.doubting(["9"], f"run-{number}", now)
    assert (memory.doubted(now) == {"9"}) is settled


def test_a_second_try_of_a_run_counts_once() -> None:
    memory = SweepMemory()
    for hour in (0, 1, 30):
        memory = memory.doubting(["9"], "the same run", NOW + timedelta(hours=hour))
    assert memory.doubted(NOW + timedelta(hours=30)) == frozenset()


def test_one_sweep_without_the_doubt_ends_it() -> None:
    memory = SweepMemory().doubting(["9"], "1", NOW).doubting([], "2", NOW + timedelta(hours=12))
    memory = memory.doubting(["9"], "3", NOW + timedelta(hours=24)).doubting(["9"], "4", NOW + timedelta(hours=25))
    assert memory.doubted(NOW + timedelta(hours=48)) == frozenset()


def test_what_an_earlier_try_of_a_run_planned_is_not_done_yet(staging: SourceStaging) -> None:
    first = SweepMemory().planned("run-1", NOW)
    assert first.planned_until("run-1") is None
    assert first.planned_until("run-2") == NOW
    again = first.planned("run-2", NOW + timedelta(hours=1)).planned("run-2", NOW + timedelta(hours=2))
    write_sweep_memory(staging, again)
    assert read_sweep_memory(staging).planned_until("run-2") == NOW
    assert read_sweep_memory(staging).planned_until("run-3") == NOW + timedelta(hours=2)
