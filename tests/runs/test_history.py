from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from confluence_to_twig.runs import history
from confluence_to_twig.runs.history import KEPT_RUNS, newest_first, read_history, remember
from confluence_to_twig.runs.report import build_report
from confluence_to_twig.runs.run_row import RunRow, row_of
from tests.web.samples import NOW, SITE, SampleSource

HOUR = timedelta(hours=1)


def folders(source: SampleSource) -> list[str]:
    return [row.folder for row in read_history(source.staging)]


def test_is_empty_before_the_first_run(docs: SampleSource) -> None:
    assert read_history(docs.staging) == []


def test_lists_runs_in_the_order_in_which_they_ended(docs: SampleSource) -> None:
    docs.run("scheduled__2", NOW)
    docs.run("backfill__1", NOW + HOUR)
    docs.run("manual__3", NOW - HOUR)
    assert folders(docs) == ["manual__3", "scheduled__2", "backfill__1"]


def test_gives_the_figures_of_a_report(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, result={"pages": 245, "changed": 12, "removed": 3, "seconds": 30.0})
    (row,) = read_history(docs.staging)
    assert (row.run_id, row.state, row.pages, row.changed, row.removed) == ("manual__1", "success", 245, 12, 3)
    assert (row.restricted, row.skipped, row.space_url) == (2, 2, f"{SITE}/spaces/PROD")
    assert (row.started_at, row.ended_at) == ((NOW - timedelta(seconds=30)).isoformat(), NOW.isoformat())


def test_a_report_without_times_counts_from_when_it_was_written(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, ended_at=None)
    (row,) = read_history(docs.staging)
    assert row.started_at < row.ended_at


def test_sees_a_run_under_way_by_its_records(docs: SampleSource) -> None:
    details = {"run_type": "manual", "space": {"url": "u", "name": "n"}}
    docs.record("manual__1", "validate", NOW, details=details)
    docs.record("manual__1", "discover", NOW + HOUR, details={"sweep_complete": True}, figures={"restricted": 4})
    (row,) = read_history(docs.staging)
    assert (row.state, row.run_id, row.pages, row.restricted, row.whole) == ("running", "manual__1", None, 4, True)
    assert row.ended_at == (NOW + HOUR).isoformat()


def test_shows_what_failed_and_what_to_do(docs: SampleSource) -> None:
    error = "CredentialsError: 401 Unauthorized: wrong token\nPaste a new one.\nThen clear the task."
    docs.record("manual__1", "validate", NOW, state="failed", error=error)
    (row,) = read_history(docs.staging)
    assert (row.state, row.problem) == ("failed", "401 Unauthorized: wrong token")
    assert row.remedy == "Paste a new one.\nThen clear the task."


def test_a_folder_without_anything_is_not_a_run(docs: SampleSource) -> None:
    docs.staging.run("manual__1").home.mkdir(parents=True)
    assert read_history(docs.staging) == []


