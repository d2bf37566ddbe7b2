"""Retention: the folders of old runs go; the history, the manifest and the audit of deletions stay."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from confluence_to_twig.runs.history import newest_first, remember
from confluence_to_twig.staging.files import folders_in, remove_folder
from confluence_to_twig.staging.layout import folder_name

if TYPE_CHECKING:
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)

#: No task takes so long, apart from the wait for an approval: a run that left no sign of life since then broke off.
_ABANDONED_AFTER = timedelta(days=7)


def keep_history(run: Run) -> None:
    """Write down the runs that are over, then remove the folders of old ones.

    The newest ``keep_runs`` that came to their end keep their folder, and as many that broke off: many failures in a row
    must not take the last plan away. A run that is not over keeps its folder, and ``run`` does, which may have been
    cleared long after it ended.
    """
    staging = run.source_staging
    remember(staging, run.run_id, datetime.now(UTC) - run.source.approval_timeout - _ABANDONED_AFTER)
    folders = set(folders_in(staging.runs))
    over = [row for row in newest_first(staging) if row.folder in folders and row.state != "running"]
    ended = [row.folder for row in over if row.pages is not None]
    broke_off = [row.folder for row in over if row.pages is None]
    old = {*ended[run.source.keep_runs :], *broke_off[run.source.keep_runs :]} - {folder_name(run.run_id)}
    for folder in old:
        remove_folder(staging.runs / folder)
    if old:
        log.info("Removed the staging of %s old runs", len(old))
