"""Sends requests to Confluence: to the configured hosts only, at a common pace, again when that can help."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from confluence_to_twig.confluence.api.address import is_loopback, origin
from confluence_to_twig.confluence.api.answers import MAX_BYTES, Answer, error_for, not_json
from confluence_to_twig.confluence.api.errors import (
    BrokenAnswerError,
    ClientClosedError,
    ForeignHostError,
    RateLimitedError,
    RedirectedError,
    UnavailableError,
)
from confluence_to_twig.confluence.api.pace import Pace
from confluence_to_twig.confluence.api.session import open_bare_session, open_session
from confluence_to_twig.confluence.api.wire import exchange, unpacked
from confluence_to_twig.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from confluence_to_twig.confluence.api.settings import ConfluenceSettings

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST_BACKOFF = 30.0
LARGE_ANSWER = 16 * 1024
REDIRECTS_OF_A_DOWNLOAD = 3
#: Where Confluence Cloud keeps attached files; a download is redirected there with a signed, short-lived address.
MEDIA_HOSTS = frozenset({"api.media.atlassian.com"})


@dataclass(frozen=True)
class Patience:
    """How long one request is worth trying.

    :param attempts: tries against faults: 5xx, time-outs, broken connections, broken answers.
    :param rate_limit_seconds: longest wait in total for rate limits; beyond it the task gives up and Airflow retries.
    :param backoff_seconds: wait after the first fault; it doubles each time, up to 30 s.
    """

    attempts: int = 5
    rate_limit_seconds: float = 600.0
    backoff_seconds: float = 0.5


@dataclass(frozen=True)
class _Call:
    method: str
    url: str
    params: Mapping[str, Any] | None = None
    body: Any = None
    max_bytes: int = MAX_BYTES
    authorized: bool = True


class Transport:
    """Thread-safe. Does no I/O until the first request.

    :param hosts: base URLs that may see the token. A request to any other origin is refused before it is sent.
    """

    def __init__(
        self,
        settings: ConfluenceSettings,
        hosts: tuple[str, ...],
        *,
        patience: Patience | None = None,
    ) -> None:
        self.settings = settings
        self.patience = patience or Patience()
        self.requests_made = 0
        self._closing = threading.Event()
        self.pace = Pace(sleep=self._closing.wait)
        self._origins = frozenset(origin(host) for host in hosts)
        self._lock = threading.Lock()
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="decode")
        self._sessions: dict[bool, requests.Session] = {}

    def get(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        patience: Patience | None = None,
        max_bytes: int = MAX_BYTES,
        authorized: bool = True,
    ) -> Any:
        """The decoded JSON of a GET.

        :param authorized: whether the token goes along.
        :raises confluence_to_twig.errors.PipelineError: one of :mod:`confluence_to_twig.confluence.api.errors`.
        """
        return self._send(_Call("GET", url, params, None, max_bytes, authorized), self._decoded, patience)

    def post(self, url: str, body: Any, *, patience: Patience | None = None) -> Any:
        """The decoded JSON of a POST. Only reading endpoints are posted to, so it is repeated like a GET."""
        return self._send(_Call("POST", url, None, body), self._decoded, patience)

    def download(self, url: str, max_bytes: int) -> bytes:
        """The bytes of an attached file.

        Confluence Cloud redirects to its media host, which is asked without the token; a redirect to any third host
        is refused.

        :raises AnswerTooLargeError: when the file is longer than ``max_bytes``.
        :raises ForeignHostError: when the address is none of Confluence's, or leads to another host.
        """
        self._check_own_host(url)
        for _ in range(REDIRECTS_OF_A_DOWNLOAD + 1):
            authorized = origin(url) in self._origins
            answer = self._send(_Call("GET", url, None, None, max_bytes, authorized), _redirect_or_file, None)
            if answer.status < 300:
                return unpacked(answer).body
            url = urljoin(url, answer.headers["Location"])
            self._check_download_host(url)
        raise RedirectedError(f"Too many redirects for {answer.path}")

    def stop(self) -> None:
        """Let no further request begin, and wake up those that wait."""
        self._closing.set()

    def close(self) -> None:
        """Close all connections."""
        self.stop()
        for session in self._sessions.values():
            session.close()
        self._decoder.shutdown()

    def _send(self, call: _Call, read: Callable[[Answer], T], patience: Patience | None) -> T:
        patience = patience or self.patience
        faults = limits = 0
        waited = 0.0
        while not self._closing.is_set():
            try:
                return read(self._once(call))
            except RateLimitedError as error:
                seconds = _pause_seconds(error, limits)
                limits += 1
                waited += seconds
                if waited > patience.rate_limit_seconds:
                    raise
                self.pace.pause(seconds)
            except TransientError as error:
                faults += 1
                if faults >= patience.attempts:
                    raise
                self._recover(error, patience.backoff_seconds * 2 ** (faults - 1))
        raise ClientClosedError("The client is closed")

    def _recover(self, error: TransientError, backoff: float) -> None:
        told = error.retry_after if isinstance(error, UnavailableError) else None
        if told is not None:
            log.info("%s: trying again when the server says", error.summary)
            self.pace.pause(min(told, LONGEST_BACKOFF))
        else:
            seconds = min(backoff, LONGEST_BACKOFF) * random.uniform(0.75, 1.25)  # noqa: S311
            log.info("%s: trying again in %.1f s", error.summary, seconds)
            self._closing.wait(seconds)

    def _once(self, call: _Call) -> Answer:
        if call.authorized:
            self._check_own_host(call.url)
        self.pace.wait()
        if self._closing.is_set():
            raise ClientClosedError("The client is closed")
        with self._lock:
            self.requests_made += 1
        started = time.monotonic()
        answer = exchange(
            self._session(call.authorized),
            call.method,
            call.url,
            params=call.params,
            json=call.body,
            verify=self.settings.verify,
            seconds=self.settings.timeout_seconds,
            max_bytes=call.max_bytes,
        )
        elapsed = 1000 * (time.monotonic() - started)
        log.debug("%s %s: %s, %d bytes, %.0f ms", call.method, answer.path, answer.status, len(answer.body), elapsed)
        self.pace.observe(answer.headers)
        return answer if answer.status < 300 else self._scrubbed(answer)

    def _scrubbed(self, answer: Answer) -> Answer:
        # What a failed request answers is quoted in messages; a server that echoes its input must not bring the token.
        plain = unpacked(answer)
        return replace(plain, body=plain.body.replace(self.settings.token.encode(), b"***"))

    def _decoded(self, answer: Answer) -> Any:
        _checked(answer)
        if answer.is_html:
            raise not_json(answer)
        if len(answer.body) < LARGE_ANSWER:
            return _json(answer)
        # One thread decodes all large answers. The interpreter lock lets no two do it at once anyway, and memory that
        # eight threads take is spread over eight heaps, none of which gets smaller again.
        return self._decoder.submit(_json, answer).result()

    def _session(self, authorized: bool) -> requests.Session:
        with self._lock:
            if authorized not in self._sessions:
                self._sessions[authorized] = (open_session if authorized else open_bare_session)(self.settings)
            return self._sessions[authorized]

    def _check_own_host(self, url: str) -> None:
        if origin(url) not in self._origins:
            raise ForeignHostError(f"{origin(url)} is not the configured Confluence; nothing was sent to it")

    def _check_download_host(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if origin(url) in self._origins:
            return
        # A sandbox on this machine has its media host here too.
        at_home = is_loopback(host) and is_loopback(urlsplit(self.settings.site_url).hostname or "")
        if not at_home and (parts.scheme != "https" or host not in MEDIA_HOSTS):
            raise ForeignHostError(f"A download leads to {origin(url)}, which is not Atlassian's media host")


def _pause_seconds(error: RateLimitedError, limits_before: int) -> float:
    if error.retry_after is None:
        return float(min(LONGEST_BACKOFF, 2.0 * 2**limits_before))
    # A server that says 0 again and again must not be asked without end.
    return float(max(error.retry_after, min(LONGEST_BACKOFF, 0.25 * 2**limits_before)))


def _checked(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise error_for(answer)
    return answer


def _json(answer: Answer) -> Any:
    answer = unpacked(answer)
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decoded_leniently(answer)


def _decoded_leniently(answer: Answer) -> Any:
    """JSON with halves of surrogate pairs, as texts cut in the middle of an emoji have: U+FFFD stands in their place.

    Nothing behind this could store them: they have no UTF-8 form.
    """
    try:
        decoded = json.loads(answer.body)
    except ValueError as error:
        raise BrokenAnswerError(f"The answer for {answer.path} is not whole JSON") from error
    text = json.dumps(decoded, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(text)


def _redirect_or_file(answer: Answer) -> Answer:
    if 300 <= answer.status < 400 and answer.headers.get("Location"):
        return answer
    return _checked(answer)
