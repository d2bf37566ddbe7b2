"""Why a page that Twig holds is not in the inventory any more: asked before anything is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.workers import batches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.space import Space

MOVED = "moved to another space"
GONE = "gone or no longer visible"
STILL_THERE = "still there"


def explain_missing(client: ConfluenceClient, ids: Iterable[str], kind: Kind, space: Space) -> dict[str, str]:
    """Ask for each page by id, whatever its status; one request for 200 of them.

    A page that was purged, hidden from the account or restricted is simply absent from the answer: Confluence does
    not tell these apart. An error is raised, never taken for absence.

    :returns: a reason for every id: ``archived``, ``trashed``, ``moved to another space``, ``gone or no longer
        visible`` or ``still there``. The last means that the sweep missed the page and it must not be deleted.
    """
    reasons: dict[str, str] = {}
    for batch in batches(ids, IDS_AT_ONCE):
        states = client.api.states(batch, kind)
        reasons |= {page_id: _reason(states.get(page_id), space) for page_id in batch}
    return reasons


def _reason(content: Content | None, space: Space) -> str:
    if content is None:
        return GONE
    if content.status != "current":
        return content.status
    return STILL_THERE if content.space_id == space.id else MOVED
