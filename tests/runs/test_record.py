from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import structlog

from confluence_to_twig.runs.record import record_path, recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.runs.stopping import TaskStopped
from confluence_to_twig.staging.files import read_json


def test_leaves_a_record_of_a_task_that_succeeded(run: Run) -> None:
    with recorded(run) as record:
        record.figures["changed"] = 7
        record.warn("look at this")
    written = read_json(record_path(run))
    assert (written["task"], written["state"], written["error"]) == ("load", "success", None)
    assert written["figures"] == {"changed": 7}
    assert written["warnings"] == ["look at this"]


def test_logs_its_figures_as_fields_of_one_line(run: Run) -> None:
    with structlog.testing.capture_logs() as lines, recorded(run) as record:
        record.count(changed=7, seconds=99)  # extract counts seconds of its own
    (line,) = lines
    assert line.pop("seconds") < 60
    assert line == {"event": "Figures of this task", "log_level": "info", "changed": 7}


def test_leaves_a_record_of_a_task_that_failed_and_lets_the_error_through(run: Run) -> None:
    with pytest.raises(ValueError, match="broken"), recorded(run) as record:
        record.figures["changed"] = 7
        raise ValueError("broken")
    written = read_json(record_path(run))
    assert (written["state"], written["error"]) == ("failed", "ValueError: broken")
    assert written["figures"] == {"changed": 7}


def test_counts_the_requests_of_each_side_also_of_a_task_that_failed(run: Run) -> None:
    client = SimpleNamespace(requests_made=0, requests_refused=0, seconds_waited=0.0)
    with pytest.raises(ValueError, match="broken"), recorded(run) as record:
        for _ in range(2):
            with record.traffic("twig", client):
                client.requests_made, client.requests_refused, client.seconds_waited = 2, 1, 1.5
        with record.traffic("confluence", client):
            raise ValueError("broken")
    assert read_json(record_path(run))["figures"] == {
        "twig_requests": 4,
        "twig_refused_by_limit": 2,
        "twig_seconds_waited": 3.0,
        "confluence_requests": 2,
        "confluence_refused_by_limit": 1,
        "confluence_seconds_waited": 1.5,
    }


def test_a_task_that_waits_and_comes_back_keeps_what_it_recorded_before(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(run, comes_back=True) as record:
        record.figures["requests"] = 1
        record.details["brake"] = "30 of 100"
        raise KeyboardInterrupt
    assert read_json(record_path(run))["state"] == "waiting"
    with recorded(run, comes_back=True) as record:
        record.figures["removed"] = 2
    written = read_json(record_path(run))
    assert written["state"] == "success"
    assert written["figures"] == {"requests": 1, "removed": 2}
    assert written["details"] == {"brake": "30 of 100"}


def test_a_task_that_airflow_stops_ends_at_once_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's own handler calls on_kill of the operator, and returns."""
    monkeypatch.delenv("CONFLUENCE_TWIG_UNATTENDED", raising=False)
    killed = []
    before = signal.signal(signal.SIGTERM, lambda *_: killed.append("on_kill"))
    try:
        with pytest.raises(TaskStopped), recorded(run) as record:
            record.figures["requests"] = 1
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        handler = signal.getsignal(signal.SIGTERM)
        assert callable(handler)
        handler(signal.SIGTERM, None)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert killed == ["on_kill", "on_kill"], "what was there before is there again"
    written = read_json(record_path(run))
    assert written["state"] == "failed"
    assert written["error"].startswith("TaskStopped: The task was stopped")
    with recorded(run):
        pass
    assert read_json(record_path(run))["figures"] == {}


def test_a_process_that_sigterm_ends_anyway_is_left_alone(run: Run) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with recorded(run):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_the_process_of_a_run_without_a_scheduler(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's handler does nothing there, and the run would go on with its next task."""
    monkeypatch.setenv("CONFLUENCE_TWIG_UNATTENDED", "yes")
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        ours = signal.getsignal(signal.SIGTERM)
        with recorded(run):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_task_in_another_thread_is_recorded_as_well(run: Run) -> None:
    def work() -> None:
        with recorded(run):
            pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert read_json(record_path(run))["state"] == "success"


def test_a_retry_starts_a_new_record(run: Run) -> None:
    with pytest.raises(ValueError, match="broken"), recorded(run) as record:
        record.figures["changed"] = 7
        raise ValueError("broken")
    with recorded(replace(run, try_number=2)):
        pass
    written = read_json(record_path(run))
    assert (written["try_number"], written["figures"], written["state"]) == (2, {}, "success")


def test_each_shard_has_a_record_of_its_own(run: Run) -> None:
    for shard in (0, 1):
        with recorded(replace(run, shard=shard)) as record:
            record.figures["pages"] = shard
    assert read_json(record_path(replace(run, shard=1)))["figures"] == {"pages": 1}
    assert record_path(run) != record_path(replace(run, shard=0))
