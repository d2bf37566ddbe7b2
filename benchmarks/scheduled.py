"""What the benchmarks under a real scheduler share: an Airflow with its sandbox, and the times of a run."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from sandbox.airflow_home import bare_environment
from sandbox.processes import free_port
from sandbox.run import local_airflow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sandbox.airflow_api import AirflowApi
    from sandbox.run import LocalAirflow


@dataclass(frozen=True)
class RunTimes:
    """One run. Seconds from the moment it was asked for. :param tasks: by name: when it started, and when it ended."""

    run_id: str
    seconds: float
    tasks: dict[str, tuple[float, float]]


@contextmanager
def airflow(
    folder: Path, sources: list[dict[str, Any]], environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[LocalAirflow]:
    """An Airflow as ``make run`` starts it, with these sources; Twig takes what comes and processes it in two seconds.

    :param environment: more variables for it, such as the address of its database.
    """
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    base = bare_environment() | {SOURCES_VARIABLE: str(path)} | environment
    ports = {"airflow": free_port(19_080), "confluence": free_port(19_180), "twig": free_port(19_280)}
    options = {"twig": ["--rate", "off", "--processing-seconds", "2"]}
    with local_airflow(ports, folder, base, options) as started:
        yield started


def unpause(api: AirflowApi, source: str) -> str:
    """Wait until the DAG is known, unpause it, return its id."""
    dag_id = f"confluence_to_twig__{source}"
    until(lambda: api.dag(dag_id), 300)
    api.call("PATCH", f"dags/{dag_id}", json={"is_paused": False})
    return dag_id


def until(look: Callable[[], Any], seconds: float, pause: float = 0.3) -> Any:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(pause)
    raise SystemExit(f"Nothing to see after {seconds:.0f} s")


def times_of(api: AirflowApi, dag_id: str, run: dict[str, Any]) -> RunTimes:
    """The times of a run that has ended well."""
    asked = datetime.fromisoformat(run["queued_at"])

    def since(moment: str) -> float:
        return (datetime.fromisoformat(moment) - asked).total_seconds()

    instances = api.task_instances(dag_id, run["dag_run_id"])
    tasks: dict[str, tuple[float, float]] = {}
    for instance in instances:
        if instance["start_date"] and instance["state"] == "success":
            start, end = tasks.get(instance["task_id"], (float("inf"), 0.0))
            found = since(instance["start_date"]), since(instance["end_date"])
            tasks[instance["task_id"]] = min(start, found[0]), max(end, found[1])
    return RunTimes(run["dag_run_id"], since(run["end_date"]), tasks)


def ended(api: AirflowApi, dag_id: str, run_id: str) -> dict[str, Any]:
    """Wait for the end of a run; the run, which has to have succeeded."""

    def look() -> dict[str, Any] | None:
        (run,) = [found for found in api.runs(dag_id) if found["dag_run_id"] == run_id]
        return run if run["state"] in {"success", "failed"} else None

    run: dict[str, Any] = until(look, 600)
    if run["state"] != "success":
        raise SystemExit(f"{run_id} of {dag_id} failed")
    return run


def percentile(values: Sequence[float], share: float) -> float:
    """The value that at least this share of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]
