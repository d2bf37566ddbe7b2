"""Retention: the folders of old runs go, old months of the audit, old notes of unreadable files, and leftovers of writers that died."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.extract.unreadable_files import forget_old
from confluence_to_twig.runs.history import remember
from confluence_to_twig.runs.source_metrics import measure
from confluence_to_twig.staging.files import (
    files_in,
    folders_in,
    modified_at,
    names_in,
    remove_folder,
    remove_leftovers,
)
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.twig.deletions import DeletionLog

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.runs.run_row import RunRow

log = logging.getLogger(__name__)

#: No task takes so long, apart from the wait for an approval: a run that left no sign of life since then broke off.
_ABANDONED_AFTER = timedelta(days=7)
#: No file takes so long to write.
_LEFTOVER_AFTER = timedelta(days=1)


def keep_history(run: Run) -> None:
    """Write down the runs that are over, then remove what is too old: folders of runs, months of the audit, notes, leftovers."""
    staging, now = run.source_staging, datetime.now(UTC)
    abandoned_before = now - run.source.approval_timeout - _ABANDONED_AFTER
    folders = set(folders_in(staging.runs))
    rows = remember(staging, run.run_id, abandoned_before, folders)
    measure(staging)
    _remove_old_runs(run, [row for row in rows if row.folder in folders], folders, abandoned_before)
    there = names_in(staging.home)
    if staging.unreadable.name in there:
        forget_old(staging.unreadable, now.date())
    if staging.audit.name in there:
        DeletionLog(staging).forget_before(now - run.source.keep_audit)
    # What was left in the folder of a run goes with it.
    if left := remove_leftovers(staging.home, _LEFTOVER_AFTER, spared=staging.runs.name):
        log.info("Removed %s unfinished files from %s: their writers died", len(left), staging.home)


def _remove_old_runs(run: Run, rows: list[RunRow], folders: set[str], abandoned_before: datetime) -> None:
    """Remove the folders of old runs.

    The newest ``keep_runs`` that came to their end keep their folder, and as many that broke off: many failures in a row
    must not take the last plan away. A run that is not over keeps its folder, and ``run`` does, which may have been
    cleared long after it ended. A folder that tells nothing of its run goes when nobody has written in it for long.
    """
    staging, keep = run.source_staging, run.source.keep_runs
    over = [row for row in rows if row.state != "running"]
    ended = [row.folder for row in over if row.pages is not None]
    broke_off = [row.folder for row in over if row.pages is None]
    silent = folders - {row.folder for row in rows}
    abandoned = {name for name in silent if _untouched_since(staging.runs / name, abandoned_before)}
    old = {*ended[keep:], *broke_off[keep:], *abandoned} - {folder_name(run.run_id)}
    for name in old:
        remove_folder(staging.runs / name)
    if old:
        log.info("Removed the staging of %s old runs", len(old))


def _untouched_since(folder: ObjectStoragePath, moment: datetime) -> bool:
    """Whether what a run writes first is there, and all of it is old."""
    paths = [part / name for part in (folder, folder / "report", folder / "inventory") for name in files_in(part)]
    written = [found for path in paths if (found := modified_at(path)) is not None]
    return bool(written) and max(written) < moment
