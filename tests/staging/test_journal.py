from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.staging.journal import Operation, PartName, foldable, standing


def row(content: str, version: int = 1) -> dict[str, Any]:
    return {"version": version, "content_hash": content, "converter_version": "1", "url": "https://example.com/1"}


def write(begin: int, end: int | None, content: str | None, version: int = 1, **changes: Any) -> Operation:
    """An upsert of page 1, or its deletion; without end it may still happen."""
    facts = {
        "rows": {"1": row(content, version)} if content else {},
        "deletes": frozenset() if content else frozenset("1"),
        "end": end,
        "done": frozenset() if end is None else frozenset("1"),
    }
    return Operation(token=f"{begin:016x}", begin=begin, **facts | changes)


def dead(begin: int, end: int, content: str | None) -> Operation:
    """A write of which nobody knows whether it happened, but it does not happen any more."""
    return write(begin, end, content, done=frozenset())


def note(at: int, content: str, version: int) -> Operation:
    return Operation(f"{at:016x}", at, {"1": row(content, version)}, noted=True)


def known(*operations: Operation, base: dict[str, Any] | None = None) -> tuple[str | None, bool]:
    found = standing(base, operations, "1")
    return found.row and found.row["content_hash"], found.in_doubt


@pytest.mark.parametrize(
    ("operations", "content", "in_doubt"),
    [
        ([], None, False),
        ([write(1, 2, "a")], "a", False),
        ([write(1, 2, "a"), write(3, 4, "b")], "b", False),
        ([write(3, 4, "b"), write(1, 2, "a")], "b", False),
        ([write(1, 2, "a"), write(3, 4, None)], None, False),
        ([write(1, None, "a")], "a", True),
        ([write(1, 2, "a"), write(3, None, "b")], "b", True),
        ([write(1, 2, "a"), write(3, None, "a")], "a", False),
        ([write(1, 2, "a"), write(3, None, None)], "a", True),
        ([write(1, None, "a"), write(2, 3, "b")], "b", True),  # it may still arrive
        ([dead(1, 2, "a")], "a", True),
        ([dead(1, 2, "a"), write(3, 4, "b")], "b", False),
        ([dead(1, 3, "a"), write(2, 4, "b")], "b", True),
        ([write(1, 2, "a"), dead(3, 4, None), write(5, 6, "b")], "b", False),
        ([write(1, 3, "a"), write(2, 4, "b")], "b", True),
        ([write(1, 3, "a"), write(3, 4, "b")], "b", True),  # equal numbers tell no order
        ([write(1, 3, "a"), write(2, 4, "a")], "a", False),
        ([write(1, 3, "a"), write(2, 4, "b"), write(5, 6, "c")], "c", False),
        ([write(1, 3, "a", 2), write(2, 4, "b", 1)], "a", True),
        ([write(1, 2, "a", done=frozenset(), refused=frozenset("1"))], None, False),
    ],
    ids=str,
)
def test_what_is_known_of_a_page(operations: list[Operation], content: str | None, in_doubt: bool) -> None:
    assert known(*operations) == (content, in_doubt)


def test_the_same_content_at_another_address_is_not_the_same() -> None:
    renamed = write(2, 4, "a", rows={"1": row("a") | {"url": "https://example.com/renamed/1"}})
    assert known(write(1, 3, "a"), renamed) == ("a", True)


def test_a_remark_of_doubt_holds_until_the_page_is_written_again() -> None:
    remark = Operation("f" * 16, 5, {"1": row("a")}, doubt=True)
    assert known(write(1, 2, "a"), remark) == ("a", True)
    assert known(write(1, 2, "a"), remark, write(6, 7, "a")) == ("a", False)


def test_a_note_raises_the_version_of_its_own_content_only() -> None:
    def version(*operations: Operation) -> int:
        return (standing(row("a"), operations, "1").row or {})["version"]

    assert version(note(1, "a", 3)) == 3
    assert version(note(1, "a", 3), note(2, "a", 2)) == 3
    assert version(note(1, "b", 3)) == 1
    assert version(write(1, 2, "b", 2), note(3, "a", 3)) == 2  # noted upon a view from before the write
    assert version(note(1, "a", 3), write(2, 3, "a", 4)) == 4
    assert standing(None, [note(1, "a", 3)], "1").row is None


def test_of_two_equal_versions_nobody_knows_which_is_newer() -> None:
    assert standing(None, [write(1, 3, "a"), write(2, 4, "b")], "1").tied
    assert not standing(None, [write(1, 3, "a", 1), write(2, 4, "b", 2)], "1").tied
    assert standing(None, [write(1, 3, "a"), write(2, 4, None)], "1").tied


def test_what_may_still_happen_holds_back_what_came_after_it() -> None:
    before, under_way, later = write(1, 2, "a"), write(3, None, "b"), write(5, 6, "x")
    assert foldable([before, under_way, later]) == [before]
    assert foldable([before, later]) == [before, later]


def test_of_writes_that_overlap_all_or_none_go_into_the_manifest_file() -> None:
    first, long, short, under_way = write(1, 2, "a"), write(3, 9, "a"), write(4, 5, "b"), write(7, None, "c")
    assert foldable([first, long, short, under_way]) == [first]


@pytest.mark.parametrize("name", [PartName(7, "0123456789abcdef", "begin"), PartName(10**11, "f" * 16, "processed")])
def test_file_names_sort_by_number_and_lead_back(name: PartName) -> None:
    assert PartName.parse(str(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "manifest.parquet",
        "7.begin.parquet",
        ".000000000007.0123456789abcdef.begin.parquet",
        "000000000007.0123456789abcdef.other.parquet",
    ],
)
def test_other_file_names_are_not_the_journals(name: str) -> None:
    assert PartName.parse(name) is None
