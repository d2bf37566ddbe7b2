"""Faults on purpose: what goes wrong with which request, and how often.

A :class:`Fault` matches requests by a regular expression on ``path?query``, lets ``skip`` of them pass, and then
spoils the next ``times``. Its action is one of the structs below; the control API takes the same as JSON, tagged by
``type``: ``{"path": "/pages", "action": {"type": "refuse", "status": 503}}``.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class Refuse(msgspec.Struct, frozen=True, tag="refuse"):
    """Answer with this status instead. ``body`` is JSON, or a text (then sent as HTML)."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}


class LimitRate(msgspec.Struct, frozen=True, tag="limit_rate"):
    """Answer 429. ``form``: "seconds", "date" or "absent"; ``reason``: ``RateLimit-Reason``."""

    retry_after_s: float = 1.0
    form: str = "seconds"
    reason: str = ""


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


class EmptyObject(msgspec.Struct, frozen=True, tag="empty_object"):
    """The answer is ``{}``."""


class OddRow(msgspec.Struct, frozen=True, tag="odd_row"):
    """One field of the first rows has a value that it never should have; without ``field`` the row itself.

    Single answers count as a row.
    """

    field: str = "id"
    value: Any = None
    rows: int = 1


class HideRow(msgspec.Struct, frozen=True, tag="hide_row"):
    """The row of that title is missing, and nothing says so."""

    title: str


class NoBody(msgspec.Struct, frozen=True, tag="no_body"):
    """``body`` is ``{}`` (https://github.com/open-cli-collective/atlassian-cli/issues/150)."""


class NoZone(msgspec.Struct, frozen=True, tag="no_zone"):
    """Times name no zone."""


class CutLabels(msgspec.Struct, frozen=True, tag="cut_labels"):
    """No row has more labels (https://jira.atlassian.com/browse/CONFCLOUD-71415)."""

    most: int = 200


class AlwaysNext(msgspec.Struct, frozen=True, tag="always_next"):
    """There is a next offset even behind the end (https://jira.atlassian.com/browse/CONFSERVER-95396)."""


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
    | EmptyObject
    | OddRow
    | HideRow
    | NoBody
    | NoZone
    | CutLabels
    | AlwaysNext
    | Change
)
Action = JsonAction | Rewrite | Do


_PAGE = "<!doctype html><html><body>We are performing maintenance</body></html>"
_V2_ERRORS = {
    status: {"errors": [{"status": status, "code": code, "title": title, "detail": None}]}
    for status, code, title in (
        (400, "INVALID_REQUEST_PARAMETER", "Bad Request"),
        (401, "UNAUTHORIZED", "Unauthorized"),
        (403, "FORBIDDEN", "Forbidden"),
        (404, "NOT_FOUND", "Not Found"),
        (409, "CONFLICT", "Conflict"),
        (410, "GONE", "Gone"),
        (414, "URI_TOO_LONG", "URI Too Long"),
        (423, "LOCKED", "Locked"),
        (500, "INTERNAL_SERVER_ERROR", "Internal Server Error"),
    )
}
#: Everything that may come instead of an answer, by name: what property tests put on every route.
ODD_ANSWERS: dict[str, Action] = {
    **{str(status): Refuse(status, body) for status, body in _V2_ERRORS.items()},
    **{str(status): Refuse(status, _PAGE) for status in (502, 503, 504)},
    "429": LimitRate(),
    "429 without a time": LimitRate(form="absent"),
    "reset": Reset(),
    "cut": Cut(),
    "truncated": Truncate(),
    "drip": Drip(pieces=4, pause_s=0.05),
    "web page": Refuse(200, _PAGE),
    "firewall": Refuse(403, _PAGE),
    "redirect": Redirect("/login"),
    "empty object": EmptyObject(),
    "odd row": OddRow(),
    "row is null": OddRow(field=""),
}


class JsonFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault as the control API reads it."""

    action: JsonAction
    path: str = ""
    method: str | None = None
    skip: int = 0
    times: int | None = 1
    naming: str | None = None


class Fault:
    """One armed fault.

    :param path: regular expression, searched in ``path?query``.
    :param naming: only requests that name this id in path, query or body.
    :param skip: matching requests that pass first.
    :param times: how many are spoiled then; None: all.
    """

    def __init__(
        self,
        action: Action,
        path: str = "",
        *,
        method: str | None = None,
        skip: int = 0,
        times: int | None = 1,
        naming: str | None = None,
    ) -> None:
        self.action = action
        self.naming = re.compile(rf"(?<![\w:]){re.escape(naming)}(?![\w:])") if naming else None
        self.path = re.compile(path)
        self.method = method
        self.skip = skip
        self.times = times
        self.seen = 0  # matching requests so far
        self.hits = 0  # spoiled requests so far

    def due(self, method: str, target: str, body: bytes = b"") -> bool:
        """Whether this request is spoiled; counts it."""
        if self.method not in (None, method) or not self.path.search(target):
            return False
        if self.naming and not self.naming.search(f"{unquote_plus(target)} {body.decode(errors='replace')}"):
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
            "naming": self.naming.pattern if self.naming else None,
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

    def due(self, method: str, target: str, body: bytes = b"") -> list[Action]:
        """The actions that this request suffers, all of them in order."""
        with self._lock:
            return [fault.action for fault in self._faults if fault.due(method, target, body)]

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.describe() for fault in self._faults]
