"""Every key that exists is accepted, whatever people say keys look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.sources.space_key import SpaceKeyError, check_space_key


@pytest.mark.parametrize(
    "key",
    ["PROD", "DS", "aMixedCaseKey2024", "~712020a1b2c3", "~557058:abc-def", "~jane.doe", "~5f0c8d2e1b", "K" * 255],
)
def test_accepts_keys_of_every_kind(key: str) -> None:
    assert check_space_key(key) == key


def test_takes_surrounding_blanks_off_and_changes_nothing_else() -> None:
    assert check_space_key(" prod\n") == "prod"


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("two words", "cannot be a space key"),
        ('PR"OD', "cannot be a space key"),
        ("PR/OD", "cannot be a space key"),
        ("~", "cannot be a space key"),
        ("K" * 256, "256 characters"),
        ("https://x.atlassian.net/wiki/spaces/PROD/overview", "is an address"),
    ],
)
def test_refuses_what_cannot_be_a_key(key: str, complaint: str) -> None:
    with pytest.raises(SpaceKeyError, match=complaint):
        check_space_key(key)


def test_finds_the_key_in_a_pasted_address() -> None:
    with pytest.raises(SpaceKeyError) as raised:
        check_space_key("https://x.atlassian.net/wiki/spaces/~712020ab/overview")
    assert '"~712020ab"' in raised.value.remedy


@given(st.text(max_size=30))
def test_never_lets_through_what_would_break_a_query_or_a_path(text: str) -> None:
    try:
        key = check_space_key(text)
    except SpaceKeyError:
        return
    assert not set(key) & set("\"'\\/?#&% \t\n")
