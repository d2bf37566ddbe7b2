"""What a run tells a metrics backend, caught as StatsD packets on the loopback and by an OpenTelemetry reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.runs import source_metrics
from confluence_to_twig.runs.history import remember
from confluence_to_twig.runs.metrics import METRICS, is_measured, of_task, sample, send
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.staging.files import write_json
from tests.runs.statsd_socket import StatsdSocket, statsd_socket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"\| `(\w+)` \| (\w+) \| ([\w ]+) \| ([\w, ]+) \| (.+) \|")


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[StatsdSocket]:
    """A StatsD server to which Airflow's client of this process sends."""
    with statsd_socket() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with AirflowClient():
            yield server


class AirflowClient:
    """Airflow's client for tasks, made anew from the configuration or from ``factory``, as a task process makes it."""

    def __init__(self, factory: Callable[[], Any] | None = None) -> None:
        self._factory = factory

    def __enter__(self) -> None:
        from airflow.sdk.observability import stats
        from airflow.sdk.observability.metrics import stats_utils

        stats.initialize(factory=self._factory or stats_utils.get_stats_factory(), export_legacy_names=False)

    def __exit__(self, *_: object) -> None:
        from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
        from airflow.sdk.observability import stats

        stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def test_the_page_lists_exactly_the_metrics_of_the_code() -> None:
    told = {row[0]: row[1:] for row in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    assert told == {
        metric.name: (metric.kind, metric.unit, ", ".join(metric.tags), metric.meaning) for metric in METRICS.values()
    }


def test_a_task_sends_its_figures_its_waiting_and_its_duration(statsd: StatsdSocket, run: Run) -> None:
    with recorded(run) as record:
        record.count(changed=3, chunks_sent=40, bytes=1_234, twig_requests=7, twig_refused_by_limit=2)
        record.count(twig_seconds_waited=1.5)
        record.warn("look at this")
    seen = statsd.seen(8)
    task = ("load", run.source.name)
    assert seen["pages_sent"] == [("3", "c", {"source": run.source.name})]
    assert seen["chunks_sent"][0][0] == "40"
    assert seen["bytes_sent"][0][0] == "1234"
    sides = {"side": "twig", "source": task[1], "task": task[0]}
    assert seen["requests"] == [("7", "c", sides)]
    assert seen["requests_refused"] == [("2", "c", sides)]
    assert seen["waited"] == [("1500.000000", "ms", sides)]
    assert seen["warnings"] == [("1", "c", {"source": task[1], "task": task[0]})]
    ((milliseconds, kind, tags),) = seen["task_duration"]
    assert float(milliseconds) < 60_000
    assert (kind, tags["state"]) == ("ms", "success")


def test_a_question_is_open_until_it_is_answered(run: Run) -> None:
    def told(state: str, task: str = "prune") -> dict[str, float]:
        data = {"task": task, "state": state, "seconds": 2.0, "details": {}}
        return {it.metric.name: it.value for it in of_task(run.source.name, data, {"removed": 4}, 0)}

    assert told("waiting") == {"pages_deleted": 4, "warnings": 0, "approvals_open": 1}
    assert told("success") == {"pages_deleted": 4, "warnings": 0, "task_duration": 2_000, "approvals_open": 0}
    # Of a question that somebody left by failing the run: the next one may skip prune.
    assert told("waiting", "verify")["approvals_open"] == told("success", "verify")["approvals_open"] == 0
    assert "approvals_open" not in told("success", "load")


def test_what_a_task_counted_before_it_waited_is_not_sent_twice(statsd: StatsdSocket, run: Run) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(run, comes_back=True) as record:
        record.count(twig_requests=5)
        raise KeyboardInterrupt
    with recorded(run, comes_back=True) as record:
        record.count(twig_requests=2)
    seen = statsd.seen(5)
    assert [value for value, _, _ in seen["requests"]] == ["5", "2"]
    assert len(seen["task_duration"]) == 1


def test_nothing_is_sent_without_a_backend(run: Run) -> None:
    class Refusing:
        def __init__(self) -> None:
            raise AssertionError("a client was made")

    assert not is_measured()
    with AirflowClient(Refusing):
        with recorded(run) as record:
            record.count(changed=3)
        source_metrics.measure(run.source_staging)


def test_a_client_that_fails_ends_no_task(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def incr(self, *_: object, **__: object) -> None:
            raise OSError("no route")

    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    with AirflowClient(Broken), recorded(run) as record:
        record.count(changed=3)
    assert "Airflow's metrics client failed" in caplog.text


def test_opentelemetry_gets_the_same_with_tags_as_attributes() -> None:
    from airflow.sdk._shared.observability.metrics.otel_logger import SafeOtelLogger
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    with AirflowClient(lambda: SafeOtelLogger(provider, prefix="airflow")):
        send(
            [
                sample("pages_sent", 3, source="docs"),
                sample("pages_held", 12, source="docs"),
                sample("task_duration", 1_500.0, source="docs", task="load", state="success"),
            ]
        )
    (resource,) = reader.get_metrics_data().resource_metrics  # type: ignore[union-attr]
    points = {metric.name: metric.data.data_points[-1] for scope in resource.scope_metrics for metric in scope.metrics}
    assert points["airflow.confluence_to_twig.pages_sent"].value == 3
    assert points["airflow.confluence_to_twig.pages_held"].value == 12
    duration = points["airflow.confluence_to_twig.task_duration"]
    assert (duration.sum, dict(duration.attributes)["task"]) == (1_500.0, "load")


def test_a_source_tells_what_twig_holds_as_its_last_run_left_it(run: Run) -> None:
    now = datetime.now(UTC)
    assert list(source_metrics.of_source(run.source_staging, now)) == []
    report = {
        "run_id": run.run_id,
        "state": "success",
        "figures": {},
        "warnings": [],
        "errors": [],
        "seconds": 5.0,
        "pages": 12,
        "chunks": 40,
        "sweep_complete": True,
        "summary": "12 pages",
        "result": {"changed": 12, "removed": 0, "failed": 0},
        "ended_at": (now - timedelta(minutes=1)).isoformat(),
    }
    write_json(run.staging.report, report)
    remember(run.source_staging, run.run_id)
    told = {it.metric.name: it.value for it in source_metrics.of_source(run.source_staging, now)}
    assert told == {"pages_held": 12, "chunks_held": 40, "full_sweep_age": pytest.approx(65, abs=1)}


def test_a_staging_that_cannot_be_read_costs_the_metrics_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(*_: object) -> None:
        raise ValueError("damaged")

    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    monkeypatch.setattr(source_metrics, "newest_look", damaged)
    source_metrics.measure(run.source_staging)
    assert "its staging cannot be read (ValueError('damaged'))" in caplog.text


def test_a_sample_has_exactly_the_tags_of_its_metric() -> None:
    with pytest.raises(ValueError, match="told apart by source, task"):
        sample("warnings", 1, source="docs")
