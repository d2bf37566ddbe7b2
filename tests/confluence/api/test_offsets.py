"""Offsets lie when something is deleted in front of them; a steady walk notices."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.content import Content, Listed
from confluence_to_twig.confluence.api.errors import BrokenListingError, UnavailableError
from confluence_to_twig.confluence.api.offsets import (
    FetchOffset,
    OffsetPage,
    offset_page,
    walk_beyond,
    walk_offsets,
)
from confluence_to_twig.confluence.api.offsets import walk_steadily as walk_contents
from tests.confluence.spaces import MONDAY
from tests.proofs import examples


def walk_steadily(fetch: FetchOffset) -> Listed:
    return walk_contents(fetch, lambda item: Content(item["id"], "page", "current", "", "1", "", 1, MONDAY))


class Listing:
    """A listing in order of id, counted from its start."""

    def __init__(self, ids: list[int], size: int = 3, changes: dict[int, Any] | None = None) -> None:
        self.ids = list(ids)
        self.size = size
        self.changes = changes or {}
        self.answers = 0

    def fetch(self, start: int) -> OffsetPage:
        self.answers += 1
        change = self.changes.get(self.answers)
        if isinstance(change, Exception):
            raise change
        if change is not None:
            self.ids = sorted(change(set(self.ids)))
        items = tuple({"id": str(number)} for number in self.ids[start : start + self.size])
        return OffsetPage(items, start + self.size < len(self.ids))


@given(st.sets(st.integers(1, 999), max_size=30), st.integers(2, 7))
def test_sees_everything_of_a_listing_that_stands_still(ids: set[int], size: int) -> None:
    walked = walk_steadily(Listing(sorted(ids), size).fetch)
    assert walked.complete
    assert sorted(map(int, walked.contents)) == sorted(ids)
    assert [item["id"] for item in walk_offsets(Listing(sorted(ids), size).fetch)] == [str(n) for n in sorted(ids)]


@given(
    st.sets(st.integers(1, 300), min_size=4, max_size=30),
    st.integers(2, 5),
    st.dictionaries(st.integers(1, 9), st.tuples(st.booleans(), st.integers(1, 300)), max_size=5),
)
@examples(60, 15_000)
def test_a_complete_walk_has_seen_all_that_was_there_all_the_time(
    ids: set[int], size: int, changes: dict[int, tuple[bool, int]]
) -> None:
    always = ids - {number for added, number in changes.values() if not added}
    steps = {at: (lambda here, a=a, n=n: here | {n} if a else here - {n}) for at, (a, n) in changes.items()}
    walked = walk_steadily(Listing(sorted(ids), size, steps).fetch)
    assert not walked.complete or always <= set(map(int, walked.contents))


def test_a_page_that_slips_through_by_a_deletion_is_found_by_starting_again() -> None:
    listing = Listing([1, 2, 3, 4, 5, 6, 7], changes={2: lambda ids: ids - {1}})
    walked = walk_steadily(listing.fetch)
    assert walked.complete
    assert list(walked.contents) == ["2", "3", "4", "5", "6", "7"]


def test_a_listing_that_never_stands_still_is_incomplete() -> None:
    changes = {at: (lambda ids: ids - {min(ids)}) for at in range(2, 30)}
    walked = walk_steadily(Listing(list(range(1, 40)), changes=changes).fetch)
    assert walked.problems == ("Pages were added or removed during the walk",)


def test_an_outage_keeps_what_was_seen_and_says_so() -> None:
    walked = walk_steadily(Listing([1, 2, 3, 4, 5], changes={2: UnavailableError("503")}).fetch)
    assert walked.problems == ("503",)
    assert list(walked.contents) == ["1", "2", "3"]
    with pytest.raises(UnavailableError):
        walk_steadily(Listing([1], changes={1: UnavailableError("503")}).fetch)


def test_a_listing_that_goes_on_without_results_is_broken() -> None:
    def fetch(start: int) -> OffsetPage:
        return OffsetPage(({"id": "1"},) if start == 0 else (), more=True)

    with pytest.raises(BrokenListingError):
        list(walk_offsets(fetch))
    assert not walk_steadily(fetch).complete


def test_an_answer_that_is_no_listing_is_broken() -> None:
    with pytest.raises(BrokenListingError):
        offset_page({"message": "hello"})


def beyond(count: int, size: int, answers: list[OffsetPage] | None = None) -> tuple[list[str], int]:
    """What is read of a list of ``count`` rows that always links to a next page, and in how many questions."""
    asked = 0

    def fetch(start: int) -> OffsetPage:
        nonlocal asked
        asked += 1
        if answers:
            return answers.pop(0)
        return OffsetPage(tuple({"id": str(number)} for number in range(start, min(count, start + size))), True)

    return [row["id"] for row in walk_beyond(fetch)], asked


@pytest.mark.parametrize("count", [0, 1, 200, 228, 400])
def test_a_list_that_links_beyond_its_end_is_read_once(count: int) -> None:
    read, asked = beyond(count, 200)
    assert read == [str(number) for number in range(count)]
    assert asked <= count // 200 + 3


def test_a_list_that_repeats_its_last_page_for_ever_ends() -> None:
    page = OffsetPage(({"id": "1"}, {"id": "2"}), True)
    assert beyond(0, 200, [page] * 10) == (["1", "2"], 3)


def test_an_empty_answer_in_the_middle_of_a_list_is_asked_for_again() -> None:
    read, _ = beyond(3, 2, [OffsetPage((), True)])
    assert read == ["0", "1", "2"]
