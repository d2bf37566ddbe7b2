"""Traced: what each task of a run read and wrote, told to OpenLineage. Imported when DAGs are parsed: nothing heavy."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.assets import host_of
from confluence_to_twig.runs.lineage import Lineage, is_traced, space, staged, to_openlineage, twig
from confluence_to_twig.runs.record import record_path
from confluence_to_twig.staging.files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.runs.lineage import Dataset
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


class Traced:
    """For operators: they call :meth:`trace` when their work is done, and OpenLineage asks them what it was."""

    traced = Lineage()

    def trace(self, run: Run) -> None:
        """Note what the task read and wrote, if anybody listens. Lineage that cannot be told ends no task."""
        if not is_traced():
            return
        try:
            self.traced = lineage_of(run, read_json(record_path(run)))
        except Exception as error:
            log.warning("OpenLineage hears nothing of what %s read and wrote: %r", run.task_id, error)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What OpenLineage's provider calls after the task."""
        return to_openlineage(self.traced)


def lineage_of(run: Run, record: Mapping[str, Any]) -> Lineage:
    """What a task read and wrote.

    :param record: what it left for the report.
    """
    return _OF_TASKS[run.task_id](run, record)


def _discover(run: Run, record: Mapping[str, Any]) -> Lineage:
    inventory = staged(run.source_staging, "inventory", run.staging.inventories())
    plan = staged(run.source_staging, "plan", [run.staging.plan])
    return Lineage(_spaces(run, inventory.rows), (inventory, plan))


def _extract(run: Run, record: Mapping[str, Any]) -> Lineage:
    pages = staged(run.source_staging, "pages", [run.staging.pages(run.shard or 0)])
    plan = staged(run.source_staging, "plan", [run.staging.plan])
    return Lineage((plan, *_spaces(run, pages.rows)), (pages,))


def _transform(run: Run, record: Mapping[str, Any]) -> Lineage:
    staging, shard = run.staging, run.shard or 0
    return Lineage(
        (staged(run.source_staging, "pages", [staging.pages(shard)]),),
        (
            staged(run.source_staging, "documents", [staging.documents(shard)]),
            staged(run.source_staging, "chunks", [staging.chunks(shard)]),
        ),
    )


def _load(run: Run, record: Mapping[str, Any]) -> Lineage:
    from confluence_to_twig.staging.files import files_in

    reads = []
    for kind in ("documents", "chunks"):
        folder = run.staging.home / kind
        reads.append(staged(run.source_staging, kind, [folder / name for name in files_in(folder)]))
    figures = record["figures"]
    sent = twig(run.source.name, rows=int(figures.get("chunks_sent", 0)), size=int(figures.get("bytes", 0)))
    return Lineage(tuple(reads), (sent,))


def _prune(run: Run, record: Mapping[str, Any]) -> Lineage:
    return Lineage((staged(run.source_staging, "plan", [run.staging.plan]),), (twig(run.source.name),))


def _verify(run: Run, record: Mapping[str, Any]) -> Lineage:
    details = record["details"]
    rules = details.get("quality", {}).get("rules", {})
    return Lineage((twig(run.source.name, rows=details["chunks"], rules=rules),))


def _spaces(run: Run, rows: int | None) -> tuple[Dataset, ...]:
    """The spaces as the source names them, patterns included. The rows of several cannot be told apart."""
    source, host = run.source, host_of(run.source.confluence_conn_id)
    keys = (source.space_key,) if source.space_key else source.spaces
    return tuple(space(host, key, rows if len(keys) == 1 else None) for key in keys)


_OF_TASKS = {
    "discover": _discover,
    "extract": _extract,
    "transform": _transform,
    "load": _load,
    "prune": _prune,
    "verify": _verify,
}