def test_a_damaged_report_costs_its_own_line_only(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    broken = docs.run("manual__2", NOW)
    with broken.report.open("w") as file:
        file.write('{"run_id": ')
    assert folders(docs) == ["manual__1"]


@pytest.mark.parametrize(
    "report",
    [
        {"run_type": "backfill"},
        {"sweep_complete": False},
        {"params": {"page_ids": ["1"]}},
        {"params": {"since": "2026-11-01T00:00:00Z"}},
    ],
)
def test_a_run_that_did_not_look_at_everything_is_not_whole(docs: SampleSource, report: dict[str, object]) -> None:
    docs.run("manual__1", NOW, **report)
    assert [row.whole for row in read_history(docs.staging)] == [False]


def test_outlives_the_folders_of_runs(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    remember(docs.staging, "manual__1")
    docs.staging.run("manual__1").home.rmdir(recursive=True)
    docs.run("manual__2", NOW + HOUR)
    remember(docs.staging, "manual__2")
    assert folders(docs) == ["manual__1", "manual__2"]


def test_remembering_is_the_same_as_looking(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    docs.record("manual__2", "validate", NOW + HOUR, state="failed", error="timed out")
    docs.record("manual__3", "validate", NOW + 2 * HOUR)
    before = read_history(docs.staging)
    remember(docs.staging, "manual__1")
    assert read_history(docs.staging) == before


def test_puts_back_a_line_that_another_run_overwrote(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    remember(docs.staging, "manual__1")
    with (docs.staging.home / "history.jsonl").open("w") as file:
        file.write("")
    docs.run("manual__2", NOW + HOUR)
    remember(docs.staging, "manual__2")
    docs.staging.runs.rmdir(recursive=True)
    assert folders(docs) == ["manual__1", "manual__2"]


def test_a_run_under_way_gets_no_line_yet(docs: SampleSource) -> None:
    docs.record("manual__1", "validate", NOW)
    docs.run("manual__2", NOW)
    remember(docs.staging, "manual__2")
    docs.staging.runs.rmdir(recursive=True)
    assert folders(docs) == ["manual__2"]


def test_a_failed_run_that_was_cleared_and_went_well_is_seen(docs: SampleSource) -> None:
    docs.record("manual__1", "validate", NOW, state="failed", error="timed out")
    docs.run("manual__2", NOW)
    remember(docs.staging, "manual__2")
    docs.run("manual__1", NOW + HOUR)
    assert {row.folder: row.state for row in read_history(docs.staging)} == {
        "manual__1": "success",
        "manual__2": "success",
    }


def test_a_run_that_is_done_again_replaces_its_line(docs: SampleSource) -> None:
    docs.run("scheduled__1", NOW, result={"changed": 12})
    remember(docs.staging, "scheduled__1")
    docs.run("scheduled__1", NOW + HOUR, result={"changed": 0})
    remember(docs.staging, "scheduled__1")
    assert [row.changed for row in read_history(docs.staging)] == [0]


def test_keeps_the_newest_runs_only(docs: SampleSource, monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEPT_RUNS >= 1_000
    monkeypatch.setattr(history, "KEPT_RUNS", 2)
    for number in range(4):
        docs.run(f"manual__{number}", NOW + number * HOUR)
    remember(docs.staging, "manual__3")
    docs.staging.runs.rmdir(recursive=True)
    assert folders(docs) == ["manual__2", "manual__3"]


def test_a_line_that_is_not_readable_is_left_out(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    remember(docs.staging, "manual__1")
    with (docs.staging.home / "history.jsonl").open("a") as file:
        file.write('\n{"folder": "manual__2", "ended_at": "2026"}\nnonsense\n')
    assert folders(docs) == ["manual__1"]


def test_a_line_that_broke_off_costs_no_other_one(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    remember(docs.staging, "manual__1")
    path = docs.staging.home / "history.jsonl"
    whole = path.read_text()
    with path.open("w") as file:
        file.write(whole[:-9])
    docs.run("manual__2", NOW + HOUR)
    remember(docs.staging, "manual__2")
    docs.staging.runs.rmdir(recursive=True)
    assert folders(docs) == ["manual__1", "manual__2"]


def test_adds_lines_and_leaves_those_that_are_there(docs: SampleSource) -> None:
    path = docs.staging.home / "history.jsonl"
    docs.run("manual__1", NOW)
    remember(docs.staging, "manual__1")
    before = (path.stat().st_ino, path.read_text())
    docs.run("manual__2", NOW + HOUR)
    remember(docs.staging, "manual__2")
    assert path.stat().st_ino == before[0]
    assert path.read_text().startswith(before[1])
    added = path.read_text()
    remember(docs.staging, "manual__2")
    assert path.read_text() == added


def test_a_store_that_can_not_append_gets_the_whole_file() -> None:
    attach("memory", fs=MemoryFileSystem())
    docs = SampleSource(f"memory://history-{uuid4().hex}")
    for number in (1, 2):
        docs.run(f"manual__{number}", NOW + number * HOUR)
        remember(docs.staging, f"manual__{number}")
    docs.staging.runs.rmdir(recursive=True)
    assert folders(docs) == ["manual__1", "manual__2"]


def test_a_run_without_a_sign_of_life_is_taken_for_failed(docs: SampleSource) -> None:
    docs.record("manual__1", "validate", NOW)
    docs.record("manual__2", "validate", NOW + HOUR)
    remember(docs.staging, "manual__3", abandoned_before=NOW + HOUR)
    docs.staging.runs.rmdir(recursive=True)
    assert [(row.folder, row.state) for row in read_history(docs.staging)] == [("manual__1", "failed")]


def test_a_line_that_comes_late_stands_where_its_run_ended(docs: SampleSource) -> None:
    docs.record("manual__1", "validate", NOW)
    docs.run("manual__2", NOW + HOUR)
    remember(docs.staging, "manual__2")
    remember(docs.staging, "manual__3", abandoned_before=NOW + 2 * HOUR)
    docs.staging.runs.rmdir(recursive=True)
    assert [row.folder for row in newest_first(docs.staging)] == ["manual__2", "manual__1"]


def test_reads_no_more_lines_than_are_asked_for(docs: SampleSource, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(40):
        docs.run(f"manual__{number:02}", NOW + number * HOUR)
    remember(docs.staging, "manual__39")
    path = docs.staging.home / "history.jsonl"
    with path.open("a") as file:
        file.write('\n{"folder": "manual__00", "ended_at": "2026-01-01", "summary": "not a whole row"}')
    docs.staging.runs.rmdir(recursive=True)
    runs = newest_first(docs.staging)
    assert next(iter(runs)).folder == next(iter(runs)).folder == "manual__39"
    assert "not readable" not in caplog.text
    assert len(list(runs)) == 40
    assert "not readable" in caplog.text


def test_takes_the_report_that_the_pipeline_really_builds(docs: SampleSource) -> None:
    docs.record("manual__1", "verify", NOW, details={"pages": 7, "chunks": 30, "problems": []}, figures={"failed": 1})
    report = build_report(docs.staging.run("manual__1"), "docs", "manual__1")
    row = row_of(report, "manual__1", started_at="a", ended_at="b")
    assert (row.pages, row.chunks, row.failed, row.state) == (7, 30, 1, "success")


def test_a_line_of_an_earlier_release_is_read_without_what_it_lacks(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, settings="name=1", converter="2")
    (row,) = read_history(docs.staging)
    data = asdict(row)
    for name in ("failed_in", "settings", "converter", "approval", "approved_at"):
        del data[name]
    assert RunRow.from_json(data) == replace(row, settings="", converter="")
