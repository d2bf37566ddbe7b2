"""What the extraction has to reach, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MOST_MEGABYTES = 300
LINEAR = 1.25
#: One connection that lists bodies, 50 at a time, can be no faster than this (seconds for a request).
BODIES_AT_ONCE, LATENCY = 50, 0.08
#: How many times that a first run may take: up to 1,000 pages, and above.
TIMES_SMALL, TIMES_LARGE = 1.4, 1.2
#: And the seconds of one of 1,000 pages.
MOST_SECONDS = 1.4


@dataclass(frozen=True)
class Measured:
    """One run: ``seconds`` without imports, ``requests`` as the server counts them, ``megabytes`` at the peak."""

    what: str
    pages: int
    seconds: float
    requests: int
    megabytes: float
    told: dict[str, Any]

    def cells(self) -> list[str]:
        rate = f"{self.pages / self.seconds:,.0f}" if self.pages >= 100 else "–"
        return [self.what, f"{self.seconds:,.2f}", f"{self.requests:,}", rate, f"{self.megabytes:,.0f}"]


@dataclass(frozen=True)
class Goal:
    """A figure to reach: ``measured`` has to be at least, or with ``at_most`` at most, ``bound``."""

    what: str
    bound: float
    measured: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    def cells(self) -> list[str]:
        sign = "≤" if self.at_most else "≥"
        return [
            self.what,
            f"{sign} {self.bound:,.4g}",
            f"{self.measured:,.4g}",
            "reached" if self.reached else "MISSED",
        ]


def goals_of(rivals: dict[int, dict[str, Measured]], growth: dict[int, list[Measured]]) -> list[Goal]:
    """What is to be reached, as far as it was measured."""
    goals: list[Goal] = []
    for pages, rows in rivals.items():
        goals += _against_rivals(pages, rows)
    for pages, (first, quiet, changed) in growth.items():
        # Listing, search for labels and restrictions, and one request for each folder; a first run asks twice for folders.
        sweep = pages // 250 + pages // 200 + pages // 100
        goals.append(Goal(f"requests, first run, {pages:,}", sweep + 2 * pages // 100 + 30, first.requests, True))
        for row in (quiet, changed):
            goals.append(Goal(f"requests, {row.what}, {pages:,}", sweep + 40, row.requests, True))
        bound = pages / BODIES_AT_ONCE * LATENCY
        times = TIMES_SMALL if pages <= 1_000 else TIMES_LARGE
        goals.append(Goal(f"times the lower bound of one connection, {pages:,}", times, first.seconds / bound, True))
        if pages == 1_000:
            goals.append(Goal(f"seconds of a first run, {pages:,}", MOST_SECONDS, first.seconds, True))
        peak = max(row.told["discover_mb"] for row in (first, quiet, changed))
        goals.append(Goal(f"peak MB of discover with a manifest, {pages:,}", MOST_MEGABYTES, peak, True))
    sizes = sorted(growth)
    for small, large in pairwise(sizes):
        ratio = (growth[large][0].seconds / large) / (growth[small][0].seconds / small)
        goals.append(Goal(f"time a page, {large:,} to {small:,}", LINEAR, ratio, True))
    return goals


def _against_rivals(pages: int, rows: dict[str, Measured]) -> list[Goal]:
    goals: list[Goal] = []
    if (checked := rows.get("langchain skip")) is not None:
        times = checked.seconds / rows["ours"].seconds
        goals.append(Goal(f"times as fast as LangChain, restricted pages left out, {pages:,}", 40, times))
    times = rows["langchain unchecked"].seconds / rows["ours"].seconds
    goals.append(Goal(f"times as fast as LangChain without its check, {pages:,}", 4, times))
    if (exporter := rows.get("exporter")) is not None:
        times = exporter.seconds / rows["converted"].seconds
        goals.append(Goal(f"times as fast as the exporter, converted to Markdown, {pages:,}", 1, times))
    return goals
