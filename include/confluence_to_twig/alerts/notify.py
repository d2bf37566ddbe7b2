"""The places in Airflow where alerts come from: callbacks of the DAG, the approval, the deadline.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import (  # type: ignore[attr-defined]
    BaseNotifier,
    DeadlineAlert,
    DeadlineReference,
    SyncCallback,
)

from confluence_to_twig.alerts.alert import Alert, run_url
from confluence_to_twig.runs.run import unattended

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from confluence_to_twig.sources.source import Source


class RunFailed(BaseNotifier):
    """``on_failure_callback`` of the DAG: a run failed. Runs in the DAG processor."""

    def __init__(self, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def notify(self, context: Any) -> None:
        """Tell which task failed, and its error with what to do."""
        from confluence_to_twig.alerts.deliver import deliver

        deliver(failed_run(self.source, str(context["run_id"])), self.source.alerts)


class RunSucceeded(BaseNotifier):
    """``on_success_callback`` of the DAG: the source's open problems are over."""

    def __init__(self, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def notify(self, context: Any) -> None:
        """Say so where they were told."""
        from confluence_to_twig.alerts.deliver import recovered

        words = f"Run {context['run_id']} of {self.source.name} ended well. {run_url(self.source.dag_id, str(context['run_id']))}"
        recovered(self.source.name, self.source.alerts, words.rstrip())


class ApprovalNeeded(BaseNotifier):
    """``notifiers`` of the prune task: the mass-delete brake waits for somebody."""

    def __init__(self, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def notify(self, context: Any) -> None:
        """Tell what the task asks, and where to answer."""
        from confluence_to_twig.alerts.deliver import deliver

        task = context["task"]
        # In a task group only the run knows its source; the operator has taken it on by now.
        source = getattr(task, "source", self.source)
        dag_id = getattr(task, "dag_id", source.dag_id)
        alert = Alert(
            kind="approval",
            source=source.name,
            problem="mass deletion",
            summary=f"{source.name}: {task.subject}",
            details=str(task.body or ""),
            url=_answer_url(dag_id, str(context["run_id"]), task.task_id),
        )
        deliver(alert, source.alerts)


def token_expires(source: Source, expires_on: date, warning: str) -> None:
    """Tell that the token of a source's connection expires; for the task that noticed.

    :param warning: the sentence that the log and the report show.
    """
    from confluence_to_twig.alerts.deliver import deliver

    alert = Alert(
        kind="token",
        source=source.name,
        problem=f"{source.confluence_conn_id} {expires_on}",
        summary=f"{source.name}: the API token of {source.confluence_conn_id} runs out on {expires_on}",
        details=warning,
    )
    deliver(alert, source.alerts)


def alerts_of(source: Source) -> dict[str, Any]:
    """The DAG's arguments for alerts: callbacks and deadline.

    There are none in an unattended run, whose exit status tells the person who started it. Airflow 3.3.2's in-process
    run also can neither call notifiers nor keep deadlines (``'dict' object has no attribute 'hex'``).

    Where nobody was told of a problem, nobody is told of its end: the DAG processor starts a process for each callback,
    and parses the file again after it.
    """
    if unattended():
        return {}
    return {
        "on_failure_callback": RunFailed(source),
        "on_success_callback": RunSucceeded(source) if source.alerts.reach_somebody else None,
        "deadline": deadline_of(source),
    }


def deadline_of(source: Source) -> DeadlineAlert | None:
    """``deadline`` of the DAG: when a run has not brought the source into step in time, it is stale."""
    if source.alerts.deadline is None:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=source.alerts.deadline,
        callback=SyncCallback(missed_deadline, kwargs={"settings": source.frozen()}),
        name=f"{source.name} in step with Confluence",
    )


def missed_deadline(settings: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    """The deadline of a run has passed. Runs in a worker.

    Airflow keeps the deadline of a run that failed, and does not look at the runs after it. The source's history tells
    whether it is in step all the same.

    :param settings: the source as JSON. A source that is given in a DAG file is written down nowhere else.
    """
    from confluence_to_twig.alerts.deliver import deliver
    from confluence_to_twig.alerts.stale import stale_alert
    from confluence_to_twig.sources.source import Source

    source = Source.model_validate(settings)
    alert = stale_alert(source, context["dag_run"])
    if alert is not None:
        deliver(alert, source.alerts)


def failed_run(source: Source, run_id: str) -> Alert:
    """The alert for a failed run, from what its tasks left behind."""
    from confluence_to_twig.runs.discretion import discreet
    from confluence_to_twig.runs.report import read_records
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    staging = SourceStaging(staging_root(), source.name).run(run_id)
    records = read_records(staging)
    broken = next((record for record in records if record["error"]), None)
    if broken is None:
        # A task that was killed or never started leaves no record.
        return Alert(
            kind="failed",
            source=source.name,
            problem="no record",
            summary=f"{source.name}: the sync failed",
            details="No task says why: look at the log of the task that is red.",
            url=run_url(source.dag_id, run_id),
        )
    name, _, words = discreet(staging, str(broken["error"])).partition(": ")
    first, _, rest = words.partition("\n")
    return Alert(
        kind="failed",
        source=source.name,
        problem=f"{broken['task']} {name}",
        summary=f"{source.name}: {broken['task']} failed: {first or name}",
        details=rest,
        url=run_url(source.dag_id, run_id),
    )


def _answer_url(dag_id: str, run_id: str, task_id: str) -> str:
    url = run_url(dag_id, run_id, task_id)
    return f"{url}/required_actions" if url else ""
