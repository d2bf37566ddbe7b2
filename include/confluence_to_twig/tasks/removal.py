"""Removal: delete pages from one data source or folder, and write down what is proven gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.tasks.file_target import prune_files
from confluence_to_twig.tasks.twig_target import data_source_of
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.pruner import prune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.targets import Target
    from confluence_to_twig.twig.pruner import Deletion


def delete_from(
    run: Run, target: Target, deletions: Sequence[Deletion], record: Record, approved_by: str | None = None
) -> int:
    """Delete pages from one data source or folder. Returns how many are gone."""
    if run.source.delivery == "files":
        return prune_files(run, target, deletions, record, approved_by)
    return _delete_from_twig(run, target, deletions, record, approved_by)


def _delete_from_twig(
    run: Run, target: Target, deletions: Sequence[Deletion], record: Record, approved_by: str | None
) -> int:
    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client):
        report = prune(
            client,
            data_source_of(target, client),
            deletions,
            target.manifest,
            DeletionLog(run.source_staging),
            run.run_id,
            approved_by=approved_by,
        )
        record.count(requests=client.figures.requests, removed=report.deleted)
    for refusal in report.refused:
        record.warn(f"Twig refused to delete page {refusal['page_id']}: {refusal['code']}: {refusal['message']}")
    return report.deleted
