"""Restrictions intersect over all ancestors, and what is unknown is neither open nor restricted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.errors import BrokenAnswerError
from confluence_to_twig.confluence.api.restrictions import (
    OPEN,
    UNRESTRICTED,
    Access,
    Readers,
    effective_access,
    readers_from_v1,
)

ANNA, BERT = Readers(users=frozenset({"anna"})), Readers(groups=frozenset({"berts"}))


def test_an_open_page_below_open_pages_has_no_levels() -> None:
    assert effective_access("3", ["1", "2"], dict.fromkeys("123", UNRESTRICTED)) == OPEN


def test_a_restriction_anywhere_above_is_inherited() -> None:
    assert effective_access("3", ["1", "2"], {"1": ANNA, "2": UNRESTRICTED, "3": UNRESTRICTED}) == Access(
        "1", restrictions=(("1", ANNA),)
    )


def test_the_topmost_restriction_is_named() -> None:
    access = effective_access("3", ["1", "2"], {"1": ANNA, "2": UNRESTRICTED, "3": BERT})
    assert (access.restricted_by, access.restrictions) == ("1", (("1", ANNA), ("3", BERT)))
    assert effective_access("3", ["1", "2"], {"1": UNRESTRICTED, "2": UNRESTRICTED, "3": BERT}).restricted_by == "3"


def test_a_level_that_nobody_tells_is_no_restriction_and_no_openness() -> None:
    assert effective_access("3", ["1"], {"3": UNRESTRICTED}) == Access(unknown_at="1")


def test_a_restriction_that_is_told_is_certain_whatever_else_is_not() -> None:
    assert effective_access("3", ["1", "2"], {"2": ANNA}) == Access("2", "1", (("2", ANNA),))


@given(st.lists(st.sampled_from([UNRESTRICTED, ANNA, BERT, None]), min_size=1, max_size=8))
def test_a_page_is_open_only_if_every_level_is_known_and_open(levels: list[Readers | None]) -> None:
    ids = [str(number) for number in range(len(levels))]
    own = {content_id: level for content_id, level in zip(ids, levels, strict=True) if level is not None}
    access = effective_access(ids[-1], ids[:-1], own)
    assert (access == OPEN) is all(level == UNRESTRICTED and level is not None for level in levels)
    assert (access.restricted_by is not None) is any(levels)


def test_reads_users_and_groups_of_cloud_and_data_center() -> None:
    read = {
        "restrictions": {
            "user": {"results": [{"accountId": "a"}, {"userKey": "k"}, {"username": "n"}]},
            "group": {"results": [{"name": "staff", "id": "g1"}, {"name": "guests"}]},
        }
    }
    assert readers_from_v1(read) == Readers(frozenset("akn"), frozenset({"g1", "guests"}))


def test_empty_lists_mean_inherited_and_not_nobody() -> None:
    assert not readers_from_v1({"restrictions": {"user": {"results": []}, "group": {"results": []}}})


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        [],
        {"restrictions": {}},
        {"restrictions": {"user": {"results": []}}},
        {"restrictions": {"user": {"results": [None]}, "group": {"results": []}}},
    ],
)
def test_an_answer_without_the_lists_is_no_answer(answer: Any) -> None:
    with pytest.raises(BrokenAnswerError):
        readers_from_v1(answer)
