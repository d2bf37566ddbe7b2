"""Why a page that Twig holds is not in the inventory any more: asked before anything is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.confluence.api import IDS_AT_ONCE
from include.confluence.workers import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from include.confluence.client import ConfluenceClient
    from include.confluence.content import Content, Kind, Space

ARCHIVED = "archived"
TRASHED = "trashed"
MOVED = "moved to another space"
GONE = "gone or no longer visible"
STILL_THERE = "still there"


@dataclass(frozen=True)
class Missing:
    """What became of a page.

    :param reason: ``archived``, ``trashed``, ``moved to another space``, ``gone or no longer visible`` or
        ``still there``.
    :param still_there: the page is current and in the space: the sweep missed it, and it must not be deleted.
    """

    page_id: str
    reason: str
    still_there: bool = False


def explain_missing(client: ConfluenceClient, ids: Iterable[str], kind: Kind, space: Space) -> dict[str, Missing]:
    """Ask for each page by id, whatever its status; one request for 200 of them.

    A page that was purged, hidden from the account or restricted is simply absent from the answer: Confluence does
    not tell these apart. An error is raised, never taken for absence.
    """
    explained: dict[str, Missing] = {}
    for batch in batches(ids, IDS_AT_ONCE):
        explained |= _explain(batch, client.api.states(batch, kind), space)
    return explained


def _explain(ids: Sequence[str], states: dict[str, Content], space: Space) -> dict[str, Missing]:
    return {page_id: _reason(page_id, states.get(page_id), space) for page_id in ids}


def _reason(page_id: str, content: Content | None, space: Space) -> Missing:
    if content is None:
        return Missing(page_id, GONE)
    if content.status != "current":
        return Missing(page_id, content.status)
    if content.space_id != space.id:
        return Missing(page_id, MOVED)
    return Missing(page_id, STILL_THERE, still_there=True)
