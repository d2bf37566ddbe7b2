"""What only a real scheduler shows: schedules, backfills, killed tasks, approvals."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
import requests

from confluence_to_twig.runs.metrics import METRICS
from tests.scheduler.conftest import Place, ended
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)
SCHEDULED, BACKFILLED = "confluence_to_twig__scheduled", "confluence_to_twig__backfilled"


def test_unpausing_a_source_runs_its_newest_interval_and_syncs_the_space(place: Place, complete: str) -> None:
    (run,) = place.airflow.api.runs(SCHEDULED)
    assert (run["run_type"], run["dag_run_id"]) == ("scheduled", complete)
    report = place.report("scheduled", complete)
    assert report["result"]["pages"] == len(place.held("scheduled"))
    assert report["window"]["origin"] == "whole space"
    assert place.airflow.api.import_errors() == []


def test_the_run_tells_a_statsd_server_the_metrics_of_its_source(place: Place, complete: str) -> None:
    seen = place.statsd.seen()
    told = {name for name, values in seen.items() if any(tags["source"] == "scheduled" for _, _, tags in values)}
    assert told == METRICS.keys() - {"pages_deleted"}  # a first run has nothing to delete
    report = place.report("scheduled", complete)
    ours = [value for value, _, tags in seen["pages_sent"] if tags["source"] == "scheduled"]
    assert sum(map(int, ours)) == report["result"]["changed"]
    durations = {tags["task"] for _, _, tags in seen["task_duration"] if tags["source"] == "scheduled"}
    assert durations == {"validate", "discover", "extract", "transform", "load", "verify"}  # nothing to prune


def test_the_run_is_one_graph_from_the_space_to_twig_in_openlineage(place: Place, complete: str) -> None:
    report = place.report("scheduled", complete)
    events = [json.loads(line) for line in place.openlineage.read_text(encoding="utf-8").splitlines()]
    ended = {
        event["job"]["name"].rpartition(".")[2]: event
        for event in events
        if event["eventType"] == "COMPLETE" and ".scheduled." not in event["job"]["name"]
    }
    twig, space = ("twig", "scheduled"), (f"confluence://127.0.0.1:{place.airflow.ports['confluence']}", "PROD")
    edges = {
        ((read["namespace"], read["name"]), (written["namespace"], written["name"]))
        for event in ended.values()
        for read in event["inputs"]
        for written in event["outputs"]
    }
    reached = {space}
    for _ in range(len(edges)):
        reached |= {end for start, end in edges if start in reached}
    assert twig in reached
    staging = str(place.airflow.staging("scheduled").home.path)
    assert {name.removeprefix(staging) for _, name in reached - {space, twig}} == {
        "/inventory",
        "/plan",
        "/pages",
        "/documents",
        "/chunks",
    }
    (documents, chunks) = ended["transform"]["outputs"]
    assert documents["outputFacets"]["outputStatistics"]["rowCount"] == report["result"]["pages"]
    assert chunks["outputFacets"]["outputStatistics"]["size"] > 10_000
    assert {"chunk_id", "text"} <= {column["name"] for column in chunks["facets"]["schema"]["fields"]}
    (sent,) = ended["load"]["outputs"]
    assert sent["outputFacets"]["outputStatistics"]["rowCount"] == report["result"]["chunks"]
    (held,) = ended["verify"]["inputs"]
    assert held["inputFacets"]["dataQualityMetrics"]["rowCount"] == report["result"]["chunks"]
    rules = {it["assertion"]: it["success"] for it in held["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert rules == {name: rule["good"] for name, rule in report["quality"]["rules"].items()}


@pytest.mark.usefixtures("complete")
def test_a_load_killed_in_the_middle_of_a_batch_ends_like_one_that_was_left_alone(place: Place) -> None:
    fault = {"kind": "delay", "method": "POST", "path": "/documents$", "applied": False, "seconds": 8}
    requests.post(f"{place.twig_url}/_sandbox/faults", json=fault, timeout=10).raise_for_status()
    dag_id, run_id = place.trigger("by_hand")

    def load_in_its_batch() -> dict[str, Any] | None:
        if requests.get(f"{place.twig_url}/_sandbox/faults", timeout=10).json():
            return None  # no load has met it yet
        instances = place.airflow.api.task_instances(dag_id, run_id)
        (load,) = [ti for ti in instances if ti["task_id"] == "load"] or [{}]
        return load if load.get("pid") and load["state"] == "running" else None

    load = until(load_in_its_batch, seconds=200)
    os.kill(load["pid"], signal.SIGKILL)
    assert place.end_of(dag_id, run_id) == "success"
    (again,) = [ti for ti in place.airflow.api.task_instances(dag_id, run_id) if ti["task_id"] == "load"]
    assert again["try_number"] == 2
    assert place.held("by_hand") == place.held("scheduled")


@pytest.mark.timeout(1_200)
def test_the_backfill_command_has_the_scheduler_run_days_that_hold_what_a_full_sync_holds(
    place: Place, complete: str
) -> None:
    """Each run covers its own day; together they hold the pages modified in these days, once.

    Days that are run again, newest first, find nothing to do.
    """
    dag_id = place.unpause("backfilled")
    until(lambda: place.airflow.api.runs(dag_id, "success", "failed"), seconds=200)
    command = [sys.executable, "-m", "confluence_to_twig.cli.main", "backfill", "backfilled"]
    done = subprocess.run(
        [*command, "--from", "2026-09-08", "--to", "2026-09-09"],
        env=place.airflow.environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert dag_id in done.stdout.splitlines()[0]
    reports = _backfilled(place, "2026-09-08", "2026-09-09")
    assert len(reports) == 2
    assert {report["window"]["origin"] for report in reports} == {"backfill"}
    covered = sorted((report["window"]["start"], report["window"]["end"]) for report in reports)
    assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(covered))
    wanted = _modified_between(place, complete, covered[0][0], covered[-1][1])
    held, whole = place.held("backfilled"), place.held("scheduled")
    assert held == {page_id: whole[page_id] for page_id in wanted}
    assert sum(report["result"]["changed"] for report in reports) == len(wanted) > 0
    _create_backfill(place, "2026-09-08", "2026-09-09", run_backwards=True, reprocess_behavior="completed")
    again = _backfilled(place, "2026-09-08", "2026-09-09")
    assert len(again) == 2
    assert sum(report["result"]["changed"] + report["result"]["removed"] for report in again) == 0
    assert place.held("backfilled") == held


def _create_backfill(place: Place, from_day: str, to_day: str, **options: Any) -> None:
    """A backfill of the source ``backfilled`` over these days, the last one included."""
    from_date, to_date = f"{from_day}T00:00:00Z", f"{to_day}T00:00:00Z"
    body = {"dag_id": BACKFILLED, "from_date": from_date, "to_date": to_date, "max_active_runs": 4, "dag_run_conf": {}}
    place.airflow.api.call(
        "POST", "backfills", json=body | {"reprocess_behavior": "none", "run_backwards": False} | options
    )


def _backfilled(place: Place, from_day: str, to_day: str) -> list[dict[str, Any]]:
    """Wait until no backfill of the source is under way; the report of each run of these days, all of them green."""

    def all_complete() -> bool:
        found = place.airflow.api.call("GET", "backfills", params={"dag_id": BACKFILLED})["backfills"]
        return bool(found) and all(backfill["completed_at"] for backfill in found)

    until(all_complete, seconds=800)
    runs = [run for run in place.airflow.api.runs(BACKFILLED) if run["run_type"] == "backfill"]
    ours = [run for run in runs if from_day <= run["run_after"][:10] <= to_day]
    assert {run["state"] for run in ours} == {"success"}
    return [place.report("backfilled", run["dag_run_id"]) for run in ours]


def _modified_between(place: Place, complete: str, start: str, end: str) -> set[str]:
    """Ids of the pages that a full sync loads and that were modified in the range, from the full run's inventory."""
    from datetime import datetime

    from confluence_to_twig.staging.parquet import read_table

    inventory = read_table(place.airflow.staging("scheduled").run(complete).inventories()[0]).to_pylist()
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return {row["page_id"] for row in inventory if first <= row["modified_at"] < last} & place.held("scheduled").keys()


