"""Standing: how a source is, as its regular syncs left it.

A backfill, a dry run or a run of chosen pages looks at a part of the source. What such a run says is true of that part
only, so it neither mends a failed source nor breaks a good one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.runs.run_row import RunRow

State = Literal["failed", "attention", "active", "pending"]


@dataclass(frozen=True)
class Reason:
    """Why a source is not simply active: what it is, and what to do about it."""

    summary: str
    remedy: str = ""


@dataclass(frozen=True)
class Standing:
    """The state of a source between runs.

    :param state: ``failed``: the last regular sync failed. ``attention``: it went through, and somebody should look.
        ``active``: all is well. ``pending``: no regular sync has ended yet.
    :param reasons: why it is ``failed`` or ``attention``, the most important one first.
    :param last: the regular sync that ended last.
    :param synced_at: when the last regular sync that went well ended, ISO 8601.
    """

    state: State
    reasons: tuple[Reason, ...]
    last: RunRow | None
    synced_at: str | None

    def with_reason(self, reason: Reason) -> Standing:
        """The same with one more reason to look, unless there is a worse one already or nothing ran yet."""
        if self.state not in ("active", "attention"):
            return self
        return replace(self, state="attention", reasons=(*self.reasons, reason))

    def to_json(self) -> dict[str, Any]:
        """``state`` and ``reasons``."""
        return {"state": self.state, "reasons": [{"summary": it.summary, "remedy": it.remedy} for it in self.reasons]}


def standing(history: Iterable[RunRow], *, lookback: str = "") -> Standing:
    """The standing of a source.

    :param history: its runs, the one that ended last first; read no further than to the last good sync.
    :param lookback: the source's own words for its lookback.
    """
    last: RunRow | None = None
    for row in history:
        if row.kind != "sync" or row.state == "running":
            continue
        last = last or row
        if row.state == "success":
            return _judged(last, row.ended_at, lookback)
    return _judged(last, None, lookback) if last else Standing("pending", (), None, None)


def _judged(last: RunRow, synced_at: str | None, lookback: str) -> Standing:
    if last.state == "failed":
        reason = Reason(last.problem or "The last sync failed", last.remedy)
        return Standing("failed", (reason,), last, synced_at)
    reasons = tuple(_worth_a_look(last, lookback))
    return Standing("attention" if reasons else "active", reasons, last, synced_at)


def _worth_a_look(row: RunRow, lookback: str) -> Iterable[Reason]:
    if row.pages == 0:
        yield _why_empty(row, lookback)
    if row.failed:
        yield Reason(f"{_pages(row.failed)} could not be synced", "The tab Quarantine names them and says why.")
    if row.quality:
        yield Reason(
            f"The last sync is not good enough: {row.quality}",
            "The tab Warnings has all rules with their limits, which are those of the source's block quality. A DAG that waits for a good sync goes on waiting.",
        )
    if row.warnings:
        more = f" ({row.warnings - 1:,} more in the tab Warnings)" if row.warnings > 1 else ""
        yield Reason(f"{row.warning}{more}" if row.warning else f"The last sync left {row.warnings:,} warnings")


def _why_empty(row: RunRow, lookback: str) -> Reason:
    if row.left:
        return Reason(
            f"Twig holds no page of this source: all {row.left:,} were modified before its window",
            f"The lookback is {lookback or 'the time between two runs'}. Trigger a run with full to take in everything.",
        )
    if row.skipped:
        return Reason(
            f"Twig holds no page of this source: all {row.skipped:,} are kept out",
            "The tab Plan gives the reason for each: restrictions, labels, or kinds of content.",
        )
    return Reason(
        "Twig holds no page of this source: the account sees none in the space",
        "Give the account of the Confluence connection the permission to view the space, and its pages.",
    )


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number:,} pages"
