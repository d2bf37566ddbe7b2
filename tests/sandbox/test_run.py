from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from confluence_to_twig.cli.progress import ProgressPrinter
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox.airflow_settings import AirflowSettings
from sandbox.run import PORTS, at_ports


def test_points_the_sandbox_connections_at_the_ports_it_got_and_no_other() -> None:
    settings = AirflowSettings(
        connections={
            "c": {"host": "http://127.0.0.1:8090", "extra": {"gateway_url": "http://127.0.0.1:8090"}},
            "real": {"host": "https://site.atlassian.net"},
        },
        variables={},
        pools={},
    )
    moved = at_ports(settings, PORTS | {"confluence": 9_123})
    assert moved.connections["c"]["host"] == "http://127.0.0.1:9123"
    assert moved.connections["c"]["extra"]["gateway_url"] == "http://127.0.0.1:9123"
    assert moved.connections["real"] == {"host": "https://site.atlassian.net"}


def test_tells_each_task_once_when_all_its_shards_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    facts = RunFacts("manual", datetime(2026, 11, 22, tzinfo=UTC))
    run = Run(Source(name="docs", space_key="PROD"), "r", facts, RunParams(), "extract", 1)
    lines: list[str] = []
    progress = ProgressPrinter(run.staging, lines.append)
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


def test_tells_that_a_task_waits_for_a_human() -> None:
    lines: list[str] = []
    run = Run(
        Source(name="docs", space_key="PROD"),
        "r",
        RunFacts("manual", datetime(2026, 11, 22, tzinfo=UTC)),
        RunParams(),
        "prune",
        1,
    )
    ProgressPrinter(run.staging, lines.append).update([{"task_id": "prune", "state": "awaiting_input"}])
    assert "waits for you" in lines[0]
