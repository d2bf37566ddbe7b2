"""The middleware that lets faults happen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox.confluence import faults
from sandbox.confluence.rewriting import json_change
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
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        content, again = await _content_of(receive) if scope["method"] == "POST" else (b"", receive)
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        actions = self.plan.due(scope["method"], target, content)
        if not actions:
            await self.app(scope, again, send)
            return
        for action in actions:
            if await self._ends_here(action, scope, receive, send):
                return
        start, body = await _answer_of(self.app, scope, again)
        await _send_spoiled(start, body, actions, scope, receive, send)

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


async def _content_of(receive: Receive) -> tuple[bytes, Receive]:
    """What the request carries, and a ``receive`` that gives it again."""
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
    content = b"".join(message.get("body", b"") for message in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return content, again


def _refusal(action: faults.Refuse | faults.LimitRate | faults.Redirect) -> Response:
    match action:
        case faults.LimitRate():
            headers = retry_after_headers(action.retry_after_s, action.form)
            if action.reason:
                headers["RateLimit-Reason"] = action.reason
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
    change = json_change(action, scope)
    return body if change is None else msgspec.json.encode(change(msgspec.json.decode(body)))
