"""The trigger of an ``on_change`` source in real triggerers."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from sandbox.processes import started
from tests.scheduler.conftest import Place
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)
#: Two looks of the source, and a little.
TWO_LOOKS_S = 12.0


@pytest.fixture(scope="module")
def watched(place: Place) -> Iterator[str]:
    """The DAG of the source ``watched`` after its first run, over a space of two pages."""
    pages = [{"ref": f"watched-{number}", "title": f"Watched {number}", "storage": "<p>Seen.</p>"} for number in (1, 2)]
    seed = {"key": "WATCH", "name": "Watched", "description": "", "pages": pages}
    _control(place, "changes", {"change": "add_space", "seed": seed})
    dag_id = place.unpause("watched")
    # Airflow watches for a DAG from the first parse on that finds it unpaused.
    dag = place.airflow.api.dag(dag_id)
    assert dag
    place.airflow.api.call("PUT", f"parseDagFile/{dag['file_token']}")
    first = until(lambda: place.airflow.api.runs(dag_id))[0]
    assert place.end_of(dag_id, first["dag_run_id"]) == "success"
    yield dag_id
    place.airflow.api.call("PATCH", f"dags/{dag_id}", json={"is_paused": True})


def test_an_edit_reaches_twig_without_waiting_for_the_schedule(place: Place, watched: str) -> None:
    before = place.held("watched")
    _edit_both(place, "Watched, and seen.")
    (_, second) = until(lambda: _runs(place, watched, 2), seconds=200)
    assert place.end_of(watched, second["dag_run_id"]) == "success"
    assert [run["run_type"] for run in place.airflow.api.runs(watched)] == ["scheduled", "asset_triggered"]
    assert _versions(place) == dict.fromkeys(before, 2)
    assert place.report("watched", second["dag_run_id"])["look"]["kind"] == "lane"


def test_edits_while_the_site_is_down_become_one_run_of_two_triggerers(
    place: Place, watched: str, tmp_path: Path
) -> None:
    """The triggerer that watches is stopped, and goes on after another took its work over: both watch for a while. The site is down,
    and refuses the token when it is back."""
    before, runs = place.held("watched"), len(place.airflow.api.runs(watched))
    command = [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
    first = _triggerers()
    log = tmp_path / "triggerer.log"
    with started("the second triggerer", command, log, place.airflow.environment):
        until(lambda: _triggerers_alive(place) == 2, seconds=200)
        with _stopped(first):
            _control(place, "faults", {"path": "", "action": {"type": "refuse", "status": 503}})
            _edit_both(place, "Written while nobody could look.")
            time.sleep(TWO_LOOKS_S)
            assert len(place.airflow.api.runs(watched)) == runs
            requests.delete(f"{place.confluence_url}/_sandbox/faults", timeout=10).raise_for_status()
            _control(place, "faults", {"path": "", "times": 2, "action": {"type": "refuse", "status": 401}})
            (*_, latest) = until(lambda: _runs(place, watched, runs + 1), seconds=200)
        assert place.end_of(watched, latest["dag_run_id"]) == "success"
        time.sleep(TWO_LOOKS_S)
        assert len(place.airflow.api.runs(watched)) == runs + 1
    assert log.read_text(encoding="utf-8").count("Trigger fired event") == 1
    assert _versions(place) == {key: held[0] + 1 for key, held in before.items()}


def _control(place: Place, what: str, body: dict[str, Any] | list[dict[str, Any]]) -> None:
    requests.post(f"{place.confluence_url}/_sandbox/{what}", json=body, timeout=10).raise_for_status()


def _edit_both(place: Place, text: str) -> None:
    changes = [{"change": "edit", "page": f"watched-{number}", "storage": f"<p>{text}</p>"} for number in (1, 2)]
    _control(place, "changes", [dict(change) for change in changes])


def _runs(place: Place, dag_id: str, number: int) -> list[dict[str, Any]] | None:
    """All runs, once there are as many."""
    found = place.airflow.api.runs(dag_id)
    return found if len(found) >= number else None


def _versions(place: Place) -> dict[str, int]:
    return {key: held[0] for key, held in place.held("watched").items()}


def _triggerers() -> list[psutil.Process]:
    """The processes of all triggerers that this process started, with what they started themselves."""
    roots = [child for child in psutil.Process().children(recursive=True) if "triggerer" in _command(child)]
    found = {process.pid: process for root in roots for process in (root, *root.children(recursive=True))}
    assert found
    return list(found.values())


def _command(process: psutil.Process) -> str:
    """Its command line; empty if it has ended since it was listed, like many a process of a task."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _triggerers_alive(place: Place) -> int:
    query = {"job_type": "TriggererJob", "is_alive": True}
    return int(place.airflow.api.call("GET", "jobs", params=query)["total_entries"])


@contextmanager
def _stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """They stand still, connections and all, and go on after the block."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
