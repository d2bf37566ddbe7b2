"""One whole Airflow for all tests of this folder, started by the code behind ``make run``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.processes import free_port
from sandbox.run import LocalAirflow, local_airflow
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG
from tests.runs.statsd_socket import StatsdSocket, statsd_socket
from tests.waiting import until
from tests.whole_airflow import PROMPT_TWIG, base_environment, ended_at_once

#: By document: version, content hash and chunk ids.
Held = dict[str, tuple[int, str, tuple[str, ...]]]

START = "2026-01-01"
SOURCES: list[dict[str, Any]] = [
    {"name": "scheduled", "space_key": "PROD", "schedule": "0 2 * * *"},
    {"name": "by_hand", "space_key": "PROD", "schedule": "manual", "retry_delay": "2 seconds"}
    | {"brake_pages": 2, "brake_share": 0.001},
    {"name": "backfilled", "space_key": "PROD", "schedule": "0 0 * * *", "lookback": "1 day", "start_date": START},
    # Only its first run is one of the schedule; whatever comes after it within a year is on change.
    {"name": "watched", "space_key": "WATCH", "schedule": "0 0 1 1 *", "on_change": True, "poll_every": "5 seconds"}
    | {"quiet_for": "0 seconds"},
]


@dataclass(frozen=True)
class Place:
    """A running Airflow, and what tests ask of it."""

    airflow: LocalAirflow
    statsd: StatsdSocket
    openlineage: Path

    @property
    def twig_url(self) -> str:
        return f"http://127.0.0.1:{self.airflow.ports['twig']}"

    @property
    def confluence_url(self) -> str:
        return f"http://127.0.0.1:{self.airflow.ports['confluence']}"

    def unpause(self, source: str) -> str:
        """Wait until the DAG is known, unpause it, return its id."""
        dag_id = f"confluence_to_twig__{source}"
        until(lambda: self.airflow.api.dag(dag_id))
        self.airflow.api.call("PATCH", f"dags/{dag_id}", json={"is_paused": False})
        return dag_id

    def trigger(self, source: str, conf: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Start a run without a logical date; return DAG id and run id."""
        dag_id = self.unpause(source)
        return dag_id, str(self.airflow.api.trigger(dag_id, conf)["dag_run_id"])

    def end_of(self, dag_id: str, run_id: str) -> str:
        """Wait for a run's end and return its state."""
        return str(until(lambda: ended(self.airflow.api.run_state(dag_id, run_id)), seconds=200))

    def in_step(self, source: str) -> Held:
        """What Twig holds for a source that holds the whole space; run before if it does not."""
        if self.held(source).keys() != self.held("scheduled").keys():
            assert self.end_of(*self.trigger(source)) == "success"
        return self.held(source)

    def report(self, source: str, run_id: str) -> dict[str, Any]:
        """The run's report.json."""
        with self.airflow.staging(source).run(run_id).report.open("r") as file:
            return dict(json.load(file))

    def held(self, source: str) -> Held:
        """What Twig holds for a source: version, content hash and chunk ids of each document."""
        settings = TwigSettings.from_fields(self.twig_url, DEFAULT_KEY, {"org_id": DEFAULT_ORG})
        with TwigClient(settings) as client:
            (spec,) = [found for found in client.list_data_sources(search=source) if found.name == source]
            return {
                document.id: (document.version, document.content_hash, tuple(document.chunk_ids))
                for document in client.list_documents(spec.id)
            }


def ended(state: str) -> str | None:
    return state if state in {"success", "failed"} else None


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("airflow")
    sources = folder / "sources.yaml"
    sources.write_text(yaml.safe_dump({"sources": SOURCES}), encoding="utf-8")
    base = base_environment() | {SOURCES_VARIABLE: str(sources)}
    ports = {"airflow": free_port(18_080), "confluence": free_port(18_180), "twig": free_port(18_280)}
    lineage = folder / "openlineage.jsonl"
    with statsd_socket() as statsd:
        watched = statsd.environment() | lineage_to(lineage, f"confluence_to_twig__{SOURCES[0]['name']}")
        with ended_at_once(), local_airflow(ports, folder, base | watched, {"twig": PROMPT_TWIG}) as airflow:
            yield Place(airflow, statsd, lineage)


def lineage_to(path: Path, dag_id: str) -> dict[str, str]:
    """OpenLineage's provider writes the events of one DAG into a file. Those of all would cost a second a task."""
    policy = [
        {"scope": {}, "controls": {"emit": False}},
        {"scope": {"dag_id": dag_id}, "controls": {"emit_task_events": True}},
    ]
    return {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "file", "log_file_path": str(path), "append": True}),
        "AIRFLOW__OPENLINEAGE__EMISSION_POLICY": json.dumps(policy),
    }


@pytest.fixture(scope="session")
def complete(place: Place) -> str:
    """The run of the source ``scheduled`` that its schedule started: undisturbed, over the whole space."""
    dag_id = place.unpause("scheduled")
    (run,) = until(lambda: place.airflow.api.runs(dag_id))
    run_id = str(run["dag_run_id"])
    assert place.end_of(dag_id, run_id) == "success"
    return run_id
