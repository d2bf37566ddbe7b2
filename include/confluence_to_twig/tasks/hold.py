"""What load holds back: documents that would take much text out of Twig although nobody edited their pages.

Those that a human may let through are left to prune, which asks for them together with the deletions.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from confluence_to_twig.staging.audience_manifests import joined_view
from confluence_to_twig.staging.files import read_json, write_json
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.tasks.idle import is_prune_needed
from confluence_to_twig.twig.brake import LIVE_DOC_EMPTY, Brake, Shrunk, shrunk
from confluence_to_twig.twig.pruner import PRUNED_COLUMNS, PrunePlan, plan_prune
from confluence_to_twig.twig.shards import document_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.audience_manifests import JoinedView

log = logging.getLogger(__name__)

NAMED_PAGES = 20


def brake_of(source: Source) -> Brake:
    """The limits of a source."""
    return Brake(source.brake_pages, source.brake_share, source.brake_most)


def hold_back(run: Run, documents: Sequence[ObjectStoragePath], record: Record) -> frozenset[str]:
    """The documents that must not be sent now; those that prune has to ask for are written down."""
    view = joined_view(run.source_staging)
    found = [
        entry for document in document_rows(documents) if (entry := shrunk(document, view.row(document["page_id"])))
    ]
    doubtful = tuple(entry for entry in found if not entry.emptied_by_nobody)
    planned = _planned(run, view, doubtful) if doubtful else None
    asked = planned.shrunk if planned and planned.brake else ()
    if asked or run.try_number > 1:  # an earlier try may have left some
        write_json(run.staging.held_back, {"shrunk": [asdict(entry) for entry in asked]})
    kept = [entry for entry in found if entry.emptied_by_nobody]
    _name_kept(kept, record)
    return frozenset(entry.page_id for entry in (*kept, *asked))


def _name_kept(kept: Sequence[Shrunk], record: Record) -> None:
    live = [entry for entry in kept if entry.reason == LIVE_DOC_EMPTY]
    others = [entry for entry in kept if entry.reason != LIVE_DOC_EMPTY]
    if others:
        pages = "page" if len(others) == 1 else "pages"
        record.warn(
            f"{len(others):,} {pages} came back empty in the very version that had text, "
            f"so Twig keeps the text: {_named(others)}"
        )
    if live:
        docs = "live doc" if len(live) == 1 else "live docs"
        record.warn(
            f"{len(live):,} {docs} came back empty. Confluence may give the current version of a live doc without its "
            f"text, so Twig keeps the text. To take a page out, delete it or give it an excluded label: {_named(live)}"
        )
    if kept:
        record.figures["kept_text"] = len(kept)


def _named(kept: Sequence[Shrunk]) -> str:
    named = ", ".join(f"{entry.title} ({entry.url})" for entry in kept[:NAMED_PAGES])
    more = f" and {len(kept) - NAMED_PAGES:,} more" if len(kept) > NAMED_PAGES else ""
    return f"{named}{more}"


def is_prune_idle(run: Run) -> bool:
    """Whether prune would find nothing to do, now that load is over."""
    if run.params.dry_run:
        return True
    return not (_held_back(run) or is_prune_needed(read_table(run.staging.plan, ["action"])))


def planned_prune(run: Run) -> PrunePlan:
    """What prune has to do: the plan's deletions, and the documents that load held back."""
    plan, shrunk = read_table(run.staging.plan, PRUNED_COLUMNS), _held_back(run)
    if not shrunk and not is_prune_needed(plan):
        return PrunePlan((), 0, brake=False)
    view = joined_view(run.source_staging)
    return plan_prune(plan, view, run.run_id, brake=brake_of(run.source), shrunk=shrunk)


def _planned(run: Run, view: JoinedView, shrunk: tuple[Shrunk, ...]) -> PrunePlan:
    plan = read_table(run.staging.plan, PRUNED_COLUMNS)
    return plan_prune(plan, view, run.run_id, brake=brake_of(run.source), shrunk=shrunk)


def _held_back(run: Run) -> tuple[Shrunk, ...]:
    try:
        return tuple(Shrunk(**entry) for entry in read_json(run.staging.held_back)["shrunk"])
    except FileNotFoundError:
        return ()
