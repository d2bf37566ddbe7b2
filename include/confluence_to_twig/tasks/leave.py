"""Before anything is sent: take pages out of the data sources that they leave, as others may read them now.

A page is never in two data sources. What is not proven gone from the one is not sent to the other; a run that breaks off in
between leaves it in none, and the next one loads it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.planning.decision import MOVED
from confluence_to_twig.tasks.removal import delete_from
from confluence_to_twig.tasks.targets import fetched_by_target, leaving_by_target, targets_of
from confluence_to_twig.twig.pruner import Deletion

if TYPE_CHECKING:
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.targets import Target

log = logging.getLogger(__name__)


def take_out(run: Run, record: Record) -> frozenset[str]:
    """Remove every page that the plan sends somewhere from everywhere else. No brake: nobody may read them there.

    :returns: pages that could not be removed: they are not to be sent.
    """
    targets = targets_of(run)
    if len(targets) == 1:
        return frozenset()
    fetched, leaves = fetched_by_target(run), leaving_by_target(run)
    belongs = {page_id: target.key for target in targets for page_id in fetched[target.key]}
    stuck: set[str] = set()
    for target in targets:
        elsewhere = {page_id for page_id, key in belongs.items() if key != target.key}
        stuck |= _taken_out(run, target, elsewhere | leaves[target.key], record)
    return frozenset(stuck)


def _taken_out(run: Run, target: Target, page_ids: set[str], record: Record) -> set[str]:
    view = target.manifest.view()
    rows = [row for page_id in sorted(page_ids) if (row := view.row(page_id))]
    deletions = [Deletion(row["page_id"], row["title"], row["url"], row["version"], MOVED) for row in rows]
    if not deletions:
        return set()
    moved = delete_from(run, target, deletions, record)
    record.count(moved=moved)
    log.info("%s: %d pages left, as others may read them now", target.name, moved)
    view = target.manifest.view()
    stuck = {entry.page_id for entry in deletions if view.row(entry.page_id)}
    if stuck:
        record.warn(
            f"{len(stuck):,} pages are still in {target.name}, although others may read them now, and Twig did not confirm "
            "that they are gone. They are not sent anywhere else; the next run tries again. Look at the data source in Twig."
        )
    return stuck
