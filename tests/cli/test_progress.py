from __future__ import annotations

import io
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from confluence_to_twig.cli.in_process import DoingHandler
from confluence_to_twig.cli.live import live
from confluence_to_twig.cli.progress import Doing, PlainDisplay, ProgressPrinter, Status
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.layout import ROOT_VARIABLE


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines() -> list[str]:
    return []


def run_of(task: str) -> Run:
    facts = RunFacts("manual", datetime(2026, 11, 22, tzinfo=UTC))
    return Run(Source(name="docs", space_key="PROD"), "r", facts, RunParams(), task, 1)


def test_tells_each_task_once_when_all_its_shards_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    run = run_of("extract")
    progress = ProgressPrinter(run.staging, PlainDisplay(lines.append))
    instances = [{"task_id": "extract", "state": "success"}, {"task_id": "extract", "state": "running"}]
    progress.update(instances)
    assert lines == []
    for shard in (0, 1):
        with recorded(replace(run, shard=shard)) as record:
            record.figures |= {"pages_got": 1_000}
    instances[1]["state"] = "success"
    progress.update(instances)
    progress.update(instances)
    assert len(lines) == 1
    assert "extract" in lines[0]
    assert "2 shards, 2,000 pages" in lines[0]


def test_tells_that_a_task_waits_for_a_human(lines: list[str]) -> None:
    display = PlainDisplay(lines.append)
    ProgressPrinter(run_of("prune").staging, display).update([{"task_id": "prune", "state": "awaiting_input"}])
    assert "waits for you" in lines[0]


def test_a_line_every_ten_seconds_tells_the_count_and_the_time_left(clock: Clock, lines: list[str]) -> None:
    progress = ProgressPrinter(run_of("extract").staging, PlainDisplay(lines.append, clock), clock)
    instances = [{"task_id": "extract", "state": "running"}]
    for second in range(41):
        clock.now = second
        progress.update(instances, Doing("500 of 2,000 pages, 50 requests", at=second, done=500, total=2_000))
    assert len(lines) == 4
    assert lines[0] == "  extract    running            10.0 s  500 of 2,000 pages, 50 requests, about 30 s left"


def test_what_the_task_before_said_is_not_told_of_the_next(clock: Clock, lines: list[str]) -> None:
    clock.now = 100.0
    progress = ProgressPrinter(run_of("load").staging, PlainDisplay(lines.append, clock), clock)
    progress.update([{"task_id": "load", "state": "running"}], Doing("2,000 of 2,000 pages", at=99.0))
    clock.now = 110.0
    progress.update([{"task_id": "load", "state": "running"}], Doing("2,000 of 2,000 pages", at=99.0))
    assert lines == ["  load       running            10.0 s"]


def test_waiting_is_told_with_the_seconds_so_far(clock: Clock, lines: list[str]) -> None:
    display = PlainDisplay(lines.append, clock)
    for second in range(21):
        clock.now = second
        display.waiting("Airflow starts")
    assert lines == ["  Airflow starts (10 s)", "  Airflow starts (20 s)"]


def test_the_last_log_line_reaches_another_process_with_its_count(tmp_path: Path) -> None:
    path = tmp_path / "doing.json"
    assert Doing.read(path) == Doing()
    logger = logging.getLogger("confluence_to_twig.tests.doing")
    handler = DoingHandler(path)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    before = time.time()
    logger.info("%d of %d pages", 3, 4, extra={"progress": (3, 4)})
    logger.info("::endgroup::")
    logger.removeHandler(handler)
    found = Doing.read(path)
    assert (found.text, found.done, found.total) == ("3 of 4 pages", 3, 4)
    assert before <= found.at <= time.time()


def test_a_terminal_shows_a_bar_below_lines_with_any_characters() -> None:
    out = io.StringIO()
    with live(out) as display:
        display.waiting("Airflow starts")
        display.status(Status("extract", "running", 10.0, Doing("5 of 20 pages [/b]", done=5, total=20)))
        display.say("  extract    done [/b]")
    assert "  extract    done [/b]" in out.getvalue()
