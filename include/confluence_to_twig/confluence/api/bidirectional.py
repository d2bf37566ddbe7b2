"""Walk a listing from both ends at once: half the time, and a proof that nothing was left out.

The listing is asked for twice, ascending and descending by id. The walk is over when the two meet: everything below
the place where they meet was seen going up, everything above it going down. A server that stops too early, skips an
end or loses its ``next`` link is found out, since then the two do not meet.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from confluence_to_twig.confluence.api.content import Content, Listed
from confluence_to_twig.confluence.api.errors import BrokenAnswerError, BrokenListingError, RejectedRequestError
from confluence_to_twig.confluence.api.paging import EMPTY_PAGES, CursorGuard, ListingPage, content_id
from confluence_to_twig.errors import TransientError

log = logging.getLogger(__name__)

#: Fetches a page of the listing: (sort, cursor or None, limit).
FetchSorted = Callable[[str, str | None, int], ListingPage]
LIMIT = 250
SMALLEST_LIMIT = 25
STARTS = 3
#: Reads an item of the listing. The raw items are not kept: those of a large space would fill the memory.
ReadItem = Callable[[dict[str, Any]], Content]
#: Is given the contents of each page of a listing at once, in the thread that lists.
Seen = Callable[[Sequence[Content]], None]


@dataclass
class _End:
    """One of the two directions."""

    sort: str
    read: ReadItem
    seen: Seen | None = None
    items: dict[str, Content] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    frontier: int | None = None
    ended: bool = False
    in_order: bool = True
    short_is_normal: bool = False
    problem: str = ""
    error: TransientError | None = None

    def take(self, page: ListingPage) -> list[Content]:
        taken: list[Content] = []
        for item in page.results:
            number = int(content_id(item))
            if self.frontier is not None:
                self.in_order &= number < self.frontier if self.sort == "-id" else number > self.frontier
            self.frontier = number
            try:
                content = self.read(item)
                self.items[content.id] = content
                taken.append(content)
                self.unreadable.pop(str(number), None)
            except BrokenAnswerError as error:
                self.unreadable[str(number)] = error.summary
        self.ended = page.cursor is None
        return taken


def walk_both_ends(fetch: FetchSorted, read: ReadItem, seen: Seen | None = None) -> Listed:
    """Walk a listing that can be sorted by ``id`` and ``-id``.

    Needs one request more than a walk in one direction, and half its time. Faults that outlast their retries and items
    that cannot be read make the walk incomplete instead of failing it, as long as anything was read.

    :param seen: is given what was listed so far, some of it twice.
    :raises confluence_to_twig.errors.TransientError: when nothing at all could be read.
    :raises confluence_to_twig.errors.PermanentError: bad credentials and other things that no further request can heal.
    """
    up, down = _End("id", read, seen), _End("-id", read, seen)
    lock = threading.Lock()

    def finished() -> bool:
        with lock:
            return _met(up, down)

    with ThreadPoolExecutor(2, thread_name_prefix="sweep") as pool:
        walks = [pool.submit(_walk_end, end, fetch, lock, finished) for end in (up, down)]
        for future in walks:
            future.result()
    error = up.error or down.error
    if error and not up.items and not down.items:
        raise error
    if not up.in_order or not down.in_order:
        return _unordered(up, down, fetch)
    return Listed(_merged(up, down), _problems(up, down))


def _merged(up: _End, down: _End) -> dict[str, Content]:
    """Both halves in order of id; where they overlap, the newer version."""
    merged: dict[str, Content] = {}
    for key in sorted(up.items.keys() | down.items.keys(), key=int):
        found = [end.items[key] for end in (up, down) if key in end.items]
        merged[key] = max(found, key=lambda content: content.version)
    return merged


def _walk_end(end: _End, fetch: FetchSorted, lock: threading.Lock, finished: Callable[[], bool]) -> None:
    for start in range(1, STARTS + 1):
        try:
            _walk_from_start(end, fetch, lock, finished)
        except (BrokenListingError, RejectedRequestError) as error:
            # A new walk from the beginning gets new cursors; what was seen stays seen.
            log.info("Sweep by %s: %s; start %d of %d", end.sort, error.summary, start, STARTS)
            problem = error.summary
        except TransientError as error:
            with lock:
                end.problem, end.error = error.summary, error
            return
        else:
            return
    with lock:
        end.problem = problem


def _walk_from_start(end: _End, fetch: FetchSorted, lock: threading.Lock, finished: Callable[[], bool]) -> None:
    guard = CursorGuard()
    cursor: str | None = None
    with lock:
        end.frontier = None
    while not end.ended and not finished():
        page = _whole_page(end, cursor, fetch)
        guard.check(page)
        with lock:
            taken = end.take(page)
        if end.seen:
            end.seen(taken)
        cursor = page.cursor


def _whole_page(end: _End, cursor: str | None, fetch: FetchSorted) -> ListingPage:
    """The page at a cursor. One that is short of results although there is a next is asked for again: rows may have
    got lost. When it stays short, pages that the account cannot see were left out, and that is how the server does it.
    """
    page, limit = _smaller_when_unavailable(end.sort, cursor, fetch)
    for _ in range(EMPTY_PAGES - 1):
        if page.cursor is None or len(page.results) >= limit or (page.results and end.short_is_normal):
            break
        before = len(page.results)
        again, limit = _smaller_when_unavailable(end.sort, cursor, fetch)
        page = again if len(again.results) >= before else page
        end.short_is_normal |= 0 < len(page.results) == before
    return page


def _smaller_when_unavailable(sort: str, cursor: str | None, fetch: FetchSorted) -> tuple[ListingPage, int]:
    limit = LIMIT
    while True:
        try:
            return fetch(sort, cursor, limit), limit
        except TransientError as error:
            if isinstance(error, BrokenListingError) or limit <= SMALLEST_LIMIT:
                raise
            limit = max(SMALLEST_LIMIT, limit // 2)
            log.info("Sweep by %s: %s; going on with %d at a time", sort, error.summary, limit)


def _met(up: _End, down: _End) -> bool:
    if up.frontier is None or down.frontier is None:
        return False
    return up.in_order and down.in_order and up.frontier >= down.frontier


def _problems(up: _End, down: _End) -> tuple[str, ...]:
    unreadable = tuple({**down.unreadable, **up.unreadable}.values())
    if _met(up, down) or (up.ended and down.ended and not up.items and not down.items):
        return unreadable
    told = tuple(end.problem for end in (up, down) if end.problem)
    return (*unreadable, *(told or ("The listing ended before all pages were seen from both sides",)))


def _unordered(up: _End, down: _End, fetch: FetchSorted) -> Listed:
    """The server does not sort by number: only a walk to the very end proves anything."""
    whole = _End("id", up.read, up.seen, items=up.items, unreadable=up.unreadable)
    _walk_end(whole, fetch, threading.Lock(), lambda: False)
    unseen = down.items.keys() - whole.items.keys()
    problems = [*whole.unreadable.values(), *filter(None, [whole.problem])]
    if unseen:
        problems.append(f"{len(unseen)} pages are listed in one direction only")
    return Listed(_merged(whole, down), tuple(problems))
