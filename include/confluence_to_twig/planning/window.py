"""Window: the half-open time range ``[start, end)`` of modification times that a run covers, in UTC."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from confluence_to_twig.errors import PermanentError

Origin = Literal["data interval", "backfill", "since", "full", "lookback", "whole space"]


class WindowError(PermanentError):
    """The run's parameters contradict each other."""


@dataclass(frozen=True)
class Window:
    """Which modification times a run covers.

    :param start: inclusive; None reaches back to the first page.
    :param end: exclusive; None reaches up to the sweep.
    :param origin: the rule that gave the window, for logs and reports.
    :param strict: only a backfill is strict: it touches nothing outside its own range. Every other run also keeps
        what Twig already holds in step, since moves, label edits and restrictions leave the modification time alone.
    """

    start: datetime | None
    end: datetime | None
    origin: Origin
    strict: bool = False

    def contains(self, moment: datetime) -> bool:
        """Whether a page modified at ``moment`` is in scope."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def __str__(self) -> str:
        start = "the beginning" if self.start is None else f"{self.start:%Y-%m-%d %H:%M} UTC"
        end = "now" if self.end is None else f"{self.end:%Y-%m-%d %H:%M} UTC"
        return f"{start} to {end} ({self.origin})"

    def to_json(self) -> dict[str, Any]:
        """The window as XCom and report carry it: ISO 8601 strings or null."""
        times = {"start": self.start and self.start.isoformat(), "end": self.end and self.end.isoformat()}
        return asdict(self) | times

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Window:
        """The inverse of :meth:`to_json`."""
        times = {key: data[key] and datetime.fromisoformat(data[key]) for key in ("start", "end")}
        return cls(**(data | times))


@dataclass(frozen=True)
class RunFacts:
    """What Airflow tells about a run, as far as its window depends on it."""

    run_type: str
    run_after: datetime
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


def resolve_window(
    run: RunFacts, *, lookback: timedelta | None, since: str | None = None, full: bool = False
) -> Window:
    """The window of a run, whatever created it.

    Explicit ``since`` or ``full`` win and are refused in a backfill, where every run would get the same window.
    A backfill covers exactly its own data interval. Without ``lookback`` every other run covers the whole space;
    with it the data interval counts, and a run that has none (triggered without a logical date, or by an asset)
    looks back from the time it was asked to run.

    :raises WindowError: ``since`` with ``full``, either of them in a backfill, or a ``since`` that is not a past time.
    """
    if since or full:
        return _explicit(run, since, full)
    interval = _interval(run)
    if run.run_type == "backfill":
        if interval is None:
            raise WindowError("A backfill run without a data interval", "Backfill works on scheduled sources only.")
        return Window(*interval, origin="backfill", strict=True)
    if lookback is None:
        return Window(None, None, "whole space")
    if interval is not None:
        return Window(*interval, origin="data interval")
    end = _utc(run.run_after)
    return Window(end - lookback, end, "lookback")


def _explicit(run: RunFacts, since: str | None, full: bool) -> Window:
    if since and full:
        raise WindowError("Both since and full were given", "Give one: full covers the whole space.")
    if run.run_type == "backfill":
        raise WindowError(
            "since and full are refused in a backfill",
            "Every run of the backfill would cover the same range. Start the backfill without them: each run covers "
            "its own data interval. For a range of your own, trigger one run with since.",
        )
    if full:
        return Window(None, None, "full")
    end = _utc(run.run_after)
    start = _parse_since(str(since))
    if start >= end:
        raise WindowError(f"since ({since}) is not before the run itself ({end:%Y-%m-%d %H:%M} UTC)")
    return Window(start, end, "since")


def _parse_since(since: str) -> datetime:
    try:
        return _utc(datetime.fromisoformat(since))
    except ValueError:
        raise WindowError(f"since is not a date-time: {since!r}", "Write it as 2026-11-01T00:00:00Z.") from None


def _interval(run: RunFacts) -> tuple[datetime, datetime] | None:
    start, end = run.data_interval_start, run.data_interval_end
    if start is None or end is None or start >= end:
        return None
    return _utc(start), _utc(end)


def _utc(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.fromtimestamp(aware.timestamp(), UTC)
