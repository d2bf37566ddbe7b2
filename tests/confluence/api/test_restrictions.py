"""Restrictions intersect over all ancestors, and what is unknown is closed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.restrictions import (
    NOBODY,
    UNRESTRICTED,
    Readers,
    effective_restrictions,
    readers_from_v1,
)

ANNA, BERT = Readers(users=frozenset({"anna"})), Readers(groups=frozenset({"berts"}))


def test_an_open_page_below_open_pages_has_no_levels() -> None:
    assert effective_restrictions("3", ["1", "2"], {"1": UNRESTRICTED, "2": UNRESTRICTED, "3": UNRESTRICTED}) == ()


def test_a_restriction_anywhere_above_is_inherited() -> None:
    assert effective_restrictions("3", ["1", "2"], {"1": ANNA, "2": UNRESTRICTED, "3": UNRESTRICTED}) == (ANNA,)


def test_an_own_restriction_narrows_and_never_replaces_those_above() -> None:
    assert effective_restrictions("3", ["1", "2"], {"1": ANNA, "2": UNRESTRICTED, "3": BERT}) == (ANNA, BERT)


def test_a_level_that_nobody_tells_counts_as_closed() -> None:
    assert effective_restrictions("3", ["1"], {"3": UNRESTRICTED}) == (NOBODY,)


@given(st.lists(st.sampled_from([UNRESTRICTED, ANNA, BERT, None]), min_size=1, max_size=8))
def test_a_page_is_open_only_if_every_level_is_known_and_open(levels: list[Readers | None]) -> None:
    ids = [str(number) for number in range(len(levels))]
    own = {content_id: level for content_id, level in zip(ids, levels, strict=True) if level is not None}
    effective = effective_restrictions(ids[-1], ids[:-1], own)
    assert (effective == ()) is all(level == UNRESTRICTED and level is not None for level in levels)


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
    assert not readers_from_v1({})
