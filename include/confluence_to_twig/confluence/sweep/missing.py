"""Why a page that Twig holds is not in the inventory any more: asked before anything is deleted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.decision import GONE, STILL_THERE, UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.space import Space

log = logging.getLogger(__name__)

MOVED = "moved to another space"
UNSELECTED = "in a space that is not selected"
#: Look-ups that may fail before the rest is not asked for any more.
FAILURES_AT_MOST = 20


def explain_missing(client: ConfluenceClient, ids: Iterable[str], kind: Kind, space: Space | None) -> dict[str, str]:
    """Why pages are not in the inventory of a space; see :func:`explain_missing_of`.

    :param space: where they should be; None: it cannot be found, and a page that can be seen must not be deleted.
    """
    return explain_missing_of(client, ids, kind, Places.of_one(space.id if space else None))


@dataclass(frozen=True)
class Places:
    """What it means that a missing page is in a space.

    :param spaces: space id → reason. :param elsewhere: the reason for any other space.
    """

    spaces: Mapping[str, str]
    elsewhere: str

    @classmethod
    def of_one(cls, space_id: str | None) -> Places:
        """For a source with one space; None: it cannot be found, and a page that can be seen must not be deleted."""
        return cls({}, STILL_THERE) if space_id is None else cls({space_id: STILL_THERE}, MOVED)

    @classmethod
    def of_many(cls, selected: Iterable[str], unselected: Iterable[str]) -> Places:
        """For a source with many spaces.

        :param selected: ids of the spaces that were looked at. :param unselected: of the others that the account sees. A
            page in a space that is neither contradicts the listing of spaces, and must not be deleted.
        """
        return cls({**dict.fromkeys(unselected, UNSELECTED), **dict.fromkeys(selected, STILL_THERE)}, STILL_THERE)


def explain_missing_of(client: ConfluenceClient, ids: Iterable[str], kind: Kind, places: Places) -> dict[str, str]:
    """Ask for each page by id, whatever its status; one request for 200 of them.

    A page that was purged, hidden from the account or restricted is simply absent from the answer: Confluence does
    not tell these apart. An error is never taken for absence: a batch that fails is halved, down to the id to blame.

    :returns: a reason for every id: ``archived``, ``trashed``, ``moved to another space``, ``in a space that is not selected``,
        ``gone or no longer visible``, ``still there`` (the sweep missed the page) or ``untold`` (the look-up failed). The last two are no
        reasons to delete anything.
    """
    reasons: dict[str, str] = {}
    rest = list(batches(ids, IDS_AT_ONCE))
    failures = 0
    while rest:
        batch = rest.pop()
        if failures >= FAILURES_AT_MOST:
            reasons |= dict.fromkeys(batch, UNTOLD)
            continue
        try:
            states = client.api.states(batch, kind)
        except ClientClosedError:
            raise
        except PipelineError as error:
            failures += 1
            log.warning("What became of %d missing pages is not told: %s", len(batch), error.summary)
            middle = len(batch) // 2
            rest += [batch[:middle], batch[middle:]] if middle else []
            reasons |= {} if middle else {batch[0]: UNTOLD}
        else:
            reasons |= {page_id: _reason(states.get(page_id), places) for page_id in batch}
    return reasons


def _reason(content: Content | None, places: Places) -> str:
    if content is None:
        return GONE
    if content.status != "current":
        return content.status
    return places.spaces.get(content.space_id, places.elsewhere)
