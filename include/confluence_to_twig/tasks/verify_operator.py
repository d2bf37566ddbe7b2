"""The verify task: waits for Twig without holding a worker, then checks and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from confluence_to_twig.runs.links import LINKS
from confluence_to_twig.runs.run import Run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source


class VerifyOperator(BaseOperator):
    """Start Twig's processing if something changed, wait until it is done, compare, ask sample questions, report.

    :param source: the source whose run this task belongs to.
    """

    operator_extra_links = LINKS

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def execute(self, context: Context) -> Any:
        """Start the processing; if Twig is not done at once, come back when it is."""
        return self._go_on(context, None)

    def processing_ended(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a wait: with the checks, or with another wait when more was loaded meanwhile."""
        return self._go_on(context, event)

    def _go_on(self, context: Context, event: dict[str, Any] | None) -> Any:
        from confluence_to_twig.tasks.verify import finish, follow

        run = Run.of(self.source, context)
        if wait := follow(run, event):
            from confluence_to_twig.tasks.processing_trigger import ProcessingTrigger

            self.defer(
                trigger=ProcessingTrigger(
                    self.source.twig_conn_id, wait.data_source_id, wait.process_id, ours=wait.ours
                ),
                method_name="processing_ended",
                timeout=wait.timeout,
            )
        return finish(run, emit=lambda extra: self._emit(context, extra))

    def _emit(self, context: Context, extra: dict[str, Any]) -> None:
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = extra
