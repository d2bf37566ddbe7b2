"""Prune: remove from Twig what the plan removes, unless it is so much that a human must say yes.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.run import Run, unattended
from confluence_to_twig.tasks.traced import Traced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.twig.pruner import Deletion, PrunePlan

log = logging.getLogger(__name__)

APPROVED_VARIABLE = "CONFLUENCE_TWIG_APPROVE_DELETIONS"
APPROVE, REJECT = "Delete them", "Keep them"


class ApprovalNeededError(PermanentError):
    """The mass-delete brake holds and nobody is there to ask."""


class PruneOperator(Traced, HITLOperator):
    """Delete the pages that the plan removes; behind the mass-delete brake, ask first.

    The request appears under *Required Actions* in the UI. No answer within the source's ``approval_timeout`` counts
    as "Keep them": the next run finds the same pages again.

    :param source: the source whose run this task belongs to.
    :param kwargs: as for Airflow's operator, among them ``notifiers``, which are called when the task asks.
    """

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(
            subject="Many pages would be deleted",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            response_timeout=source.approval_timeout,
            **kwargs,
        )
        self.source = source

    def execute(self, context: Context) -> Any:
        """Delete, or ask."""
        run = Run.of(self.source, context)
        self.source = run.source
        pruned = prune(run, ask=lambda subject, body: self._ask(context, subject, body))
        self.trace(run)
        return pruned

    def _ask(self, context: Context, subject: str, body: str) -> Any:
        self.subject, self.body = subject, body
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after the answer, or after the time for it is over."""
        answer = super().execute_complete(context, event)
        approved = answer["chosen_options"] == [APPROVE]
        user = (answer["responded_by_user"] or {}).get("name") or "nobody (timeout)"
        run = Run.of(self.source, context)
        pruned = prune(run, approved=approved, answered_by=user)
        self.trace(run)
        return pruned


def prune(
    run: Run,
    *,
    ask: Callable[[str, str], Any] | None = None,
    approved: bool | None = None,
    answered_by: str | None = None,
) -> dict[str, Any]:
    """Delete, or ask first when the mass-delete brake holds.

    :param ask: shows subject and body to a human and leaves the task; None when the answer is there already.
    :param approved: the answer, or None before it.
    :returns: counters: ``deleted``, ``kept`` (by the brake).
    :raises ApprovalNeededError: the brake holds in an unattended run.
    """
    from confluence_to_twig.tasks.hold import planned_prune

    with recorded(run, comes_back=True) as record:
        if run.params.dry_run:
            log.info("Dry run: nothing is deleted")
            return {"deleted": 0, "kept": 0}
        wanted = planned_prune(run)
        for page_id, why in wanted.spared.items():
            log.info("Page %s stays: %s", page_id, why)
        # Restricted pages first: readers who may not see them must not find them while somebody thinks about the rest.
        restricted = _delete(run, wanted.at_once, record)
        if wanted.brake and approved is None:
            approved, answered_by = _approval(run, wanted, record, ask)
        if wanted.brake:
            record.details["approval"] = _answer(wanted, bool(approved), str(answered_by))
        if wanted.brake and not approved:
            kept = len(wanted.deletions) + len(wanted.shrunk)
            record.warn(f"{wanted} stay in Twig: {answered_by} chose to keep them")
            record.figures["kept_by_brake"] = kept
            return {"deleted": restricted, "kept": kept}
        approved_by = answered_by if wanted.brake else None
        deleted = _delete(run, wanted.deletions, record, approved_by)
        _let_through(run, wanted, record)
        if not (restricted or deleted or wanted.shrunk):
            log.info("Nothing to delete")
        return {"deleted": restricted + deleted, "kept": 0}


def _answer(wanted: PrunePlan, approved: bool, answered_by: str) -> dict[str, str]:
    """For the history."""
    done = "approved the deletion of" if approved else "kept"
    return {"text": f"{answered_by} {done} {wanted}", "at": datetime.now(UTC).isoformat()}


def _let_through(run: Run, wanted: PrunePlan, record: Record) -> None:
    """Send what load held back, now that nothing speaks against it."""
    if not wanted.shrunk:
        return
    from confluence_to_twig.staging.parquet import iter_rows
    from confluence_to_twig.tasks.load import deliver

    pages = {entry.page_id for entry in wanted.shrunk}
    shards = sorted({row["shard"] for row in iter_rows(run.staging.plan, ["shard"], where=("page_id", pages))})
    documents = [run.staging.documents(shard) for shard in shards]
    deliver(run, documents, [run.staging.chunks(shard) for shard in shards], record, only=pages)


def _approval(run: Run, wanted: PrunePlan, record: Record, ask: Callable[[str, str], Any] | None) -> tuple[bool, str]:
    record.details["brake"] = _named(run, wanted)
    if unattended():
        if os.environ.get(APPROVED_VARIABLE) == "yes":
            return True, f"{APPROVED_VARIABLE}=yes"
        raise ApprovalNeededError(
            f"{_named(run, wanted)}: approval needed",
            f"Look at {run.staging.plan}; if the deletions are right, run `confluence-to-twig sync {run.source.name} --approve-deletions`.",
        )
    if ask is None:
        raise ApprovalNeededError(f"{_named(run, wanted)}: approval needed", "Clear this task to be asked again.")
    ask(*_question(run, wanted, datetime.now(UTC) + run.source.approval_timeout))
    raise AssertionError("asking leaves the task")


def _named(run: Run, wanted: PrunePlan) -> str:
    return f"{run.source.name} would lose {wanted}"


def _question(run: Run, wanted: PrunePlan, until: datetime) -> tuple[str, str]:
    from confluence_to_twig.runs.links import plan_url
    from confluence_to_twig.tasks.approval import Asked, question

    name, run_id = run.source.name, run.run_id
    deletions, held_back = plan_url(name, run_id, action="delete"), plan_url(name, run_id, outcome="held back")
    return question(wanted, Asked(name, until, deletions, held_back))


def _delete(
    run: Run,
    deletions: Sequence[Deletion],
    record: Record,
    approved_by: str | None = None,
) -> int:
    """Delete pages wherever they are. Returns how many are gone."""
    from confluence_to_twig.tasks.removal import delete_from
    from confluence_to_twig.tasks.targets import targets_of

    if not deletions:
        return 0
    gone = 0
    for target in targets_of(run):
        view = target.manifest.view()
        there = [replace(entry, version=row["version"]) for entry in deletions if (row := view.row(entry.page_id))]
        gone += delete_from(run, target, there, record, approved_by) if there else 0
    return gone
