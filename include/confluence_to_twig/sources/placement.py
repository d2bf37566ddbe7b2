"""Placement: on which workers the tasks of a source run, by what they wait for. Imported when DAGs are parsed: nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from confluence_to_twig.sources.fields import Text
from confluence_to_twig.sources.mistakes import shown

if TYPE_CHECKING:
    from confluence_to_twig.sources.source import Source

#: ``confluence``: validate, discover, extract. ``processor``: transform. ``twig``: load, prune, verify.
TaskKind = Literal["confluence", "processor", "twig"]
_KINDS: tuple[str, ...] = get_args(TaskKind)


def _queue_by_kind(value: Any) -> Any:
    return dict.fromkeys(_KINDS, value) if isinstance(value, str) else value


def _config_by_kind(value: Any) -> Any:
    """What an executor wants for all tasks, or for the kinds that are named. A pod is given as in YAML."""
    if not isinstance(value, dict):
        raise ValueError(
            f"{shown(value)} is not allowed; write what the executor wants, or that under {', '.join(_KINDS)}"
        )
    by_kind = value if value and value.keys() <= set(_KINDS) else dict.fromkeys(_KINDS, value) if value else {}
    if wrong := [kind for kind, config in by_kind.items() if not isinstance(config, dict)]:
        raise ValueError(f"{wrong[0]}: {shown(by_kind[wrong[0]])} is not allowed; write what the executor wants")
    return by_kind


Queue = Annotated[dict[TaskKind, Text], BeforeValidator(_queue_by_kind)]
#: Not for the settings that a run freezes: pods are no JSON, and a run does not look at it.
ExecutorConfig = Annotated[dict[TaskKind, dict[str, Any]], BeforeValidator(_config_by_kind), Field(exclude=True)]


def placed(source: Source, kind: TaskKind) -> dict[str, Any]:
    """The arguments ``queue`` and ``executor_config`` of a task, as far as the source says anything about them."""
    placement: dict[str, Any] = {}
    if kind in source.queue:
        placement["queue"] = source.queue[kind]
    if kind in source.executor_config:
        placement["executor_config"] = _with_pod(source.executor_config[kind])
    return placement


def _with_pod(config: dict[str, Any]) -> dict[str, Any]:
    """The Kubernetes executor takes a pod as an object only
    (https://airflow.apache.org/docs/apache-airflow-providers-cncf-kubernetes/stable/kubernetes_executor.html#pod-override)."""
    pod = config.get("pod_override")
    if not isinstance(pod, dict):
        return config
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator

    return {**config, "pod_override": PodGenerator.deserialize_model_dict(pod)}