def test_since_is_refused_in_a_backfill_run(place: Place) -> None:
    dag_id = place.unpause("backfilled")
    _create_backfill(place, "2026-08-01", "2026-08-01", dag_run_conf={"since": "2026-01-01T00:00:00Z"})

    def failed() -> bool:
        runs = place.airflow.api.runs(dag_id, "failed")
        return any(run["run_type"] == "backfill" and run["run_after"].startswith("2026-08-01") for run in runs)

    until(failed, seconds=200)


@pytest.mark.parametrize(("answer", "kept"), [("Keep them", True), ("Delete them", False)])
def test_many_deletions_wait_for_approval_in_the_ui(place: Place, complete: str, answer: str, kept: bool) -> None:
    before = place.in_step("by_hand")
    victims = sorted(before, key=int)[-3:]
    control = f"{place.confluence_url}/_sandbox/changes"
    for page_id in victims:
        requests.post(control, json={"change": "trash", "page": page_id}, timeout=10).raise_for_status()
    dag_id, run_id = place.trigger("by_hand", {"full": True})  # a lane would find the deletions one run later
    question = until(lambda: _open_question(place, dag_id, run_id), seconds=200)
    assert "Delete" in question["subject"]
    assert place.held("by_hand") == before
    assert _answer_until_ended(place, dag_id, run_id, answer) == "success"
    assert (place.held("by_hand").keys() >= set(victims)) is kept
    for page_id in victims:
        requests.post(control, json={"change": "restore", "page": page_id}, timeout=10).raise_for_status()


def _open_question(place: Place, dag_id: str, run_id: str) -> dict[str, Any] | None:
    found = place.airflow.api.call("GET", f"dags/{dag_id}/dagRuns/{run_id}/hitlDetails")["hitl_details"]
    return next((dict(question) for question in found if not question["response_received"]), None)


def _answer_until_ended(place: Place, dag_id: str, run_id: str, answer: str) -> str:
    """Answer as often as asked: an answer within a second of the question can be lost when Airflow is slow to park."""

    def look() -> str | None:
        if _open_question(place, dag_id, run_id):
            time.sleep(3)
            path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/prune/-1/hitlDetails"
            place.airflow.api.call("PATCH", path, json={"chosen_options": [answer], "params_input": {}})
        return ended(place.airflow.api.run_state(dag_id, run_id))

    return until(look, seconds=200)
