"""Idle tasks: where the plan has nothing for load and prune they are skipped before they start, as each start is a process.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk import SkipMixin

if TYPE_CHECKING:
    import pyarrow as pa
    from airflow.sdk import Context

    from confluence_to_twig.runs.held_decorations import HeldDecorations
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


class SkipsIdle(SkipMixin):
    """For operators: they say which tasks of their run have nothing to do.

    Such an operator sets ``inherits_from_skipmixin``, by which Airflow knows that it has to skip a task behind it again that
    is cleared by itself.
    """

    def skip_idle(self, context: Context, *names: str) -> None:
        """Leave the task, as a success, and have these tasks of the same DAG or task group skipped.

        :raises DownstreamTasksSkipped: what the task returned before has to be pushed by then.
        """
        group, dot, _ = context["ti"].task_id.rpartition(".")
        log.info("Skipped, as there is nothing to do for them: %s", ", ".join(names))
        self.skip(context["ti"], [context["dag"].get_task(f"{group}{dot}{name}") for name in names])


def is_load_idle(run: Run, planned: pa.Table, inventory: pa.Table, held: HeldDecorations) -> bool:
    """Whether load, and so prune, would find nothing to do.

    Not so where an earlier try of this run may have left something to them, where nobody has noted yet what hangs on the
    pages in Twig, where a write may be under way to which load has to put an end, and with delivery ``files``, where load
    looks for leftovers.
    """
    import pyarrow.compute as pc

    if run.params.dry_run:
        return True
    if run.try_number > 1 or run.source.delivery == "files" or is_prune_needed(planned):
        return False
    moved = pc.any(pc.greater(pc.list_value_length(planned["leaves"]), 0)).as_py()
    return not (moved or "fetch" in _actions(planned) or _is_unnoted(inventory, held) or _is_writing(run))


def is_prune_needed(planned: pa.Table) -> bool:
    """Whether a plan removes pages."""
    return "delete" in _actions(planned)


def _actions(planned: pa.Table) -> list[str]:
    actions: list[str] = planned["action"].unique().to_pylist()
    return actions


def _is_unnoted(inventory: pa.Table, held: HeldDecorations) -> bool:
    kinds = {"attachments_digest": held.attachments, "comments_digest": held.comments}
    return any(known is None and inventory[name].null_count < inventory.num_rows for name, known in kinds.items())


def _is_writing(run: Run) -> bool:
    from confluence_to_twig.staging.audience_manifests import homes_of
    from confluence_to_twig.staging.manifest_reader import ManifestReader

    return any(ManifestReader(home, ()).may_be_under_way() for home in homes_of(run.source_staging))
