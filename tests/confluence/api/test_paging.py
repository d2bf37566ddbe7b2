"""Listings are walked by cursor alone, and never end early in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.errors import BrokenListingError
from confluence_to_twig.confluence.api.paging import EMPTY_PAGES, ListingPage, content_id, cursor_of, listing_page, walk


@pytest.mark.parametrize(
    "link",
    [
        "/wiki/api/v2/spaces/1/pages?limit=250&cursor=abc%3D%3D",
        "/rest/api/content/search?cql=type%3Dpage&cursor=abc%3D%3D&next=true",
        "https://elsewhere.example/wiki/api/v2/pages?cursor=abc==",
        "?cursor=abc%3D%3D",
    ],
)
def test_takes_only_the_cursor_out_of_a_link(link: str) -> None:
    assert cursor_of(link) == "abc=="


def test_a_link_without_a_cursor_has_none() -> None:
    assert cursor_of("/wiki/api/v2/pages?limit=25") is None


def test_the_last_page_has_no_next() -> None:
    assert listing_page({"results": [{"id": "1"}], "_links": {"base": "https://x/wiki"}}) == ListingPage(
        ({"id": "1"},), None
    )


@pytest.mark.parametrize("body", [None, [], {}, {"results": None}, {"results": [], "_links": {"next": "/x?limit=1"}}])
def test_an_answer_that_is_no_listing_is_an_error(body: Any) -> None:
    with pytest.raises(BrokenListingError):
        listing_page(body)


@pytest.mark.parametrize("item", [None, {}, {"id": None}, {"id": ""}, {"id": "att7"}, {"id": -1}])
def test_an_item_without_an_id_breaks_the_listing(item: Any) -> None:
    with pytest.raises(BrokenListingError, match="without an id"):
        content_id(item)


@pytest.mark.parametrize("item", [{"id": "65538"}, {"id": 65538}])
def test_an_id_is_text_whatever_it_comes_as(item: Any) -> None:
    assert content_id(item) == "65538"


def served(*pages: ListingPage) -> Any:
    """Fetches pages whose cursors are their numbers."""
    return lambda cursor: pages[int(cursor or 0)]


def numbered(ids: list[int], cursor: int | None) -> ListingPage:
    return ListingPage(tuple({"id": str(number)} for number in ids), None if cursor is None else str(cursor))


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=8))
def test_a_walk_sees_every_result_in_order(groups: list[list[int]]) -> None:
    pages = [numbered(group, number + 1 if number + 1 < len(groups) else None) for number, group in enumerate(groups)]
    empties = max((len(run) for run in "".join("x" if g else "." for g in groups[:-1]).split("x")), default=0)
    if empties >= EMPTY_PAGES:
        with pytest.raises(BrokenListingError):
            list(walk(served(*pages)))
        return
    assert [item["id"] for item in walk(served(*pages))] == [str(number) for group in groups for number in group]


def test_an_empty_page_in_the_middle_is_followed() -> None:
    assert len(list(walk(served(numbered([1], 1), numbered([], 2), numbered([2], None))))) == 2


def test_a_cursor_that_comes_again_is_an_error() -> None:
    with pytest.raises(BrokenListingError, match="was before"):
        list(walk(served(numbered([1], 1), numbered([2], 2), numbered([3], 1))))
