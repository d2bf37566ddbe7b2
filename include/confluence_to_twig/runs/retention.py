"""Retention: the folders of old runs go; the manifest and the audit of deletions stay."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.staging.files import folders_in, modified_at, remove_folder

if TYPE_CHECKING:
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


def remove_old_runs(run: Run) -> int:
    """Keep the newest ``keep_runs`` run folders of the source, by the time of their last report; remove the others.

    A folder without a report belongs to a run that is not finished, and stays. Returns how many were removed.
    """
    folder = run.source_staging.runs
    reported = {name: when for name in folders_in(folder) if (when := modified_at(folder / name / "report.json"))}
    old = sorted(reported, key=reported.__getitem__, reverse=True)[run.source.keep_runs :]
    for name in old:
        remove_folder(folder / name)
    if old:
        log.info("Removed the staging of %s old runs", len(old))
    return len(old)
