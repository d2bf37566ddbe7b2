"""What clients asked for: every request with its outcome, never with a secret."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.confluence.identity import read_credentials
from sandbox.serving import CONTROL_PREFIX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_REQUESTS = 200_000
_ID_SEGMENT = re.compile(r"(?<=/)(?:att)?\d+(?=/|$)")


@dataclass(frozen=True)
class LoggedRequest:
    """``auth`` is the kind of the Authorization header: "none", "basic", "bearer" or "other". ``status`` 0: no answer."""

    number: int
    method: str
    host: str
    path: str
    query: str
    auth: str
    login: str
    status: int
    seconds: float

    @property
    def endpoint(self) -> str:
        """Method and path with ids replaced: ``GET /wiki/api/v2/pages/{id}``."""
        return f"{self.method} {_ID_SEGMENT.sub('{id}', self.path)}"


class RequestLog:
    """The last requests, and how many were answered at the same time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._requests: deque[LoggedRequest] = deque(maxlen=KEPT_REQUESTS)
            self._count = 0
            self._in_flight = 0
            self._most_in_flight = 0

    @property
    def requests(self) -> list[LoggedRequest]:
        with self._lock:
            return list(self._requests)

    def count(self, pattern: str = "", *, method: str | None = None, status: int | None = None) -> int:
        """How many requests match a regular expression on ``path?query``."""
        return sum(
            1
            for request in self.requests
            if re.search(pattern, f"{request.path}?{request.query}")
            and method in (None, request.method)
            and status in (None, request.status)
        )

    def stats(self) -> dict[str, Any]:
        """Counters by endpoint, status and kind of authorization."""
        requests = self.requests
        return {
            "requests": len(requests),
            "most_in_flight": self._most_in_flight,
            "by_endpoint": dict(Counter(request.endpoint for request in requests)),
            "by_status": dict(Counter(str(request.status) for request in requests)),
            "by_auth": dict(Counter(request.auth for request in requests)),
        }

    def begin(self) -> None:
        with self._lock:
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)

    def end(self, scope: Scope, status: int, seconds: float) -> None:
        headers = dict(scope["headers"])
        credentials = read_credentials(headers.get(b"authorization", b"").decode("latin-1"))
        with self._lock:
            self._in_flight = max(0, self._in_flight - 1)
            self._count += 1
            self._requests.append(
                LoggedRequest(
                    number=self._count,
                    method=scope["method"],
                    host=headers.get(b"host", b"").decode("latin-1"),
                    path=scope["path"],
                    query=scope["query_string"].decode("latin-1"),
                    auth=credentials.kind,
                    # A token in the place of the login must not get into the log either.
                    login=credentials.login if "@" in credentials.login else "",
                    status=status,
                    seconds=seconds,
                )
            )


class Recorder:
    """ASGI middleware: writes every request but those of the control API into a log."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        started, status, logged = time.monotonic(), 0, False

        async def watch(message: Message) -> None:
            nonlocal status, logged
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                # Before the client has the whole answer, so that whoever got one finds it in the log.
                self.log.end(scope, status, time.monotonic() - started)
                logged = True
            await send(message)

        self.log.begin()
        try:
            await self.app(scope, receive, watch)
        finally:
            if not logged:
                self.log.end(scope, status, time.monotonic() - started)
