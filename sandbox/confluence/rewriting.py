"""How faults change a JSON answer: pure functions from the decoded answer to another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.confluence import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from sandbox.confluence.faults import Action

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|[+-]\d\d:?\d\d)")


def json_change(action: Action, scope: Scope) -> Callable[[Any], Any] | None:
    """How ``action`` changes the decoded answer; None: it leaves it alone."""
    match action:
        case faults.Rewrite():
            return action.change
        case faults.EmptyObject():
            return lambda page: {}
        case faults.ShrinkTotal():
            return lambda page: page | {"totalSize": page["totalSize"] - action.by}
        case faults.ForeignLinks():
            return lambda page: _with_foreign_links(page, action.origin)
        case faults.NoZone():
            return _without_zone
        case _:
            return _paging_change(action, scope) or _row_change(action)


def _paging_change(action: Action, scope: Scope) -> Callable[[Any], Any] | None:
    match action:
        case faults.RepeatCursor():
            return lambda page: _with_next(page, _own_address(scope))
        case faults.EmptyPage():
            return lambda page: _with_next(page, page["_links"].get("next") or _own_address(scope)) | {"results": []}
        case faults.DropNext():
            return _without_next
        case faults.AlwaysNext():
            return lambda page: _with_next(page, _next_offset(page, scope)) if "results" in page else page
        case _:
            return None


def _row_change(action: Action) -> Callable[[Any], Any] | None:
    match action:
        case faults.DropResults():
            return lambda page: page | {"results": page["results"][: -action.count]}
        case faults.HideRow():
            return lambda page: _without_row(page, action.title)
        case faults.OddRow():
            return lambda page: _each_row(page, lambda row: _odd(row, action), action.rows)
        case faults.NoBody():
            return lambda page: _each_row(page, lambda row: row | {"body": {}} if "body" in row else row)
        case faults.CutLabels():
            return lambda page: _each_row(page, lambda row: _with_labels_cut(row, action.most))
        case _:
            return None


def _with_next(page: Any, address: str) -> Any:
    return page | {"_links": page["_links"] | {"next": address}}


def _without_next(page: Any) -> Any:
    return page | {"_links": {name: value for name, value in page["_links"].items() if name != "next"}}


def _own_address(scope: Scope) -> str:
    """The request's own address as a ``next``: the walk would never end."""
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    if not any(name == "cursor" for name, _ in query):
        query.append(("cursor", "eyJpZCI6IjAiLCJjb250ZW50T3JkZXIiOiJpZCIsImNvbnRlbnRPcmRlclZhbHVlIjowfQ=="))
    return f"{scope['path']}?{urlencode(query)}"


def _with_foreign_links(page: Any, origin: str) -> Any:
    own = dict(page["_links"])
    for name in ("base", "next"):
        if name in own:
            parts = urlsplit(own[name])
            own[name] = origin + parts.path + (f"?{parts.query}" if parts.query else "")
    return page | {"_links": own}


def _each_row(page: Any, change: Callable[[Any], Any], most: int | None = None) -> Any:
    """``page`` with its first ``most`` rows changed; an answer without rows is a row itself."""
    if not isinstance(page, dict):
        return page
    rows = page.get("results")
    if not isinstance(rows, list):
        return change(page)
    count = len(rows) if most is None else most
    return page | {"results": [*map(change, rows[:count]), *rows[count:]]}


def _odd(row: Any, action: faults.OddRow) -> Any:
    if not action.field:
        return action.value
    return row | {action.field: action.value} if isinstance(row, dict) else row


def _without_row(page: Any, title: str) -> Any:
    if not isinstance(page, dict) or "results" not in page:
        return page
    return page | {"results": [row for row in page["results"] if row.get("title") != title]}


def _without_zone(value: Any) -> Any:
    match value:
        case dict():
            return {name: _without_zone(part) for name, part in value.items()}
        case list():
            return [_without_zone(part) for part in value]
        case str() if time := _TIME.fullmatch(value):
            return time[1]
        case _:
            return value


def _with_labels_cut(row: Any, most: int) -> Any:
    labels = row.get("metadata", {}).get("labels") if isinstance(row, dict) else None
    if not labels:
        return row
    results = labels["results"][:most]
    cut = labels | {"results": results, "size": len(results)}
    return row | {"metadata": row["metadata"] | {"labels": cut}}


def _next_offset(page: Any, scope: Scope) -> str:
    """The v1 address of the page behind this one, whether there is one or not; it begins with ``/rest``."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    start = page.get("start", 0) + page.get("limit", 25)
    return f"/rest{scope['path'].partition('/rest')[2]}?{urlencode(query | {'start': start})}"
