"""Progress: what a watching person sees of a run, task by task, with pages and chunks counted."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from confluence_to_twig.runs.report import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from confluence_to_twig.staging.layout import RunStaging

TASKS = ("validate", "discover", "extract", "transform", "load", "prune", "verify")
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
#: What a task that has not ended is doing; the first state that any of its instances has.
UNDER_WAY = {
    "running": "running",
    "deferred": "waits for Twig",
    "up_for_retry": "waits to try again",
    "queued": "starts",
    "scheduled": "starts",
}

#: The figures worth a line, in the order in which they are shown.
SHOWN: dict[str, dict[str, str]] = {
    "discover": {"to_fetch": "to fetch", "to_delete": "to delete", "to_leave": "unchanged", "restricted": "restricted"},
    "extract": {"pages_got": "pages", "requests": "requests"},
    "transform": {"documents": "pages", "chunks_made": "chunks", "quarantined": "quarantined"},
    "load": {"changed": "pages sent", "chunks_sent": "chunks sent", "batches": "requests"},
    "prune": {"removed": "pages removed", "kept_by_brake": "kept by the brake"},
    "verify": {"compared": "compared", "searched": "pages asked for", "cited": "cited", "failed": "failed"},
}


@dataclass(frozen=True)
class Doing:
    """What the run said last.

    :param text: its last log line.
    :param at: when that was, in seconds since the epoch.
    :param done: pages that the task has finished; None when the line brought no count.
    """

    text: str = ""
    at: float = 0.0
    done: int | None = None
    total: int | None = None

    @classmethod
    def read(cls, path: Path) -> Doing:
        """What the running process keeps in that file; nothing before it has said anything."""
        if not path.exists():
            return cls()
        found = json.loads(path.read_text(encoding="utf-8"))
        done, total = found["progress"] or (None, None)
        return cls(found["text"], found["at"], done, total)


@dataclass(frozen=True)
class Status:
    """The task that is under way.

    :param seconds: since it was first seen under way.
    """

    task: str
    state: str
    seconds: float
    doing: Doing = Doing()

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pages finished so far; None without a count."""
        if not self.doing.done or not self.doing.total:
            return None
        return self.seconds * (self.doing.total - self.doing.done) / self.doing.done

    def __str__(self) -> str:
        left = self.seconds_left
        estimate = f", about {left:,.0f} s left" if left else ""
        return f"  {self.task:<10} {self.state:<16} {self.seconds:6.1f} s  {self.doing.text}{estimate}".rstrip()


class Display(Protocol):
    """Where progress goes."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def status(self, status: Status) -> None:
        """What is under way now; called twice a second."""

    def waiting(self, what: str) -> None:
        """No task is under way yet; called twice a second."""


class PlainDisplay:
    """Lines for a log or a pipe: what is under way is told every ten seconds in which nothing else was.

    :param write: takes a line.
    """

    EVERY_SECONDS = 10.0

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._started = self._last = clock()

    def say(self, line: str) -> None:
        """Write the line."""
        self._last = self._clock()
        self._write(line)

    def status(self, status: Status) -> None:
        """Write it if it is time to."""
        if self._clock() - self._last >= self.EVERY_SECONDS:
            self.say(str(status))

    def waiting(self, what: str) -> None:
        """Write it, with the seconds so far, if it is time to."""
        if self._clock() - self._last >= self.EVERY_SECONDS:
            self.say(f"  {what} ({self._clock() - self._started:.0f} s)")


class ProgressPrinter:
    """Tells whenever a task comes to an end or has to wait for a human, and what is under way in between.

    :param staging: where the run's tasks leave their records.
    :param display: where it is told.
    """

    def __init__(self, staging: RunStaging, display: Display, clock: Callable[[], float] = time.time) -> None:
        self._staging = staging
        self._display = display
        self._clock = clock
        self._told: dict[str, str] = {}
        self._since: dict[str, float] = {}

    def update(self, instances: Iterable[dict[str, Any]], doing: Doing = Doing()) -> None:
        """Compare the task instances with what was told before; tell what is new, and what is under way."""
        instances = list(instances)
        states = {task: [i["state"] for i in instances if i["task_id"] == task] for task in TASKS}
        for task in TASKS:
            state = _overall(states[task])
            if state is None or self._told.get(task) == state:
                continue
            self._told[task] = state
            self._display.say(f"  {task:<10} {state:<16} {self._figures(task, len(states[task]))}".rstrip())
        for task in TASKS:
            if state := _under_way(states[task]):
                since = self._since.setdefault(task, self._clock())
                said = doing if doing.at >= since else Doing()  # else a task before it said so
                self._display.status(Status(task, state, self._clock() - since, said))
                break

    def _figures(self, task: str, instances: int) -> str:
        records = [record for record in read_records(self._staging) if record["task"] == task]
        if not records:
            return ""
        parts = [f"{instances} shards"] if instances > 1 else []
        for name, label in SHOWN.get(task, {}).items():
            values = [record["figures"][name] for record in records if name in record["figures"]]
            if values and (sum(values) or name in {"to_fetch", "pages_got"}):
                parts.append(_counted(sum(values), label))
        found = next((r["details"]["found"] for r in records if "found" in r["details"]), None)
        if found is not None:
            parts.append(f"Connection successful, found {found}")
        parts += [" ".join(str(record["error"]).split()) for record in records if record["error"]]
        seconds = sum(record["seconds"] for record in records)
        return f"{seconds:6.1f} s  {', '.join(parts)}"


def _counted(number: float, label: str) -> str:
    """``249 pages sent``, ``1 page sent``: of the labels only nouns end in s, and they come first."""
    first, blank, rest = label.partition(" ")
    return f"{number:,} {first.removesuffix('s') if number == 1 else first}{blank}{rest}"


def _overall(states: Sequence[str | None]) -> str | None:
    """The state worth telling: an end once all instances have one, or a wait for a human."""
    if "awaiting_input" in states:
        return "waits for you"
    if not states or any(state not in ENDED for state in states):
        return None
    for state in ("failed", "upstream_failed", "success", "skipped"):
        if state in states:
            return "done" if state == "success" else state.replace("_", " ")
    return None


def _under_way(states: Sequence[str | None]) -> str | None:
    return next((words for state, words in UNDER_WAY.items() if state in states), None)
