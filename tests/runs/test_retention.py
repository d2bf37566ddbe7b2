from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confluence_to_twig.runs.history import LOOKED_AT_AGAIN, read_history
from confluence_to_twig.runs.retention import keep_history
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import files_in, folders_in, write_bytes
from confluence_to_twig.staging.layout import staging_root
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.twig.deletions import DELETIONS, DeletionLog
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


def test_a_folder_that_tells_nothing_of_its_run_goes_when_it_is_old(kept: SampleSource, run: Run) -> None:
    for name, age in (("old", timedelta(days=30)), ("young", timedelta(days=1))):
        path = kept.staging.runs / name / "report" / "validate.json"
        write_bytes(path, b"{ damaged")
        os.utime(path.path, 2 * ((NOW - age).timestamp(),))
    keep_history(keeping(run, 1))
    assert folders(kept) == ["young"]


def test_what_dead_writers_left_and_old_months_of_the_audit_go(kept: SampleSource, run: Run) -> None:
    audit = DeletionLog(kept.staging)
    write_rows(audit.months / "2001-01.parquet", DELETIONS, [])
    write_rows(audit.months / f"{NOW:%Y-%m}.parquet", DELETIONS, [])
    lasting = [
        "",
        "inventory",
        "bundles",
        "manifest.d",
        "unreadable",
        "audit/deletions.d",
        "audiences/staff/manifest.d",
    ]
    for folder in (*lasting, "runs/broken/pages"):
        for age, letter in ((2, "a"), (0, "b")):
            path = kept.staging.home / folder / f".file.{letter * 32}.tmp"
            write_bytes(path, b"x")
            os.utime(path.path, 2 * ((NOW - timedelta(days=age)).timestamp(),))
    keep_history(keeping(run, 1))
    assert files_in(audit.months) == [f"{NOW:%Y-%m}.parquet"]
    home = Path(kept.staging.home.path)
    left = sorted((str(path.parent.relative_to(home)), path.name[6]) for path in home.rglob(".file.*.tmp"))
    kept_ones = [*((folder or ".", "b") for folder in lasting), ("runs/broken/pages", "a"), ("runs/broken/pages", "b")]
    assert left == sorted(kept_ones)
