"""Bodies in bulk: batches that get smaller where the server cannot cope, until each page is there or to blame."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import BrokenListingError, RejectedRequestError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.errors import PipelineError

log = logging.getLogger(__name__)

#: Faults that may lie in a single page, and that a smaller batch may get around.
DIVISIBLE = (UnavailableError, BrokenListingError, RejectedRequestError)


@dataclass
class Fetched:
    """What a batch brought.

    :param contents: with their storage bodies.
    :param failed: id → why this one page cannot be fetched, though everything else can.
    :param halved: whether the server could not give the whole batch in one answer.
    """

    contents: list[Content] = field(default_factory=list)
    failed: dict[str, PipelineError] = field(default_factory=dict)
    halved: bool = False

    def add(self, other: Fetched) -> None:
        """Take over the results of another batch."""
        self.contents += other.contents
        self.failed |= other.failed


def fetch_bodies(api: ContentApi, ids: Sequence[str], kind: Kind) -> Fetched:
    """Fetch a batch; on 5xx, time-outs and broken answers its halves, down to single pages.

    A single page is blamed only when Confluence answers the same question without the body: then the fault is the
    page's own. Otherwise it is an outage, and the error is raised.

    :raises confluence_to_twig.errors.TransientError: rate limits and outages.
    :raises confluence_to_twig.errors.PermanentError: credentials and the like.
    """
    try:
        return Fetched([content for content in api.bodies(ids, kind) if content.storage is not None])
    except DIVISIBLE as error:
        if len(ids) == 1:
            return _blame(api, ids[0], kind, error)
        log.info("%s: asking for %d pages in two halves", error.summary, len(ids))
    half = len(ids) // 2
    fetched = fetch_bodies(api, ids[:half], kind)
    fetched.add(fetch_bodies(api, ids[half:], kind))
    fetched.halved = True
    return fetched


def _blame(api: ContentApi, content_id: str, kind: Kind, error: PipelineError) -> Fetched:
    try:
        api.probe(content_id, kind)
    except DIVISIBLE:
        raise error from None
    log.warning("Page %s cannot be fetched, others can: %s", content_id, error.summary)
    return Fetched(failed={content_id: error})
