from __future__ import annotations

from dataclasses import dataclass

import pytest

from confluence_to_twig.planning.spaces import chosen_spaces


@dataclass(frozen=True)
class Some:
    key: str
    alias: str | None = None
    type: str = "global"
    status: str = "current"


SPACES = [
    Some("PROD"),
    Some("ENG1"),
    Some("ENG2", alias="NEWS"),
    Some("OLD", status="archived"),
    Some("~712020ab", type="personal"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["PROD"], ["PROD"]),
        (["ENG*"], ["ENG1", "ENG2"]),
        (["eng*"], []),
        (["ENG?", "PROD"], ["PROD", "ENG1", "ENG2"]),
        (["NEWS"], ["ENG2"]),
        (["NEW*"], ["ENG2"]),
        (["*"], ["PROD", "ENG1", "ENG2"]),
        (["OLD"], ["OLD"]),
        (["OL*"], []),
        (["~*"], ["~712020ab"]),
        (["~712020ab"], ["~712020ab"]),
    ],
)
def test_keys_mean_their_space_and_patterns_those_that_are_neither_personal_nor_archived(
    wanted: list[str], found: list[str]
) -> None:
    assert [space.key for space in chosen_spaces(wanted, SPACES, archived=False)[0]] == found


def test_archived_spaces_fit_patterns_where_they_are_asked_for() -> None:
    assert [space.key for space in chosen_spaces(["O*"], SPACES, archived=True)[0]] == ["OLD"]


def test_names_keys_that_no_space_has() -> None:
    assert chosen_spaces(["*", "PRODD", "X*"], SPACES, archived=False)[1] == ["PRODD"]
