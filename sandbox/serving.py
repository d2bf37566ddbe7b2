"""Run a sandbox app on loopback, and make it as slow or as strict as the real service.

Both sandboxes use this: tests run an app in a thread (:func:`running`), the command line runs it in the foreground
(:func:`serve_until_stopped`). The middleware is plain ASGI, so that it costs nothing measurable per request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
#: Requests below this path steer the sandbox: never slowed down, never limited.
CONTROL_PREFIX = "/_sandbox"
START_TIMEOUT_S = 30.0


def require_loopback(host: str) -> str:
    """Return ``host`` when it is this machine only.

    :raises ValueError: for any other host. A sandbox knows its passwords by heart and must not be reachable.
    """
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"{host} is not a loopback address: a sandbox is served on 127.0.0.1, ::1 or localhost only")
    return host


def _bind(host: str, port: int) -> tuple[socket.socket, str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio leaves Nagle's algorithm on otherwise: small answers would take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    name = f"[{host}]" if ":" in host else host
    return listener, f"http://{name}:{listener.getsockname()[1]}"


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,  # real services keep idle connections longer than uvicorn's 5 s
        timeout_graceful_shutdown=1,
    )


class _ThreadServer(uvicorn.Server):
    """Ends as soon as it is told to. uvicorn itself looks ten times a second, and every test would wait for that."""

    def stop(self) -> None:
        """Only once it has started; from any thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        ticks = 0
        while not self._stopped.is_set():
            await self.on_tick(ticks)
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := set(self.server_state.tasks):
            _, unfinished = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in unfinished:
                task.cancel()


@contextmanager
def running(app: ASGIApp, host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
    """Serve ``app`` from a thread while the block runs; yields its base URL without a trailing slash.

    :param port: 0 takes any free port.
    :raises RuntimeError: when the server does not come up.
    """
    listener, base_url = _bind(require_loopback(host), port)
    server = _ThreadServer(_config(app))
    thread = threading.Thread(target=server.run, args=([listener],), name=f"sandbox {base_url}", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield base_url
    finally:
        if server.started:
            server.stop()
            thread.join()
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox server did not start; its log says why")
        time.sleep(0.005)


def serve_until_stopped(app: ASGIApp, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve ``app`` in this process until SIGINT or SIGTERM; ``announce`` gets the base URL once the port is open."""
    listener, base_url = _bind(require_loopback(host), port)
    listener.listen()
    announce(base_url)
    try:
        uvicorn.Server(_config(app)).run([listener])
    except KeyboardInterrupt:
        log.info("stopped %s", base_url)
    finally:
        listener.close()


def abort_connection(receive: Receive) -> None:
    """Drop the client's connection with a TCP reset, as a crashing proxy does.

    Only with the ``receive`` that uvicorn made: it is bound to the request cycle that owns the transport.
    """
    cycle = receive.__self__  # type: ignore[attr-defined]
    no_linger = struct.pack("ii", 1, 0)
    cycle.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
    cycle.transport.abort()
    cycle.disconnected = True  # or uvicorn complains that the answer is missing


class Latency:
    """ASGI middleware: every request waits ``delay_ms`` before it is handled. The value can change while serving."""

    def __init__(self, app: ASGIApp, delay_ms: float = 0.0) -> None:
        self.app = app
        self.delay_ms = delay_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.delay_ms > 0 and scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX):
            await asyncio.sleep(self.delay_ms / 1000)
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Allowance:
    """What a token bucket says to one request."""

    allowed: bool
    limit: int  # the bucket's size, in requests
    remaining: int  # requests that could follow at once
    retry_after_s: float  # until one request would be allowed; 0.0 when allowed
    full_after_s: float  # until the bucket is full again


class TokenBucket:
    """``per_second`` requests on average, ``burst`` at once. Thread-safe.

    :param clock: seconds from any origin, never going back; tests hand in their own.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError(
                f"a rate needs more than 0 requests a second and a burst of at least 1: {per_second}, {burst}"
            )
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._level = float(burst)
        self._seen = clock()
        self._lock = threading.Lock()

    def take(self) -> Allowance:
        """Take one request out of the bucket if there is one."""
        with self._lock:
            now = self._clock()
            self._level = min(self.burst, self._level + (now - self._seen) * self.per_second)
            self._seen = now
            allowed = self._level >= 1
            if allowed:
                self._level -= 1
            return Allowance(
                allowed=allowed,
                limit=self.burst,
                remaining=int(self._level),
                retry_after_s=0.0 if allowed else (1 - self._level) / self.per_second,
                full_after_s=(self.burst - self._level) / self.per_second,
            )


class RateLimit:
    """ASGI middleware: asks a bucket before each request and tells the client in the service's own words.

    :param bucket_of: the bucket that a request draws from; None: the request is not limited.
    :param headers: the response headers that every limited request gets, allowed or not.
    :param refusal: the answer to a request that is not allowed.
    """

    def __init__(
        self,
        app: ASGIApp,
        bucket_of: Callable[[Scope], TokenBucket | None],
        headers: Callable[[Allowance], Mapping[str, str]],
        refusal: Callable[[Allowance], Response],
    ) -> None:
        self.app = app
        self.bucket_of = bucket_of
        self.headers = headers
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX)
        bucket = self.bucket_of(scope) if limited else None
        if bucket is None:
            await self.app(scope, receive, send)
            return
        allowance = bucket.take()
        answer = self.app if allowance.allowed else self.refusal(allowance)
        await answer(scope, receive, _with_headers(send, self.headers(allowance)))


def _with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    extra = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]

    async def send_with_headers(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *extra]  # type: ignore[misc]
        await send(message)

    return send_with_headers  # type: ignore[return-value]
