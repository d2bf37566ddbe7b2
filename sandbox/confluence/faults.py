"""Faults on purpose: what goes wrong with which request, and how often.

A :class:`Fault` matches requests by a regular expression on ``path?query``, lets ``skip`` of them pass, and then
spoils the next ``times``. Its action is one of the structs below; the control API takes the same as JSON, tagged by
``type``: ``{"path": "/pages", "action": {"type": "refuse", "status": 503}}``.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class Refuse(msgspec.Struct, frozen=True, tag="refuse"):
    """Answer with this status instead. ``body`` is JSON, or a text (then sent as HTML)."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}


class LimitRate(msgspec.Struct, frozen=True, tag="limit_rate"):
    """Answer 429. ``form``: "seconds", "date" or "absent"."""

    retry_after_s: float = 1.0
    form: str = "seconds"


class Redirect(msgspec.Struct, frozen=True, tag="redirect"):
    location: str
    status: int = 302


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """Drop the connection without an answer."""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Drop the connection in the middle of the body."""


class Truncate(msgspec.Struct, frozen=True, tag="truncate"):
    """A complete HTTP answer whose JSON ends in the middle."""


class Drip(msgspec.Struct, frozen=True, tag="drip"):
    """Send the body in pieces, each after a pause, so that no single read ever times out."""

    pieces: int = 20
    pause_s: float = 0.1


class Delay(msgspec.Struct, frozen=True, tag="delay"):
    seconds: float


class RepeatCursor(msgspec.Struct, frozen=True, tag="repeat_cursor"):
    """``next`` carries the cursor of the request itself, or the first one again."""


class EmptyPage(msgspec.Struct, frozen=True, tag="empty_page"):
    """No results, but still a ``next``."""


class DropNext(msgspec.Struct, frozen=True, tag="drop_next"):
    """The page claims to be the last one."""


class DropResults(msgspec.Struct, frozen=True, tag="drop_results"):
    """The page lacks its last rows, and says nothing about it."""

    count: int = 1


class ShrinkTotal(msgspec.Struct, frozen=True, tag="shrink_total"):
    """``totalSize`` is smaller than it was."""

    by: int = 1


class ForeignLinks(msgspec.Struct, frozen=True, tag="foreign_links"):
    """``base`` and an absolute ``next`` point at another host."""

    origin: str


class Rewrite(msgspec.Struct, frozen=True):
    """Change the decoded JSON answer. In process only."""

    change: Callable[[Any], Any]


class Do(msgspec.Struct, frozen=True):
    """Run something before the request is handled: an edit in the middle of a walk. In process only."""

    action: Callable[[], object]


class Change(msgspec.Struct, frozen=True, tag="change"):
    """The same through the control API: changes in the form of ``POST /_sandbox/changes``."""

    changes: list[dict[str, Any]]


JsonAction = (
    Refuse
    | LimitRate
    | Redirect
    | Reset
    | Cut
    | Truncate
    | Drip
    | Delay
    | RepeatCursor
    | EmptyPage
    | DropNext
    | DropResults
    | ShrinkTotal
    | ForeignLinks
    | Change
)
Action = JsonAction | Rewrite | Do


class JsonFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault as the control API reads it."""

    action: JsonAction
    path: str = ""
    method: str | None = None
    skip: int = 0
    times: int | None = 1


class Fault:
    """One armed fault.

    :param path: regular expression, searched in ``path?query``.
    :param skip: matching requests that pass first.
    :param times: how many are spoiled then; None: all.
    """

    def __init__(
        self, action: Action, path: str = "", *, method: str | None = None, skip: int = 0, times: int | None = 1
    ) -> None:
        self.action = action
        self.path = re.compile(path)
        self.method = method
        self.skip = skip
        self.times = times
        self.seen = 0  # matching requests so far
        self.hits = 0  # spoiled requests so far

    def due(self, method: str, target: str) -> bool:
        """Whether this request is spoiled; counts it."""
        if self.method not in (None, method) or not self.path.search(target):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, Any]:
        return {
            "action": type(self.action).__name__,
            "path": self.path.pattern,
            "method": self.method,
            "skip": self.skip,
            "times": self.times,
            "seen": self.seen,
            "hits": self.hits,
        }


class FaultPlan:
    """The armed faults, in the order in which they were armed. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def arm(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def due(self, method: str, target: str) -> list[Action]:
        """The actions that this request suffers, all of them in order."""
        with self._lock:
            return [fault.action for fault in self._faults if fault.due(method, target)]

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.describe() for fault in self._faults]
