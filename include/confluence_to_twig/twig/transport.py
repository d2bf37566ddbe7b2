"""Send one request to Twig and get its answer: the key, compression, retries within the budget, and figures.

No urllib3 ``Retry`` here: Twig puts the time to wait into the error body or into ``X-RateLimit-Reset``, which it does
not read, and every wait has to be counted against the budget that all threads of a task share.
"""

from __future__ import annotations

import gzip
import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from confluence_to_twig.errors import PermanentError, PipelineError, TransientError
from confluence_to_twig.twig.answers import RETRIED, Answer, failure, shown
from confluence_to_twig.twig.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

    from confluence_to_twig.twig.settings import TwigSettings

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 32.0  # documented: min(1 s × 2^n, 32 s)
ATTEMPTS = 6
#: In how much time of waiting one request must succeed.
PATIENCE_S = 900.0
#: Documented requests a minute by scope; for writes the connection decides.
_READS_PER_MINUTE, _EXECUTES_PER_MINUTE = 200.0, 100.0
_OK = frozenset({200, 201, 202, 204})


class _Bearer(AuthBase):
    """Keeps the key out of the session's headers, and keeps ``.netrc`` from replacing it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


@dataclass(frozen=True)
class Figures:
    """What a client did so far."""

    requests: int = 0
    writes: int = 0
    bytes_sent: int = 0
    seconds_waited: float = 0.0


class Transport:
    """HTTP to one Twig. Thread-safe, no I/O before the first request.

    :param patience_s: a request that would have to wait longer in all fails instead.
    """

    def __init__(
        self,
        settings: TwigSettings,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._patience_s = patience_s
        self._sleep = sleep
        self._budgets = {
            "write": Budget("write", settings.writes_per_minute, clock, sleep),
            "execute": Budget("execute", _EXECUTES_PER_MINUTE, clock, sleep),
            "read": Budget("read", _READS_PER_MINUTE, clock, sleep),
        }
        self._session = requests.Session()
        self._session.auth = _Bearer(settings.api_key)
        self._session.verify = settings.verify
        self._session.headers.update({"Accept": "application/json", "User-Agent": "confluence-to-twig"})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=8))
        self._lock = threading.Lock()
        self._requests = self._writes = self._bytes_sent = 0
        self._backed_off_s = 0.0

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
        """Requests and writes made, bytes of request bodies as sent, seconds spent waiting."""
        with self._lock:
            waited = self._backed_off_s + sum(budget.waited_s for budget in self._budgets.values())
            return Figures(self._requests, self._writes, self._bytes_sent, round(waited, 3))

    def await_budget(self, scope: str) -> None:
        """Wait until a request of that scope may be sent, without counting one."""
        self._budgets[scope].wait(self._patience_s)

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
        :raises TransientError: rate limit, 5xx, time-out or broken connection that outlasted all attempts.
        :raises PermanentError: any other status.
        """
        data, headers = self._encoded(body, key)
        waited, failures, refusals = 0.0, 0, 0
        while True:
            waited += self._budgets[scope].acquire(self._patience_s - waited)
            answer = self._send(method, url, action, data, headers, params, scope)
            if isinstance(answer, Answer) and (answer.status in _OK or answer.status in allowed):
                return answer
            error = self._error(answer, action, body)
            limited = isinstance(answer, Answer) and answer.status == 429
            refusals, failures = refusals + limited, failures + (not limited)
            wait = self._wait_for(answer, refusals + failures)
            if failures >= ATTEMPTS or waited + wait > self._patience_s:
                raise _given_up(error, refusals + failures, wait)
            log.info("%s; trying again in %.1f s", error.summary, wait)
            if limited:
                self._budgets[scope].pause(wait)  # acquire() waits it out, and so do all other threads
            else:
                self._back_off(wait)
                waited += wait

    def _error(self, answer: Answer | TransientError, action: str, body: str | None) -> PipelineError:
        """The error that ends it, raised at once when trying again can not help."""
        if isinstance(answer, TransientError):
            return answer
        error = failure(answer, action, self.settings.api_key, body or "")
        if answer.status not in RETRIED:
            raise error
        return error

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

    def _send(
        self,
        method: str,
        url: str,
        action: str,
        data: bytes | None,
        headers: dict[str, str],
        params: Mapping[str, str | int] | None,
        scope: str,
    ) -> Answer | TransientError:
        with self._lock:
            self._requests += 1
            self._writes += scope == "write"
            self._bytes_sent += len(data or b"")
        try:
            response = self._session.request(
                method,
                url,
                data=data,
                headers=headers,
                params=params,
                timeout=(CONNECT_TIMEOUT_S, self.settings.timeout_s),
                allow_redirects=False,  # the key goes to the configured host only
            )
        except requests.exceptions.SSLError as error:
            raise PermanentError(
                f"The TLS certificate of {_host(url)} was not accepted, while trying to {action}",
                "Set the CA bundle in the Twig connection when a proxy re-signs TLS.",
            ) from error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            return TransientError(
                f"No answer from Twig at {_host(url)} ({type(error).__name__}), while trying to {action}"
            )
        answer = _read(response)
        if answer.status != 429:
            self._budgets[scope].observe(answer)
        return answer

    def _wait_for(self, answer: Answer | TransientError, attempt: int) -> float:
        # The jitter keeps two tasks that failed together from coming back together; it decides nothing else.
        backoff = min(FIRST_BACKOFF_S * 2.0 ** (attempt - 1), LONGEST_BACKOFF_S) * random.uniform(0.75, 1.25)  # noqa: S311
        told = answer.retry_after_s() if isinstance(answer, Answer) and answer.status in {429, 503} else None
        return backoff if told is None else told if told >= 1 else max(told, backoff)

    def _back_off(self, seconds: float) -> None:
        self._sleep(seconds)
        with self._lock:
            self._backed_off_s += seconds

    def safe(self, text: str, sent: str = "") -> str:
        """``text`` as it may stand in a log or a report: see :func:`confluence_to_twig.twig.answers.shown`."""
        return shown(text, self.settings.api_key, sent)


def _read(response: requests.Response) -> Answer:
    try:
        body, text = json.loads(response.content), ""
    except ValueError:
        body, text = None, response.content[:4_000].decode("utf-8", "replace")
    return Answer(response.status_code, response.headers, body, text)


def _given_up(error: PipelineError, attempt: int, wait: float) -> TransientError:
    return TransientError(
        f"{error.summary} (given up after attempt {attempt}, the next would have been in {wait:,.0f} s)",
        "Airflow's retry goes on where this one stopped; what Twig acknowledged is not sent again.",
    )


def _host(url: str) -> str:
    return urlsplit(url).netloc
