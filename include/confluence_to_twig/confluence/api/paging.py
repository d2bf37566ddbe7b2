"""Walking the listings of the v2 API (and of v1 search on Cloud), whose pages are linked by cursors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from confluence_to_twig.confluence.api.errors import BrokenListingError
from confluence_to_twig.errors import PipelineError

log = logging.getLogger(__name__)

#: How many pages without results in a row are followed: the server sometimes links to an empty page at the end.
EMPTY_PAGES = 3


@dataclass(frozen=True)
class ListingPage:
    """One answer of a listing.

    :param cursor: where to go on; ``None`` on the last page.
    """

    results: tuple[dict[str, Any], ...]
    cursor: str | None


#: Fetches the page at a cursor, or the first one.
FetchPage = Callable[[str | None], ListingPage]


def listing_page(body: Any) -> ListingPage:
    """Read the envelope of a listing.

    Only the cursor is taken out of ``next``: its path differs between v1, v2 and the gateway, and its host may be
    anybody's.

    :raises BrokenListingError: when the answer is no listing, or links to a next page without saying where it is.
    """
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list):
        raise BrokenListingError("A listing came without results")
    following = (body.get("_links") or {}).get("next")
    cursor = cursor_of(following) if following else None
    if following and not cursor:
        raise BrokenListingError("A listing links to a next page without a cursor")
    return ListingPage(tuple(results), cursor)


class TooManyHitsError(Exception):
    """A search has more hits than are wanted."""


def check_total(body: Any, most: int | None) -> Any:
    """The answer of a search, as it is.

    No document promises a total for ``content/search``. Without one, an answer that links to no next one is all there is.

    :raises TooManyHitsError: when there are, or may be, more than ``most`` hits in total.
    """
    if most is None or not isinstance(body, dict):
        return body
    total = body.get("totalSize")
    if not isinstance(total, int):
        total = len(body.get("results") or ()) if not (body.get("_links") or {}).get("next") else most + 1
    if total > most:
        raise TooManyHitsError
    return body


def told_total(ask: Callable[[], Any]) -> int | None:
    """The ``totalSize`` of a search's answer, or ``None``: a number for a sentence is no reason to fail.

    :param ask: makes the request.
    """
    try:
        body = ask()
    except PipelineError as error:
        log.info("The search does not tell how many contents there are: %s", error.summary)
        return None
    total = body.get("totalSize") if isinstance(body, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def content_id(item: Any) -> str:
    """The id of a listed content: decimal digits.

    :raises BrokenListingError: when it has none, as then nothing can be said about what the listing holds.
    """
    found = str(item.get("id", "")) if isinstance(item, dict) else ""
    if not found.isdecimal():
        raise BrokenListingError("A listing has an item without an id")
    return found


def cursor_of(link: str) -> str | None:
    """The value of the parameter ``cursor`` in an absolute or relative link, decoded."""
    return next(iter(parse_qs(urlsplit(link).query).get("cursor", [])), None)


class CursorGuard:
    """Notices a walk that does not get ahead. One per walk."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._empty_pages = 0

    def check(self, page: ListingPage) -> None:
        """Look at a page before it is followed.

        :raises BrokenListingError: when its cursor was there before, or it is one of too many without results.
        """
        if page.cursor is None:
            return
        if page.cursor in self._seen:
            raise BrokenListingError("A listing led back to a place where it was before")
        self._seen.add(page.cursor)
        self._empty_pages = 0 if page.results else self._empty_pages + 1
        if self._empty_pages >= EMPTY_PAGES:
            raise BrokenListingError("A listing goes on without results")


def walk(fetch: FetchPage) -> Iterator[dict[str, Any]]:
    """Every result of a listing.

    :raises BrokenListingError: rather than ending early.
    """
    guard = CursorGuard()
    cursor: str | None = None
    while True:
        page = fetch(cursor)
        if page.cursor is not None and not page.results:
            page = fetch(cursor)  # rows may have got lost: a passing fault does not show twice
        guard.check(page)
        yield from page.results
        if page.cursor is None:
            return
        cursor = page.cursor
