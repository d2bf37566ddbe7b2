"""The verify task: waits for Twig without holding a worker, then checks and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from include.pipeline.run import Run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.source import Source


class VerifyOperator(BaseOperator):
    """Start Twig's processing if something changed, wait until it is done, compare, ask sample questions, report.

    :param source: the source whose run this task belongs to.
    """

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def execute(self, context: Context) -> Any:
        """Start the processing; if Twig is not done at once, come back when it is."""
        from include.pipeline.verify import start

        run = Run.of(self.source, context)
        wait = start(run)
        if wait is not None:
            from include.operators.processing_trigger import ProcessingTrigger

            self.defer(
                trigger=ProcessingTrigger(self.source.twig_conn_id, wait.data_source_id, wait.poll_seconds),
                method_name="finish",
                timeout=wait.timeout,
            )
        return self.finish(context)

    def finish(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Check what Twig holds, write the report, attach the figures to the asset event."""
        from include.pipeline.verify import finish

        return finish(Run.of(self.source, context), event, emit=lambda extra: self._emit(context, extra))

    def _emit(self, context: Context, extra: dict[str, Any]) -> None:
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = extra
