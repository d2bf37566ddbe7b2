"""Run: what every task of one DAG run knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.staging.layout import RunStaging, SourceStaging, staging_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.sources.source import Source


#: The task that freezes the settings of its run.
FIRST_TASK = "validate"
UNATTENDED_VARIABLE = "CONFLUENCE_TWIG_UNATTENDED"


def unattended() -> bool:
    """Whether this is a headless run in process (``confluence-to-twig sync``): nobody watches the UI, and nobody is alerted."""
    return bool(os.environ.get(UNATTENDED_VARIABLE))


@dataclass(frozen=True)
class Run:
    """One run of one source, and one task of it.

    :param shard: the map index of the task, or None for a task that is not mapped.
    """

    source: Source
    run_id: str
    facts: RunFacts
    params: RunParams
    task_id: str
    try_number: int
    shard: int | None = None

    @property
    def source_staging(self) -> SourceStaging:
        return SourceStaging(staging_root(), self.source.name)

    @property
    def staging(self) -> RunStaging:
        return self.source_staging.run(self.run_id)

    @classmethod
    def of(cls, source: Source, context: Mapping[str, Any]) -> Run:
        """The run that an Airflow task context belongs to. Works with and without a logical date.

        :param source: the source as the DAG file has it now. The settings that the run's first task froze win over it, so
            that all tasks of a run work with the same ones.
        """
        dag_run, ti = context["dag_run"], context["ti"]
        group, _, task_id = ti.task_id.rpartition(".")
        if task_id != FIRST_TASK:
            source = _frozen(ti, f"{group}.{FIRST_TASK}" if group else FIRST_TASK) or source
        facts = RunFacts(
            run_type=getattr(dag_run.run_type, "value", str(dag_run.run_type)),
            run_after=dag_run.run_after,
            data_interval_start=context.get("data_interval_start"),
            data_interval_end=context.get("data_interval_end"),
        )
        return cls(
            source=source,
            run_id=dag_run.run_id,
            facts=facts,
            params=RunParams.from_context(context.get("params") or {}),
            task_id=task_id,
            try_number=ti.try_number,
            shard=ti.map_index if ti.map_index is not None and ti.map_index >= 0 else None,
        )

    @classmethod
    def current(cls, source: Source) -> Run:
        """The run of the task that is executing now."""
        from airflow.sdk import get_current_context

        return cls.of(source, get_current_context())


def _frozen(ti: Any, first_task: str) -> Source | None:
    """The source as the first task returned it; None for a run that began under a release that froze nothing."""
    from confluence_to_twig.sources.source import Source

    validated = ti.xcom_pull(task_ids=first_task) or {}
    return Source.model_validate(validated["source"]) if "source" in validated else None
