"""One HTTP exchange, bounded in time and size, with its faults named."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from confluence_to_twig.http.errors import (
    AnswerTooLargeError,
    BrokenAnswerError,
    CertificateError,
    TooSlowError,
    UnavailableError,
)
from confluence_to_twig.http.session import bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 10.0
MAX_BYTES = 256 * 1024 * 1024
_BLOCK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Request:
    """What is sent.

    :param json: sent as JSON. :param data: sent as it is.
    :param max_bytes: how long the body of the answer may be, packed and unpacked.
    """

    method: str
    url: str
    params: Mapping[str, Any] | None = None
    json: Any = None
    data: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end.

    :param path: path of the request, without host and parameters, for messages.
    :param encoding: how the body is packed, ``gzip`` or empty.
    :param max_bytes: how long the body may be.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    path: str
    encoding: str = ""
    max_bytes: int = MAX_BYTES

    @property
    def is_html(self) -> bool:
        """Whether it says that it is a web page."""
        return "html" in self.headers.get("Content-Type", "").lower()


def exchange(
    session: requests.Session, request: Request, *, verify: bool | str, seconds: float, silence: float
) -> Answer:
    """Send one request and read its answer to the end, still packed. Redirects are answers, not followed.

    :param session: made by :func:`confluence_to_twig.http.session.prepared`.
    :param seconds: bound for the whole exchange, headers and body. A server that keeps sending a byte now and then does
        not prolong it.
    :param silence: bound for the time in which nothing comes at all.
    :raises UnavailableError: no connection or connection lost. :raises TooSlowError: out of time.
    :raises BrokenAnswerError: the body ends early.
    :raises AnswerTooLargeError: the body is longer than the request allows.
    :raises CertificateError: the server's certificate is not trusted.
    """
    path = urlsplit(request.url).path
    try:
        with (
            bounded(time.monotonic() + seconds),
            session.request(
                request.method,
                request.url,
                params=request.params,
                json=request.json,
                data=request.data,
                headers=request.headers,
                verify=verify,
                timeout=(min(CONNECT_SECONDS, seconds), min(silence, seconds)),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            body = _read(response, request.max_bytes, path, seconds)
            encoding = response.headers.get("Content-Encoding", "").lower()
            status, reason = response.status_code, response.reason or ""
            return Answer(status, reason, response.headers, body, path, encoding, request.max_bytes)
    except requests.exceptions.SSLError as error:
        raise _tls_error(request.url, error) from error
    except requests.Timeout as error:
        raise TooSlowError(f"No answer within {seconds:g} s for {path}") from error
    except requests.ConnectionError as error:
        raise _unreachable(request.url, path, error) from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise BrokenAnswerError(f"The answer for {path} broke off: {type(error).__name__}") from error


def _read(response: requests.Response, max_bytes: int, path: str, seconds: float) -> bytes:
    blocks: list[bytes] = []
    size = 0
    try:
        # read1 returns what one receive brought, so that an answer that grows too large is not read to its end.
        while block := response.raw.read1(_BLOCK, decode_content=False):
            blocks.append(block)
            size += len(block)
            if size > max_bytes:
                raise AnswerTooLargeError(f"The answer for {path} is larger than {max_bytes:,} bytes")
    except ReadTimeoutError as error:
        raise TooSlowError(f"The answer for {path} came too slowly: {size:,} bytes within {seconds:g} s") from error
    return b"".join(blocks)


def unpacked(answer: Answer) -> Answer:
    """The answer with its body decompressed, if it is not.

    :raises BrokenAnswerError: the body stops in the middle, or is not what its header says.
    :raises AnswerTooLargeError: it would be longer than ``answer.max_bytes``.
    """
    if answer.encoding not in ("gzip", "x-gzip") or not answer.body:
        return answer
    decoder = zlib.decompressobj(_GZIP)
    try:
        body = decoder.decompress(answer.body, answer.max_bytes)
    except zlib.error as error:
        raise BrokenAnswerError(f"The answer for {answer.path} cannot be decompressed") from error
    if decoder.unconsumed_tail:
        raise AnswerTooLargeError(f"The answer for {answer.path} is larger than {answer.max_bytes:,} bytes")
    if not decoder.eof:
        raise BrokenAnswerError(f"The answer for {answer.path} stops in the middle")
    return replace(answer, body=body, encoding="")


def host_of(url: str) -> str:
    """Host and port of an address, for messages."""
    return urlsplit(url).netloc


def _tls_error(url: str, error: requests.exceptions.SSLError) -> CertificateError | UnavailableError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return CertificateError(
            f"The certificate of {host_of(url)} is not trusted",
            "If the company has its own certificate authority, enter the path of its CA bundle in the connection.",
        )
    return UnavailableError(f"The TLS connection to {host_of(url)} failed")


def _unreachable(url: str, path: str, error: requests.ConnectionError) -> UnavailableError:
    text = str(error)
    if "NameResolutionError" in text or "Name or service not known" in text:
        return UnavailableError(
            f"The domain {host_of(url)} cannot be found", "Check the domain in the connection and this machine's DNS."
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return UnavailableError(
            f"The proxy refuses or fails for {host_of(url)}", "Check HTTPS_PROXY and NO_PROXY in Airflow's environment."
        )
    if "NewConnectionError" in text or "ConnectTimeout" in text:
        return UnavailableError(
            f"No connection to {host_of(url)}", "Check the domain in the connection, firewalls and proxies."
        )
    return UnavailableError(f"The connection broke off during {path}")
