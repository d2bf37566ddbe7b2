"""The prune task: deletes at once, or waits for a human when too much would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator

from confluence_to_twig.alerts.notify import ApprovalNeeded
from confluence_to_twig.runs.run import Run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source

APPROVE, REJECT = "Delete them", "Keep them"


class PruneOperator(HITLOperator):
    """Delete the pages that the plan removes; behind the mass-delete brake, ask first.

    The request appears under *Required Actions* in the UI. No answer within the source's ``approval_timeout`` counts
    as "Keep them": the next run finds the same pages again.

    :param source: the source whose run this task belongs to.
    """

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(
            subject="Many pages would be deleted",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            response_timeout=source.approval_timeout,
            notifiers=[ApprovalNeeded(source)],
            **kwargs,
        )
        self.source = source

    def execute(self, context: Context) -> Any:
        """Delete, or ask."""
        from confluence_to_twig.tasks.prune import prune

        return prune(Run.of(self.source, context), ask=lambda subject, body: self._ask(context, subject, body))

    def _ask(self, context: Context, subject: str, body: str) -> Any:
        self.subject, self.body = subject, body
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after the answer, or after the time for it is over."""
        from confluence_to_twig.tasks.prune import prune

        answer = super().execute_complete(context, event)
        approved = answer["chosen_options"] == [APPROVE]
        user = (answer["responded_by_user"] or {}).get("name") or "nobody (timeout)"
        return prune(Run.of(self.source, context), approved=approved, answered_by=user)
