"""Where the tasks of a source run: by queue, and by what an executor wants, for each kind of task."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from confluence_to_twig.dag import build
from confluence_to_twig.sources.placement import placed
from confluence_to_twig.sources.source import Source, load_sources

GOOD = {"name": "docs", "space_key": "PROD"}
KINDS = {
    "validate": "confluence",
    "discover": "confluence",
    "extract": "confluence",
    "transform": "processor",
    "load": "twig",
    "prune": "twig",
    "verify": "twig",
}


def source(**fields: Any) -> Source:
    return Source.model_validate(GOOD | fields)


def test_each_task_runs_where_its_kind_does() -> None:
    dag = build(source(queue={"processor": "cpu", "twig": "net"}, executor_config={"confluence": {"memory": "1Gi"}}))
    default = build(source()).get_task("load").queue
    assert {task.task_id: task.queue for task in dag.tasks} == {
        name: {"processor": "cpu", "twig": "net", "confluence": default}[kind] for name, kind in KINDS.items()
    }
    assert {task.task_id: task.executor_config for task in dag.tasks} == {
        name: {"memory": "1Gi"} if kind == "confluence" else {} for name, kind in KINDS.items()
    }


def test_one_queue_and_one_configuration_are_for_all_kinds() -> None:
    everywhere = source(queue="heavy", executor_config={"image": "mine"})
    for kind in ("confluence", "processor", "twig"):
        assert placed(everywhere, kind) == {"queue": "heavy", "executor_config": {"image": "mine"}}
    assert placed(source(), "twig") == {}


def test_a_pod_is_written_as_in_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("airflow.providers.cncf.kubernetes.pod_generator")
    module.PodGenerator = SimpleNamespace(deserialize_model_dict=lambda pod: ("pod", pod))  # type: ignore[attr-defined]
    for name in ("airflow.providers.cncf", "airflow.providers.cncf.kubernetes"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    pod = {"spec": {"containers": [{"name": "base"}]}}
    made = placed(source(executor_config={"processor": {"pod_override": pod}}), "processor")
    assert made == {"executor_config": {"pod_override": ("pod", pod)}}
    ready = object()
    made = placed(source(executor_config={"processor": {"pod_override": ready}}), "processor")
    assert made["executor_config"]["pod_override"] is ready


def test_what_a_run_freezes_is_json_and_leaves_the_pod_out() -> None:
    frozen = source(queue="heavy", executor_config={"pod_override": object()}).frozen()
    assert "executor_config" not in frozen
    assert Source.model_validate(frozen).queue == {"confluence": "heavy", "processor": "heavy", "twig": "heavy"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("queue", {"disk": "x"}, "'confluence', 'processor' or 'twig'"),
        ("queue", {"twig": ""}, "is empty"),
        ("queue", 3, "valid dictionary"),
        ("executor_config", "x", "write what the executor wants"),
        ("executor_config", {"twig": "x"}, "write what the executor wants"),
    ],
)
def test_other_places_are_refused(field: str, value: Any, told: str) -> None:
    (problem,) = load_sources([GOOD | {field: value}]).problems
    assert field in problem
    assert told in problem
