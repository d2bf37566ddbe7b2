"""Why a page that Twig holds is not in the inventory any more: asked before anything is deleted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import ClientClosedError
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.decision import GONE, STILL_THERE, UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.space import Space

log = logging.getLogger(__name__)

MOVED = "moved to another space"
#: Look-ups that may fail before the rest is not asked for any more.
FAILURES_AT_MOST = 20


def explain_missing(client: ConfluenceClient, ids: Iterable[str], kind: Kind, space: Space | None) -> dict[str, str]:
    """Ask for each page by id, whatever its status; one request for 200 of them.

    A page that was purged, hidden from the account or restricted is simply absent from the answer: Confluence does
    not tell these apart. An error is never taken for absence: a batch that fails is halved, down to the id to blame.

    :param space: where they should be; None: it cannot be found, and a page that can be seen must not be deleted.
    :returns: a reason for every id: ``archived``, ``trashed``, ``moved to another space``, ``gone or no longer
        visible``, ``still there`` (the sweep missed the page) or ``untold`` (the look-up failed). The last two are no
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
            reasons |= {page_id: _reason(states.get(page_id), space) for page_id in batch}
    return reasons


def _reason(content: Content | None, space: Space | None) -> str:
    if content is None:
        return GONE
    if content.status != "current":
        return content.status
    return STILL_THERE if space is None or content.space_id == space.id else MOVED
