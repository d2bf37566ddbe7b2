"""Walking the listings of Data Center, whose pages are counted from the start.

An offset is not a place but a number: when a page is deleted in front of it, everything behind moves up and the next
answer begins one too late. :func:`walk_steadily` therefore lets each answer begin with the last thing of the one
before, and starts again when it does not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from confluence_to_twig.confluence.api.bidirectional import STARTS, ReadItem
from confluence_to_twig.confluence.api.content import Content, Listed
from confluence_to_twig.confluence.api.errors import BrokenAnswerError, BrokenListingError
from confluence_to_twig.confluence.api.paging import content_id
from confluence_to_twig.errors import TransientError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OffsetPage:
    """One answer of an offset listing; ``more`` tells whether the server links to a next one."""

    results: tuple[dict[str, Any], ...]
    more: bool


FetchOffset = Callable[[int], OffsetPage]


def offset_page(body: Any) -> OffsetPage:
    """Read the envelope of a v1 listing.

    :raises BrokenListingError: when the answer is no listing.
    """
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list):
        raise BrokenListingError("A listing came without results")
    return OffsetPage(tuple(results), bool((body.get("_links") or {}).get("next")))


def walk_offsets(fetch: FetchOffset) -> Iterator[dict[str, Any]]:
    """Every result of a short listing, which is not expected to change on the way.

    :raises BrokenListingError: when it goes on without results.
    """
    start = 0
    while True:
        page = fetch(start)
        yield from page.results
        if not page.more:
            return
        if not page.results:
            raise BrokenListingError("A listing goes on without results")
        start += len(page.results)


def walk_beyond(fetch: FetchOffset) -> Iterator[dict[str, Any]]:
    """Every result of a list that may link to a next page beyond its end, as those of attachments do
    (https://jira.atlassian.com/browse/CONFSERVER-95396). It ends where an answer brings nothing new, asked for twice.
    """
    start = 0
    seen: set[str] = set()
    while True:
        page = fetch(start)
        fresh = _unseen(page, seen)
        if page.more and not fresh:
            page = fetch(start)  # rows may have got lost: a passing fault does not show twice
            fresh = _unseen(page, seen)
        yield from fresh
        if not page.more or not fresh:
            return
        seen |= {_key(item) for item in fresh}
        start += len(page.results)


def _unseen(page: OffsetPage, seen: set[str]) -> list[dict[str, Any]]:
    return [item for item in page.results if _key(item) not in seen]


def _key(item: Any) -> str:
    return str(item.get("id")) if isinstance(item, dict) else repr(item)


def walk_steadily(fetch: FetchOffset, read: ReadItem) -> Listed:
    """Walk a listing that may change on the way.

    :returns: an incomplete walk when it shifted in each of three attempts, broke off, or has unreadable items.
    :raises confluence_to_twig.errors.TransientError: when nothing at all could be read.
    """
    contents: dict[str, Content] = {}
    problem = ""
    for attempt in range(1, STARTS + 1):
        seen: set[str] = set()
        unreadable: list[str] = []
        try:
            for found, item in _overlapping(fetch):
                seen.add(found)
                try:
                    contents[found] = read(item)
                except BrokenAnswerError as error:
                    unreadable.append(error.summary)
        except BrokenListingError as error:
            problem = error.summary
            log.info("Sweep: %s; attempt %d of %d", problem, attempt, STARTS)
        except TransientError as error:
            if not contents:
                raise
            return Listed(contents, (error.summary,))
        else:
            return Listed({key: content for key, content in contents.items() if key in seen}, tuple(unreadable))
    return Listed(contents, (problem,))


def _overlapping(fetch: FetchOffset) -> Iterator[tuple[str, dict[str, Any]]]:
    start = 0
    last: str | None = None
    while True:
        page = fetch(start)
        ids = [content_id(item) for item in page.results]
        if last is not None and ids[:1] != [last]:
            raise BrokenListingError("Pages were added or removed during the walk")
        fresh = slice(0 if last is None else 1, None)
        yield from zip(ids[fresh], page.results[fresh], strict=True)
        if not page.more:
            return
        if not ids[fresh]:
            raise BrokenListingError("A listing goes on without results")
        start += len(ids) - 1
        last = ids[-1]
