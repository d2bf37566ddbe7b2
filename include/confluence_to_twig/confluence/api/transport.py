"""Sends requests to Confluence: to the configured hosts only, at a common pace, again when that can help."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from confluence_to_twig.confluence.api.access_tokens import AccessTokens
from confluence_to_twig.confluence.api.address import is_loopback, origin
from confluence_to_twig.confluence.api.advice import Advice, advice_for
from confluence_to_twig.confluence.api.answers import after_sign_in, error_for, not_json, odd_after_sign_in
from confluence_to_twig.confluence.api.errors import (
    BrokenAnswerError,
    ForeignHostError,
    RedirectedError,
    UnauthorizedError,
)
from confluence_to_twig.confluence.api.session import open_bare_session, open_session
from confluence_to_twig.http.budget import Unmetered
from confluence_to_twig.http.exchange import MAX_BYTES, Answer, Request, exchange, unpacked
from confluence_to_twig.http.limits import limits_of, server_time
from confluence_to_twig.http.pace import Pace
from confluence_to_twig.http.retry import Patience, persist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from confluence_to_twig.confluence.api.settings import ConfluenceSettings

log = logging.getLogger(__name__)

T = TypeVar("T")
SILENCE_SECONDS = 30.0
LARGE_ANSWER = 16 * 1024
REDIRECTS_OF_A_DOWNLOAD = 3
#: Where Confluence Cloud keeps attached files; a download is redirected there with a signed, short-lived address.
MEDIA_HOSTS = frozenset({"api.media.atlassian.com"})


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
        #: Whether the identity is proven. An answer that denies the sign-in or the site is odd from then on.
        self.proven = False
        #: Whether it is known that this is not Confluence Cloud.
        self.data_center = settings.deployment == "datacenter"
        self.pace = Pace("Confluence's rate limit", Unmetered(settings.share_per_second))
        self._origins = frozenset(origin(host) for host in hosts)
        self._lock = threading.Lock()
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="decode")
        client_credentials = bool(settings.client_secret)
        self._tokens = (
            AccessTokens(settings, lambda request: self._once(request, False)) if client_credentials else None
        )
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
        request = Request("GET", url, params, max_bytes=max_bytes)
        return self._send(request, self._decoded, patience, authorized=authorized)

    def post(self, url: str, body: Any, *, patience: Patience | None = None) -> Any:
        """The decoded JSON of a POST. Only reading endpoints are posted to, so it is repeated like a GET."""
        return self._send(Request("POST", url, json=body), self._decoded, patience)

    def download(self, url: str, max_bytes: int) -> bytes:
        """The bytes of an attached file.

        Confluence Cloud redirects to its media host, which is asked without the token; a redirect to any third host
        is refused.

        :raises AnswerTooLargeError: when the file is longer than ``max_bytes``.
        :raises NotConfluenceError: when a web page comes, as it does during maintenance.
        :raises ForeignHostError: when the address is none of Confluence's, or leads to another host.
        """
        self._check_own_host(url)
        for _ in range(REDIRECTS_OF_A_DOWNLOAD + 1):
            authorized = origin(url) in self._origins
            request = Request("GET", url, max_bytes=max_bytes)
            answer = self._send(request, self._redirect_or_file, authorized=authorized)
            if answer.status < 300:
                return _file_of(answer)
            url = urljoin(url, answer.headers["Location"])
            self._check_download_host(url)
        raise RedirectedError(f"Too many redirects for {answer.path}")

    def stop(self) -> None:
        """Let no further request begin, and wake up those that wait."""
        self.pace.stop()

    def close(self) -> None:
        """Close all connections."""
        self.stop()
        for session in self._sessions.values():
            session.close()
        self._decoder.shutdown()

    def _send(
        self,
        request: Request,
        read: Callable[[Answer], T],
        patience: Patience | None = None,
        *,
        authorized: bool = True,
    ) -> T:
        if authorized:
            self._check_own_host(request.url)
        odd = odd_after_sign_in(request.url) if self.proven else ()
        try:
            return persist(lambda: self._attempt(request, read, authorized), self.pace, patience or self.patience, odd)
        except odd as error:
            raise after_sign_in(error) from error

    def _attempt(self, request: Request, read: Callable[[Answer], T], authorized: bool) -> T:
        if not authorized or self._tokens is None:
            return read(self._once(request, authorized))
        token = self._tokens.token_for(request.url)
        signed = replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
        try:
            return read(self._once(signed, authorized))
        except UnauthorizedError:
            self._tokens.forget(token)
            raise

    def _once(self, request: Request, authorized: bool) -> Answer:
        with self._lock:
            self.requests_made += 1
        started = time.monotonic()
        answer = exchange(
            self._session(authorized),
            request,
            verify=self.settings.verify,
            seconds=self.settings.timeout_seconds,
            silence=SILENCE_SECONDS,
        )
        elapsed = 1000 * (time.monotonic() - started)
        log.debug("%s %s: %s, %d bytes, %.0f ms", request.method, answer.path, answer.status, len(answer.body), elapsed)
        self.pace.observe(limits_of(answer.headers, server_time(answer.headers) or datetime.now(UTC)))
        return answer if answer.status < 300 else self._scrubbed(answer)

    def _scrubbed(self, answer: Answer) -> Answer:
        # What a failed request answers is quoted in messages; a server that echoes its input must not bring the token.
        plain = unpacked(answer)
        body = plain.body
        for secret in self.settings.secrets:
            body = body.replace(secret.encode(), b"***")
        return replace(plain, body=body)

    @property
    def advice(self) -> Advice:
        """What to do when the credentials are refused."""
        return advice_for(self.settings, data_center=self.data_center)

    def _checked(self, answer: Answer) -> Answer:
        if answer.status >= 300:
            raise error_for(answer, self.advice)
        return answer

    def _redirect_or_file(self, answer: Answer) -> Answer:
        if 300 <= answer.status < 400 and answer.headers.get("Location"):
            return answer
        return self._checked(answer)

    def _decoded(self, answer: Answer) -> Any:
        self._checked(answer)
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
                with_credentials = authorized and self._tokens is None
                self._sessions[authorized] = (open_session if with_credentials else open_bare_session)(self.settings)
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


def _file_of(answer: Answer) -> bytes:
    if answer.is_html:
        raise not_json(answer)
    return unpacked(answer).body
