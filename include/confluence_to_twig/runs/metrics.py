"""Metrics: what a run tells a metrics backend by way of Airflow (StatsD, Datadog or OpenTelemetry).

One registry, :data:`METRICS`, names all of them; ``docs/metrics.md`` shows it, and a test holds the two together. What a
task did is sent where its record is written (:mod:`confluence_to_twig.runs.record`); how the source is, where its history
is (:mod:`confluence_to_twig.runs.retention`). Airflow's client is ``airflow.sdk.observability.stats``
(https://github.com/apache/airflow/discussions/69096). Nothing is counted or sent unless a backend is switched on.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

log = logging.getLogger(__name__)

PREFIX = "confluence_to_twig"
#: The switches of Airflow's section ``[metrics]``.
_SWITCHES = ("statsd_on", "statsd_datadog_enabled", "otel_on")


@dataclass(frozen=True)
class Metric:
    """A metric.

    :param kind: a ``counter`` adds up, a ``gauge`` is how it is now, a ``timer`` is one duration (in OpenTelemetry a
        histogram).
    :param figure: the figure of a task's record that it sends, or empty.
    :param tags: what it is told apart by.
    """

    name: str
    kind: Literal["counter", "gauge", "timer"]
    unit: str
    meaning: str
    figure: str = ""
    tags: tuple[str, ...] = ("source",)

    @property
    def full_name(self) -> str:
        """As Airflow sends it, behind the prefix of its own configuration."""
        return f"{PREFIX}.{self.name}"


def _by_side(name: str, kind: Literal["counter", "timer"], unit: str, meaning: str, figure: str) -> Metric:
    """A metric that both sides have: the figure begins with the side's name."""
    return Metric(name, kind, unit, meaning, figure, ("source", "task", "side"))


_SIDES = ("confluence", "twig")
METRICS = {
    metric.name: metric
    for metric in (
        Metric("pages_fetched", "counter", "pages", "Bodies that a shard of extract has", "pages_got"),
        Metric("pages_left", "counter", "pages", "Pages that the plan leaves as they are", "to_leave"),
        Metric("pages_skipped", "counter", "pages", "Pages that the plan keeps out of Twig", "to_skip"),
        Metric("pages_sent", "counter", "pages", "Pages that Twig was sent, new ones included", "changed"),
        Metric("pages_deleted", "counter", "pages", "Pages that were deleted from Twig", "removed"),
        Metric("pages_quarantined", "counter", "pages", "Pages that a run could not sync", "failed"),
        Metric("chunks_made", "counter", "chunks", "Chunks that transform made", "chunks_made"),
        Metric("chunks_sent", "counter", "chunks", "Chunks that Twig was sent with their text", "chunks_sent"),
        Metric("bytes_sent", "counter", "bytes", "Request bodies of load as sent; with files, their size", "bytes"),
        _by_side("requests", "counter", "requests", "HTTP requests, repeated ones included", "requests"),
        _by_side("requests_refused", "counter", "requests", "Requests refused by a rate limit (429)", "refused_by_limit"),
        _by_side("waited", "timer", "ms", "How long requests of a task waited for limits and after faults", "seconds_waited"),
        Metric("warnings", "counter", "warnings", "Warnings that a task left in the report", tags=("source", "task")),
        Metric(
            "task_duration",
            "timer",
            "ms",
            "Time in which a task, or one shard of it, worked; what it waited for a person or for Twig is not in it",
            tags=("source", "task", "state"),
        ),
        Metric("approvals_open", "gauge", "questions", "1 while a run waits for somebody to approve deletions"),
        Metric("pages_held", "gauge", "pages", "Pages that Twig holds, by the last run that knows"),
        Metric("chunks_held", "gauge", "chunks", "Chunks that Twig holds, by the last run that knows"),
        Metric("changes_waiting", "gauge", "pages", "Known changes in Confluence that are not in Twig"),
        Metric(
            "behind", "gauge", "s", "Age of the moment up to which every change in Confluence is in Twig"
        ),
        Metric(
            "quality",
            "gauge",
            "1 or 0",
            "Whether a rule of the quality gate holds, by the last run that looked",
            tags=("source", "rule"),
        ),
        Metric("full_sweep_age", "gauge", "s", "Time since the last full look at the space began"),
    )
}  # fmt: skip
_OF_FIGURES = tuple(metric for metric in METRICS.values() if metric.figure)


@dataclass(frozen=True)
class Sample:
    """A value of a metric, with the values of its tags."""

    metric: Metric
    value: float
    tags: Mapping[str, str]


def sample(name: str, value: float, **tags: str) -> Sample:
    """A value. Raises ``KeyError`` for an unknown name, ``ValueError`` for other tags than the metric's."""
    metric = METRICS[name]
    if set(tags) != set(metric.tags):
        raise ValueError(f"{name} is told apart by {', '.join(metric.tags)}, not by {', '.join(tags)}")
    return Sample(metric, value, tags)


def of_task(source: str, data: Mapping[str, Any], figures: Mapping[str, float], warnings: int) -> Iterator[Sample]:
    """What a task tells when it ends or begins to wait.

    :param data: its record. :param figures: what it counted since it began, or came back from a wait.
    :param warnings: that it left since then.
    """
    task, state = str(data["task"]), str(data["state"])
    for metric in _OF_FIGURES:
        yield from _of_figures(metric, source, task, figures)
    yield sample("warnings", warnings, source=source, task=task)
    if state != "waiting":
        yield sample("task_duration", 1_000 * data["seconds"], source=source, task=task, state=state)
    for rule, verdict in data["details"].get("quality", {}).get("rules", {}).items():
        yield sample("quality", int(verdict["good"]), source=source, rule=rule)
    if task in {"prune", "verify"}:  # verify comes when nothing is asked any more, also where prune was skipped
        yield sample("approvals_open", int(task == "prune" and state == "waiting"), source=source)


def _of_figures(metric: Metric, source: str, task: str, figures: Mapping[str, float]) -> Iterator[Sample]:
    if "side" not in metric.tags:
        if metric.figure in figures:
            yield Sample(metric, figures[metric.figure], {"source": source})
        return
    factor = 1_000 if metric.unit == "ms" else 1
    for side in _SIDES:
        value = figures.get(f"{side}_{metric.figure}")
        if value is not None:
            yield Sample(metric, factor * value, {"source": source, "task": task, "side": side})


def is_measured() -> bool:
    """Whether Airflow has a metrics backend."""
    from airflow.sdk import conf

    return any(conf.getboolean("metrics", switch, fallback=False) for switch in _SWITCHES)


def send(samples: Iterable[Sample]) -> None:
    """Hand samples to Airflow's metrics client. What that client raises is logged: it ends no task."""
    from airflow.sdk.observability import stats

    try:
        for it in samples:
            calls = {"counter": stats.incr, "gauge": stats.gauge, "timer": stats.timing}
            calls[it.metric.kind](it.metric.full_name, it.value, tags=dict(it.tags))
    except Exception as error:
        log.warning("Airflow's metrics client failed, and the rest of this task's metrics is lost: %r", error)
