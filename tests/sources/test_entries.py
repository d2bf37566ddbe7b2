"""A broken entry costs nothing but itself, whatever is wrong with its YAML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.sources.entries import UnusableError, read_entries

GOOD = {"name": "good", "space_key": "A"}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("  - name: bad\n    tags: " + "[" * 1_000 + "]" * 1_000, "nested too deeply"),
        ("  - name: [unclosed", "not valid YAML"),
        ('  - name: "unclosed\n    space_key: B', "not valid YAML"),
        ("  - name: bad\n   space_key: B", "not valid YAML"),
        ("  - name: bad\nspace_key: B", "not valid YAML"),
        ("  - name: bad\n    start_date: 2026-13-45", "month must be in 1..12"),
        ("  - name: bad\n    keep_runs: " + "9" * 5_000, "not valid YAML"),
        ("  - name: bad\n    ? [a, b]\n    : c", "unhashable"),
        ("  - name: bad\n    tags: !!python/object:os.system [x]", "could not determine a constructor"),
        ("  - name: bad\n    tags: *nowhere", "undefined alias"),
        ("  - name: bad\n    owner: caf\udce9", "special characters are not allowed"),
        ("  - name: bad\n    space_key: B\n    name: worse\n    space_key: C", "stands there twice"),
        ("  - name: bad\n\tspace_key: B", "not valid YAML"),
    ],
)
def test_the_entries_around_a_broken_one_are_read(broken: str, told: str) -> None:
    text = f"# sources\nsources:\n  - {{name: good, space_key: A}}\n{broken}\n  - name: last\n    space_key: Z\nx-more: 1\n"
    entries = read_entries(text)
    assert entries.found == {1: GOOD, 3: {"name": "last", "space_key": "Z"}}
    ((number, why),) = entries.problems
    assert number == 2
    assert told in why


def test_entries_without_indentation_are_read_too() -> None:
    entries = read_entries("sources:\n- name: good\n  space_key: A\n- name: [\n")
    assert entries.found == {1: GOOD}
    assert [number for number, _ in entries.problems] == [2]


def test_what_is_broken_outside_the_list_is_told_and_costs_no_entry() -> None:
    entries = read_entries("sources:\n  - name: good\n    space_key: A\nother: [\n")
    assert entries.found == {1: GOOD}
    assert [number for number, _ in entries.problems] == [0]


@given(st.text(max_size=200))
def test_any_text_is_entries_or_one_clear_line(text: str) -> None:
    try:
        read_entries(text)
    except UnusableError as error:
        assert str(error)


@given(st.text(st.characters(exclude_characters="\n\r\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e"), max_size=80))
def test_whatever_stands_in_one_line_of_an_entry_the_others_are_read(line: str) -> None:
    text = f"sources:\n  - name: good\n    space_key: A\n  - name: bad\n    tags: {line}\n  - name: last\n    space_key: Z\n"
    found = list(read_entries(text).found.values())
    assert GOOD in found
    assert {"name": "last", "space_key": "Z"} in found
