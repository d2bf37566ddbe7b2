from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from confluence_to_twig.runs.history import LOOKED_AT_AGAIN, read_history
from confluence_to_twig.runs.retention import keep_history
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import folders_in
from confluence_to_twig.staging.layout import staging_root
from tests.web.samples import SampleSource

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)


@pytest.fixture
def kept(run: Run) -> SampleSource:
    """The staging of the run's source."""
    return SampleSource(str(staging_root()), run.source.name)


def keeping(run: Run, keep_runs: int, run_id: str = "manual__new") -> Run:
    return replace(run, source=Source(name="docs", space_key="PROD", keep_runs=keep_runs), run_id=run_id)


def folders(kept: SampleSource) -> list[str]:
    return folders_in(kept.staging.runs)


@pytest.mark.parametrize("keep_runs", [1, 2, 3])
def test_as_many_runs_as_asked_for_keep_their_folder(kept: SampleSource, run: Run, keep_runs: int) -> None:
    for number in range(4):
        kept.run(f"manual__{number}", NOW + number * HOUR)
    keep_history(keeping(run, keep_runs, "manual__3"))
    assert folders(kept) == [f"manual__{number}" for number in range(4 - keep_runs, 4)]
    assert [row.folder for row in read_history(kept.staging)] == [f"manual__{number}" for number in range(4)]


def test_runs_that_failed_before_their_last_task_go_as_well(kept: SampleSource, run: Run) -> None:
    for number in range(4):
        kept.record(f"manual__{number}", "load", NOW + number * HOUR, state="failed", error="TransientError: timed out")
    keep_history(keeping(run, 2))
    assert folders(kept) == ["manual__2", "manual__3"]
    assert [(row.state, row.problem) for row in read_history(kept.staging)] == 4 * [("failed", "timed out")]


def test_runs_that_fail_do_not_push_out_the_last_one_that_did_not(kept: SampleSource, run: Run) -> None:
    kept.run("manual__good", NOW)
    for number in range(3):
        kept.record(f"manual__{number}", "validate", NOW + number * HOUR, state="failed", error="ValueError: no")
    keep_history(keeping(run, 1))
    assert folders(kept) == ["manual__2", "manual__good"]


def test_a_run_under_way_keeps_its_folder(kept: SampleSource, run: Run) -> None:
    kept.record("manual__0", "validate", NOW)
    for number in (1, 2):
        kept.run(f"manual__{number}", NOW + number * HOUR)
    keep_history(keeping(run, 1))
    assert folders(kept) == ["manual__0", "manual__2"]


def test_a_run_that_broke_off_long_ago_does_not(kept: SampleSource, run: Run) -> None:
    kept.record("manual__lost", "validate", NOW - timedelta(days=30))
    kept.record("manual__failed", "validate", NOW, state="failed", error="ValueError: no")
    for number in range(LOOKED_AT_AGAIN):
        kept.run(f"manual__{number:02}", NOW + number * HOUR)
    keep_history(keeping(run, 1))
    assert folders(kept) == [f"manual__{LOOKED_AT_AGAIN - 1}", "manual__failed"]
    assert next((row.state, row.problem) for row in read_history(kept.staging)) == (
        "failed",
        "The run broke off, and no task says why",
    )


def test_an_old_run_that_begins_anew_keeps_its_folder(kept: SampleSource, run: Run) -> None:
    for number in range(3):
        kept.run(f"manual__{number}", NOW + number * HOUR)
    keep_history(keeping(run, 1, "manual__0"))
    assert folders(kept) == ["manual__0", "manual__2"]
