"""The Test button of connections without a port, which Airflow 3.3.1 and 3.3.2 refuse.

Their UI sends ``port: 0`` for an empty port, and their API takes that for another destination than the stored one: "The
host or port to test differs from the stored connection" (mended upstream by apache/airflow#73298, after 3.3.2). For the
connection types that the set-up uses, this middleware removes the port from the request. The user needs the same rights
as before, and the stored credentials still go to the stored host only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from confluence_to_twig.airflow_private import CONNECTION_TEST_PATH

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPES = frozenset({"confluence", "twig", "jira"})


class PortlessTest:
    """ASGI middleware around Airflow's API. Leaves every other request alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, a connection test without its port 0."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(CONNECTION_TEST_PATH):
            body = without_port(await Request(scope, receive).body())
            kept = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
            scope = {**scope, "headers": [*kept, (b"content-length", str(len(body)).encode())]}
            receive = _replay(body, receive)
        await self.app(scope, receive, send)


def without_port(body: bytes) -> bytes:
    """The request of the Test button without ``port: 0``; anything else unchanged."""
    try:
        question: Any = json.loads(body)
    except ValueError:
        return body
    if not isinstance(question, dict) or question.get("conn_type") not in TYPES or question.get("port") != 0:
        return body
    return json.dumps({name: value for name, value in question.items() if name != "port"}).encode()


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once, then the server's next message, a disconnect."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
