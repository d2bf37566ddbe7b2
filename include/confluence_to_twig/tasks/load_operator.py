"""The load task: sends what differs to Twig, with links to where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TriggerRule

from confluence_to_twig.runs.links import LINKS
from confluence_to_twig.runs.run import Run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source


class LoadOperator(BaseOperator):
    """Send the chunks that differ. Runs, too, when there was nothing to transform: the run goes on and reports.

    :param source: the source whose run this task belongs to.
    :param transformed: what the transform tasks returned; nothing when all of them were skipped.
    """

    template_fields = ("transformed",)
    operator_extra_links = LINKS

    def __init__(self, *, source: Source, transformed: Any, **kwargs: Any) -> None:
        super().__init__(trigger_rule=TriggerRule.NONE_FAILED, **kwargs)
        self.source = source
        self.transformed = transformed

    def execute(self, context: Context) -> Any:
        """Load; a retry goes on behind the last batch that Twig acknowledged."""
        from confluence_to_twig.tasks.load import load

        return load(Run.of(self.source, context), self.transformed)
