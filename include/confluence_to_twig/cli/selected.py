"""What a dry run would take and leave out, by space and reason, as lines for a terminal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Spaces that are listed; those with most to do come first.
NAMED_SPACES = 50
_WORDS = {"fetch": "take", "delete": "delete", "skip": "leave out", "leave": "keep"}


def selected(report: Mapping[str, Any]) -> Iterator[str]:
    """The lines. :param report: of a dry run, as far as it got."""
    spaces = report.get("spaces")
    if spaces is None:
        yield from _reasons(report.get("plan") or {}, "  ")
        return
    by_work = sorted(spaces, key=lambda row: (-_to_do(row), row["key"]))
    for row in by_work[:NAMED_SPACES]:
        seen = _pages(row["pages"])
        yield f"  {row['key']} ({row['name']}): {seen}" + (f", {row['problem']}" if row["problem"] else "")
        yield from _reasons(row["plan"], "    ")
    if len(by_work) > NAMED_SPACES:
        yield f"  and {len(by_work) - NAMED_SPACES:,} more spaces"


def _pages(number: int | None) -> str:
    if number is None:
        return "not seen"
    return "1 page" if number == 1 else f"{number:,} pages"


def _to_do(row: Mapping[str, Any]) -> int:
    return sum(sum(row["plan"].get(action, {}).values()) for action in ("fetch", "delete", "skip"))


def _reasons(plan: Mapping[str, Mapping[str, int]], margin: str) -> Iterator[str]:
    for action, word in _WORDS.items():
        for reason, number in plan.get(action, {}).items():
            yield f"{margin}{word:<10} {number:>7,}  {reason}"
