"""The proof of completeness: a walk that calls itself complete has seen everything that was there all the time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.bidirectional import SMALLEST_LIMIT, FetchSorted
from confluence_to_twig.confluence.api.bidirectional import walk_both_ends as walk_contents
from confluence_to_twig.confluence.api.content import Content, Listed
from confluence_to_twig.confluence.api.errors import (
    BrokenListingError,
    RejectedRequestError,
    UnauthorizedError,
    UnavailableError,
)
from confluence_to_twig.confluence.api.paging import ListingPage
from tests.confluence.spaces import MONDAY
from tests.proofs import examples


@dataclass
class Listing:
    """A server with stateless keyset cursors, as Confluence has, and a hook before each answer."""

    ids: list[int]
    size: int = 3
    numeric: bool = True
    before: Callable[[Listing, str, int], ListingPage | None] = lambda listing, sort, number: None
    asked: list[tuple[str, str | None, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, sort: str, cursor: str | None, limit: int) -> ListingPage:
        with self.lock:
            self.asked.append((sort, cursor, limit))
            number = sum(1 for asked, _, _ in self.asked if asked == sort)
            spoiled = self.before(self, sort, number)
            return spoiled or self.page(sort, cursor, limit)

    def page(self, sort: str, cursor: str | None, limit: int) -> ListingPage:
        key: Callable[[int], Any] = (lambda number: number) if self.numeric else str
        ordered = sorted(self.ids, key=key, reverse=sort == "-id")
        if cursor is not None:
            last = key(int(cursor))
            ordered = [number for number in ordered if (key(number) < last if sort == "-id" else key(number) > last)]
        taken = ordered[: min(limit, self.size)]
        items = tuple({"id": str(number), "version": {"number": 1}} for number in taken)
        return ListingPage(items, str(taken[-1]) if len(ordered) > len(taken) else None)


def content(item: dict[str, Any]) -> Content:
    return Content(item["id"], "page", "current", "", "1", "", 1, MONDAY)


def walk_both_ends(fetch: FetchSorted) -> Listed:
    return walk_contents(fetch, content)


def seen(walked: Listed) -> list[int]:
    return [int(key) for key in walked.contents]


@given(st.sets(st.integers(1, 10_000), max_size=40), st.integers(1, 7))
@examples(60, 6_000)
def test_sees_everything_of_a_listing_that_stands_still(ids: set[int], size: int) -> None:
    listing = Listing(sorted(ids), size)
    walked = walk_both_ends(listing.fetch)
    assert walked.complete
    assert seen(walked) == sorted(ids)
    assert len(listing.asked) <= -(-len(ids) // size) + 5


def test_tells_each_page_of_the_listing_at_once() -> None:
    listing, told = Listing(list(range(1, 31)), 5), []
    walked = walk_contents(listing.fetch, content, lambda page: told.append([int(entry.id) for entry in page]))
    assert {number for page in told for number in page} == set(seen(walked))
    assert max(map(len, told)) == 5


@given(
    st.sets(st.integers(1, 500), min_size=1, max_size=40),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["add", "remove"]), st.integers(1, 600)), max_size=8),
)
@examples(80, 8_000)
def test_a_complete_walk_has_seen_all_that_was_there_all_the_time(
    ids: set[int], size: int, changes: list[tuple[int, str, int]]
) -> None:
    always = ids - {number for _, kind, number in changes if kind == "remove"}

    def change(listing: Listing, sort: str, number: int) -> None:
        for at, kind, content_id in changes:
            if at == len(listing.asked):
                here = set(listing.ids)
                listing.ids = sorted(here | {content_id} if kind == "add" else here - {content_id})

    walked = walk_both_ends(Listing(sorted(ids), size, before=change).fetch)
    assert not walked.complete or always <= set(seen(walked))


@given(st.sets(st.integers(1, 500), min_size=2, max_size=40), st.integers(1, 5), st.integers(1, 8), st.integers(1, 8))
@examples(80, 8_000)
def test_a_listing_that_ends_too_early_is_healed_or_incomplete(ids: set[int], size: int, up: int, down: int) -> None:
    def cut(listing: Listing, sort: str, number: int) -> ListingPage | None:
        if number != (up if sort == "id" else down):
            return None
        _, cursor, limit = listing.asked[-1]
        return ListingPage(listing.page(sort, cursor, limit).results, None)

    walked = walk_both_ends(Listing(sorted(ids), size, before=cut).fetch)
    assert not walked.complete or seen(walked) == sorted(ids)


def test_an_end_lost_on_one_side_is_made_good_from_the_other() -> None:
    def cut(listing: Listing, sort: str, number: int) -> ListingPage | None:
        return ListingPage(listing.page(sort, None, 3).results, None) if sort == "id" else None

    walked = walk_both_ends(Listing(list(range(1, 31)), before=cut).fetch)
    assert walked.complete
    assert len(walked.contents) == 30


def test_ends_lost_on_both_sides_make_it_incomplete() -> None:
    def cut(listing: Listing, sort: str, number: int) -> ListingPage | None:
        return ListingPage(listing.page(sort, None, 3).results, None)

    walked = walk_both_ends(Listing(list(range(1, 31)), before=cut).fetch)
    assert walked.problems == ("The listing ended before all pages were seen from both sides",)
    assert len(walked.contents) == 6


def test_a_repeated_cursor_starts_that_direction_again() -> None:
    def repeat(listing: Listing, sort: str, number: int) -> ListingPage | None:
        return ListingPage(listing.page(sort, None, 3).results, "3") if (sort, number) == ("id", 2) else None

    walked = walk_both_ends(Listing(list(range(1, 60)), before=repeat).fetch)
    assert walked.complete
    assert len(walked.contents) == 59


def test_empty_pages_without_end_make_it_incomplete() -> None:
    def empty(listing: Listing, sort: str, number: int) -> ListingPage | None:
        return ListingPage((), f"{number}") if number > 1 else None

    walked = walk_both_ends(Listing(list(range(1, 60)), before=empty).fetch)
    assert not walked.complete
    assert walked.problems[0] == "A listing goes on without results"


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_rows_that_get_lost_once_are_found_by_asking_again(lost: int) -> None:
    def lose(listing: Listing, sort: str, number: int) -> ListingPage | None:
        _, cursor, limit = listing.asked[-1]
        whole = listing.page(sort, cursor, limit)
        return ListingPage(whole.results[:-lost], whole.cursor) if (sort, number) == ("id", 2) else None

    walked = walk_both_ends(Listing(list(range(1, 1200)), size=250, before=lose).fetch)
    assert walked.complete
    assert len(walked.contents) == 1199


def test_a_server_whose_pages_are_always_short_is_not_asked_twice_for_each() -> None:
    listing = Listing(list(range(1, 1200)), size=100)
    assert len(walk_both_ends(listing.fetch).contents) == 1199
    assert len(listing.asked) <= 12 + 4


def test_a_cursor_that_is_refused_is_replaced_by_a_new_walk() -> None:
    def refuse(listing: Listing, sort: str, number: int) -> None:
        if (sort, number) == ("-id", 2):
            raise RejectedRequestError("400 Bad cursor")

    walked = walk_both_ends(Listing(list(range(1, 60)), before=refuse).fetch)
    assert walked.complete


def test_a_server_that_cannot_cope_is_asked_for_less_at_a_time() -> None:
    def fail(listing: Listing, sort: str, number: int) -> None:
        if listing.asked[-1][2] > 60:
            raise UnavailableError("504")

    listing = Listing(list(range(1, 200)), size=250, before=fail)
    assert walk_both_ends(listing.fetch).complete
    assert min(limit for _, _, limit in listing.asked) >= SMALLEST_LIMIT


def test_an_outage_in_the_middle_keeps_what_was_seen_and_says_so() -> None:
    def fail(listing: Listing, sort: str, number: int) -> None:
        if number > 2:
            raise UnavailableError("503 Service Unavailable")

    walked = walk_both_ends(Listing(list(range(1, 60)), before=fail).fetch)
    assert set(walked.problems) == {"503 Service Unavailable"}
    assert len(walked.contents) == 6


@pytest.mark.parametrize("error", [UnavailableError("503"), UnauthorizedError("401"), BrokenListingError("x")])
def test_nothing_at_all_is_an_error_and_no_empty_space(error: Exception) -> None:
    def fail(listing: Listing, sort: str, number: int) -> None:
        raise error

    if isinstance(error, BrokenListingError):
        assert not walk_both_ends(Listing([1, 2], before=fail).fetch).complete
        return
    with pytest.raises(type(error)):
        walk_both_ends(Listing([1, 2], before=fail).fetch)


def test_a_server_that_sorts_ids_as_text_is_walked_to_its_end() -> None:
    listing = Listing([2, 9, 10, 11, 100, 1000, 30, 5], numeric=False)
    walked = walk_both_ends(listing.fetch)
    assert walked.complete
    assert sorted(seen(walked)) == sorted(listing.ids)


def test_a_server_that_sorts_ids_as_text_and_stops_early_is_found_out() -> None:
    def cut(listing: Listing, sort: str, number: int) -> ListingPage | None:
        return ListingPage(listing.page(sort, None, 3).results, None) if sort == "id" else None

    listing = Listing([2, 9, 10, 11, 100, 1000, 30, 5], numeric=False, before=cut)
    assert not walk_both_ends(listing.fetch).complete
