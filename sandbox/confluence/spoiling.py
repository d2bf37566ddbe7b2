"""The middleware that lets faults happen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.confluence import faults
from sandbox.serving import CONTROL_PREFIX, abort_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.confluence.faults import Action, FaultPlan

RATE_LIMIT_BODY = {"code": 429, "message": "Rate limit exceeded"}


def retry_after_headers(wait_s: float, form: str) -> dict[str, str]:
    """``Retry-After`` in the form that a site uses: whole seconds, an HTTP date, or not at all."""
    if form == "absent":
        return {}
    seconds = max(1, -int(-wait_s // 1))
    if form == "date":
        return {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)}
    return {"Retry-After": str(seconds)}


class Spoiler:
    """ASGI middleware. Must see uvicorn's own ``receive``, so nothing that wraps it may stand outside.

    :param change: applies changes in the form of the control API.
    """

    def __init__(self, app: ASGIApp, plan: FaultPlan, change: Callable[[dict[str, Any]], object]) -> None:
        self.app = app
        self.plan = plan
        self.change = change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actions = self._due(scope)
        if not actions:
            await self.app(scope, receive, send)
            return
        for action in actions:
            if await self._ends_here(action, scope, receive, send):
                return
        start, body = await _answer_of(self.app, scope, receive)
        await _send_spoiled(start, body, actions, scope, receive, send)

    def _due(self, scope: Scope) -> list[Action]:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            return []
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        return self.plan.due(scope["method"], target)

    async def _ends_here(self, action: Action, scope: Scope, receive: Receive, send: Send) -> bool:
        """What happens before the request is handled; True when it never will be."""
        match action:
            case faults.Delay():
                await asyncio.sleep(action.seconds)
            case faults.Do():
                # In a thread: the change takes the sandbox's lock, and may take its time.
                await asyncio.to_thread(action.action)
            case faults.Change():
                for change in action.changes:
                    await asyncio.to_thread(self.change, change)
            case faults.Reset():
                abort_connection(receive)
                return True
            case faults.Refuse() | faults.LimitRate() | faults.Redirect():
                await _refusal(action)(scope, receive, send)
                return True
        return False


def _refusal(action: faults.Refuse | faults.LimitRate | faults.Redirect) -> Response:
    match action:
        case faults.LimitRate():
            headers = retry_after_headers(action.retry_after_s, action.form)
            return JSONResponse(RATE_LIMIT_BODY, status_code=429, headers=headers)
        case faults.Redirect():
            return RedirectResponse(action.location, status_code=action.status)
        case faults.Refuse():
            if isinstance(action.body, str):
                return Response(action.body, action.status, action.headers, media_type="text/html")
            body = action.body or {"statusCode": action.status, "message": "The sandbox refuses on purpose"}
            return JSONResponse(body, status_code=action.status, headers=action.headers)


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The whole answer of the app: its start message and its body."""
    start: Message = {}
    parts: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, collect)
    return start, b"".join(parts)


async def _send_spoiled(
    start: Message, body: bytes, actions: Sequence[Action], scope: Scope, receive: Receive, send: Send
) -> None:
    for action in actions:
        body = _spoiled(action, body, scope)
    headers = [(name, value) for name, value in start["headers"] if name.lower() not in (b"content-length", b"link")]
    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    drip = next((action for action in actions if isinstance(action, faults.Drip)), None)
    if any(isinstance(action, faults.Cut) for action in actions):
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.05)  # let the first half reach the client before the reset overtakes it
        abort_connection(receive)
    elif drip:
        await _drip(body, drip, send)
    else:
        await send({"type": "http.response.body", "body": body})


async def _drip(body: bytes, drip: faults.Drip, send: Send) -> None:
    size = max(1, -(-len(body) // drip.pieces))
    for begin in range(0, len(body), size):
        await asyncio.sleep(drip.pause_s)
        await send({"type": "http.response.body", "body": body[begin : begin + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _spoiled(action: Action, body: bytes, scope: Scope) -> bytes:
    if isinstance(action, faults.Truncate):
        return body[: len(body) // 2]
    change = _json_change(action, scope)
    return body if change is None else msgspec.json.encode(change(msgspec.json.decode(body)))


def _json_change(action: Action, scope: Scope) -> Callable[[Any], Any] | None:
    match action:
        case faults.Rewrite():
            return action.change
        case faults.RepeatCursor():
            return lambda page: _with_next(page, _own_address(scope))
        case faults.EmptyPage():
            return lambda page: _with_next(page, page["_links"].get("next") or _own_address(scope)) | {"results": []}
        case faults.DropNext():
            return _without_next
        case faults.DropResults():
            return lambda page: page | {"results": page["results"][: -action.count]}
        case faults.ShrinkTotal():
            return lambda page: page | {"totalSize": page["totalSize"] - action.by}
        case faults.ForeignLinks():
            return lambda page: _with_foreign_links(page, action.origin)
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
