"""What Twig holds is replaced when the converter's version changes, so its output must not change without it."""

from __future__ import annotations

import pytest

from tests.content.golden import COMMAND, Golden, measure, read

BEFORE = Golden("1", {"a": ("input a", "output a"), "b": ("input b", "output b")})


@pytest.fixture(scope="module")
def now() -> Golden:
    return measure()


def test_the_output_does_not_change_without_the_version(now):
    complaint = read().complaint(now)
    assert not complaint, complaint


def test_the_hashes_are_those_of_the_present_pages_and_version(now):
    assert read() == now, f"Pages, examples or the version changed: run {COMMAND}"


def test_another_output_of_the_same_input_asks_for_another_version():
    after = Golden("1", {"a": ("input a", "another"), "b": ("input b", "output b")})
    assert BEFORE.changed_by_the_converter(after) == ["a"]
    assert "for 1 of 2 documents (a)" in BEFORE.complaint(after)
    assert COMMAND in BEFORE.complaint(after)
    assert not BEFORE.complaint(Golden("2", after.documents))


def test_another_input_asks_for_nothing():
    assert not BEFORE.complaint(Golden("1", {"a": ("edited", "another"), "c": ("new", "page")}))
