"""Send one request to Twig and get its answer: the key, compression, the budgets of its scopes, and figures.

The retry loop is :mod:`confluence_to_twig.http.retry`, no urllib3 ``Retry``: Twig puts the time to wait into the error body
or into ``X-RateLimit-Reset``, which that does not read, and every wait has to be counted against the budget that all
threads of a task share.
"""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from confluence_to_twig.http.budget import PerMinute
from confluence_to_twig.http.errors import CertificateError, TooSlowError, UnavailableError
from confluence_to_twig.http.exchange import Request, exchange, host_of, unpacked
from confluence_to_twig.http.pace import Pace
from confluence_to_twig.http.retry import Patience, persist
from confluence_to_twig.http.session import Bearer, prepared
from confluence_to_twig.twig.answers import GOES_ON, TOO_SLOW, Answer, failure, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from confluence_to_twig.errors import PipelineError
    from confluence_to_twig.http.exchange import Answer as HttpAnswer
    from confluence_to_twig.twig.settings import TwigSettings

log = logging.getLogger(__name__)

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 32.0  # documented: min(1 s × 2^n, 32 s)
ATTEMPTS = 6
#: In how much time of waiting one request must succeed.
PATIENCE_S = 900.0
#: How long an answer may be. The longest is a page of 500 documents with the ids and hashes of their chunks.
MAX_BYTES = 64 * 1024 * 1024
#: Documented requests a minute by scope; for writes the connection decides.
_READS_PER_MINUTE, _EXECUTES_PER_MINUTE = 200.0, 100.0
_OK = frozenset({200, 201, 202, 204})


@dataclass(frozen=True)
class Figures:
    """What a client did so far."""

    requests: int = 0
    writes: int = 0
    bytes_sent: int = 0
    seconds_waited: float = 0.0
    refusals: int = 0


class Transport:
    """HTTP to one Twig. Thread-safe, no I/O before the first request.

    :param patience_s: a request that would have to wait longer in all fails instead.
    """

    def __init__(
        self,
        settings: TwigSettings,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.settings = settings
        self._patience = Patience(ATTEMPTS, patience_s, FIRST_BACKOFF_S, LONGEST_BACKOFF_S)
        rates = {
            "write": settings.writes_per_minute,
            "execute": _EXECUTES_PER_MINUTE,
            "read": _READS_PER_MINUTE,
        }
        self._paces = {
            scope: Pace(f"Twig's {scope} budget", PerMinute(rate), clock, sleep) for scope, rate in rates.items()
        }
        self._session = prepared(requests.Session(), connections=8)
        self._session.auth = Bearer(settings.api_key)
        self._lock = threading.Lock()
        self._requests = self._writes = self._bytes_sent = 0

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def figures(self) -> Figures:
        """Requests and writes made, bytes of request bodies as sent, seconds spent waiting, requests refused by a limit."""
        with self._lock:
            waited = sum(pace.seconds_waited for pace in self._paces.values())
            refusals = sum(pace.refusals for pace in self._paces.values())
            return Figures(self._requests, self._writes, self._bytes_sent, round(waited, 3), refusals)

    def await_budget(self, scope: str) -> None:
        """Wait until a request of that scope may be sent, without counting one."""
        self._paces[scope].wait(self._patience.seconds)

    def request(
        self,
        method: str,
        url: str,
        *,
        action: str,
        scope: str,
        body: str | None = None,
        params: Mapping[str, str | int] | None = None,
        key: str | None = None,
        allowed: Collection[int] = (),
    ) -> Answer:
        """Send one request until it is answered for good.

        :param action: what this is for, as it completes "while trying to …".
        :param scope: whose budget it draws on: ``write``, ``execute`` or ``read``.
        :param body: JSON text.
        :param key: the ``Idempotency-Key``, the same in every attempt.
        :param allowed: statuses besides success that the caller handles.
        :raises TransientError: rate limit, 5xx, time-out or broken connection that outlasted all attempts; an answer above
            the limit at once.
        :raises PermanentError: any other status.
        """
        data, headers = self._encoded(body, key)
        sent = Request(method, url, params, data=data, headers=headers, max_bytes=MAX_BYTES)

        def send() -> Answer:
            answer = self._send(sent, action, scope)
            if answer.status in _OK or answer.status in allowed:
                return answer
            raise failure(answer, action, self.settings.api_key, body or "", host_of(url))

        return persist(send, self._paces[scope], self._patience)

    def _encoded(self, body: str | None, key: str | None) -> tuple[bytes | None, dict[str, str]]:
        headers = {"Idempotency-Key": key} if key else {}
        if body is None:
            return None, headers
        headers["Content-Type"] = "application/json"
        data = body.encode()
        if self.settings.compress and len(data) > 1_000:
            headers["Content-Encoding"] = "gzip"
            data = gzip.compress(data, 6, mtime=0)
        return data, headers

    def _send(self, request: Request, action: str, scope: str) -> Answer:
        with self._lock:
            self._requests += 1
            self._writes += scope == "write"
            self._bytes_sent += len(request.data or b"")
        try:
            answer = _read(
                exchange(
                    self._session,
                    request,
                    verify=self.settings.verify,
                    seconds=self.settings.timeout_s,
                    silence=self.settings.timeout_s,
                )
            )
        except (CertificateError, UnavailableError) as error:
            raise _no_answer(request.url, error, action) from error
        if answer.status != 429:
            self._paces[scope].observe(answer.limits())
        return answer

    def safe(self, text: str, sent: str = "") -> str:
        """``text`` as it may stand in a log or a report: see :func:`confluence_to_twig.twig.answers.shown`."""
        return shown(text, self.settings.api_key, sent)


def _read(answer: HttpAnswer) -> Answer:
    answer = unpacked(answer)
    try:
        body, text = json.loads(answer.body), ""
    except ValueError:
        body, text = None, answer.body[:4_000].decode("utf-8", "replace")
    return Answer(answer.status, answer.headers, body, text)


def _no_answer(url: str, error: CertificateError | UnavailableError, action: str) -> PipelineError:
    summary = f"No answer from Twig at {host_of(url)}, while trying to {action}: {error.summary}"
    passing = TOO_SLOW if isinstance(error, TooSlowError) else GOES_ON
    return type(error)(summary, error.remedy or passing)
