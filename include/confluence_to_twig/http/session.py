"""HTTP sessions that are bounded in time, keep no cookies, and send no credentials but those they are given."""

from __future__ import annotations

import http.client
import io
import time
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    import requests
    from _typeshed import WriteableBuffer

USER_AGENT = "confluence-to-twig/0.1 (+python-requests)"

#: When the exchange under way in this thread must be over, in monotonic seconds.
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class NoAuth(AuthBase):
    """Sends no credentials at all; having it set keeps requests from looking into ``.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Bearer(AuthBase):
    """Sends a token, keeps it out of the session's headers, and keeps ``.netrc`` from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def prepared(session: requests.Session, connections: int) -> requests.Session:
    """``session`` as :func:`confluence_to_twig.http.exchange.exchange` needs it.

    :param connections: how many are kept open to one host.
    """
    # Retrying is the loop's task, which knows of the other threads: the adapter makes one attempt.
    adapter = _BoundedAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"})
    # No cookies: a server-side session could answer for another identity than the token's.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return session


@contextmanager
def bounded(deadline: float) -> Iterator[None]:
    """Everything that this thread receives meanwhile arrives before ``deadline``, or a time-out is raised.

    The time-outs of requests are for a single receive, so a server that sends a byte now and then is never late by them.
    """
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


class _Receiving(io.RawIOBase):
    """What a socket receives, each piece within what is left of the time."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._silence = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedSocket:
    """Stands for a socket where ``http.client`` asks it for a file to read from."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Receiving(self._sock, self._deadline))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        deadline = _deadline.get()
        received: Any = sock if deadline is None else _BoundedSocket(sock, deadline)
        super().__init__(received, *args, **kwargs)


class _Connection(HTTPConnection):
    response_class = _Response


class _TlsConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _BoundedAdapter(HTTPAdapter):
    """Makes connections that keep to :func:`bounded`, directly and through proxies."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
