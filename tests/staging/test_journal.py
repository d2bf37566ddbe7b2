from __future__ import annotations

from typing import Any

import pytest

from include.staging.journal import LONG_AGO, Operation, PartName, foldable, is_settled, standing

OLD = (LONG_AGO, LONG_AGO)


def row(content: str, version: int = 1) -> dict[str, Any]:
    return {"version": version, "content_hash": content, "converter_version": "1"}


def write(begin: int, end: int | None, content: str | None, version: int = 1, **changes: Any) -> Operation:
    """An upsert of page 1, or its deletion; without end it was never acknowledged."""
    rows = {"1": row(content, version)} if content else {}
    done = frozenset() if end is None else frozenset("1")
    facts = {
        "sent": begin,
        "rows": rows,
        "deletes": frozenset() if content else frozenset("1"),
        "end": end,
        "done": done,
    }
    return Operation(token=f"{begin:016x}", begin=begin, **facts | changes)


def known(
    *operations: Operation, base: dict[str, Any] | None = None, span: tuple[int, int] = OLD
) -> tuple[str | None, bool]:
    found = standing(base, span, operations, "1")
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
        ([write(1, None, "a"), write(2, 3, "b")], "b", False),
        ([write(1, 3, "a"), write(2, 4, "b")], "b", True),
        ([write(1, 3, "a"), write(2, 4, "a")], "a", False),
        ([write(1, 3, "a"), write(2, 4, "b"), write(5, 6, "c")], "c", False),
        ([write(1, 3, "a", 2), write(2, 4, "b", 1)], "a", True),
        ([write(1, 2, "a", done=frozenset(), refused=frozenset("1"))], None, False),
        ([write(1, 2, "a", done=frozenset())], "a", True),
    ],
    ids=str,
)
def test_what_is_known_of_a_page(operations: list[Operation], content: str | None, in_doubt: bool) -> None:
    assert known(*operations) == (content, in_doubt)


def test_a_request_that_was_sent_late_counts_from_when_it_was_sent() -> None:
    late = write(1, None, "late", sent=8)
    assert known(late, write(5, 6, "b")) == ("b", True)
    assert known(late, write(9, 10, "c")) == ("c", False)


@pytest.mark.parametrize(("span", "in_doubt"), [(OLD, False), ((1, 2), False), ((1, 5), True), ((4, 5), True)])
def test_an_operation_is_compared_with_what_the_manifest_file_contains(span: tuple[int, int], in_doubt: bool) -> None:
    assert known(write(3, 4, "b"), base=row("a"), span=span)[1] is in_doubt


def test_a_remark_of_doubt_holds_until_the_page_is_written_again() -> None:
    remark = Operation("f" * 16, 5, 5, {"1": row("a")}, doubt=True)
    assert known(write(1, 2, "a"), remark) == ("a", True)
    assert known(write(1, 2, "a"), remark, write(6, 7, "a")) == ("a", False)


def test_of_two_equal_versions_nobody_knows_which_is_newer() -> None:
    assert standing(None, OLD, [write(1, 3, "a"), write(2, 4, "b")], "1").tied
    assert not standing(None, OLD, [write(1, 3, "a", 1), write(2, 4, "b", 2)], "1").tied
    assert standing(None, OLD, [write(1, 3, "a"), write(2, 4, None)], "1").tied


def test_what_died_holds_back_what_came_after_it_until_it_is_written_again() -> None:
    died, later = write(3, None, "b"), write(5, 6, "x", rows={"2": row("x")}, done=frozenset("2"))
    assert not is_settled(died, [died, later])
    assert foldable([write(1, 2, "a"), died, later]) == [write(1, 2, "a")]
    again = write(7, 8, "b")
    assert is_settled(died, [died, later, again])
    assert foldable([died, later, again]) == [later, again]


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
