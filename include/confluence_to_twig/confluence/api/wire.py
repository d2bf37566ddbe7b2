"""One HTTP exchange, bounded in time and size, with its faults named."""

from __future__ import annotations

import time
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from confluence_to_twig.confluence.api.answers import Answer
from confluence_to_twig.confluence.api.errors import (
    AnswerTooLargeError,
    BrokenAnswerError,
    CertificateError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
BLOCK = 64 * 1024
GZIP = 16 + zlib.MAX_WBITS


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None,
    json: Any,
    verify: bool | str,
    seconds: float,
    max_bytes: int,
) -> Answer:
    """Send one request and read its answer to the end, still packed. Redirects are answers, not followed.

    :param seconds: bound for the whole exchange. A server that keeps sending a byte now and then does not prolong it.
    :param max_bytes: bound for the body.
    :raises UnavailableError: no connection, connection lost, or out of time.
    :raises BrokenAnswerError: the body ends early.
    :raises AnswerTooLargeError: the body is longer than ``max_bytes``.
    :raises CertificateError: the server's certificate is not trusted.
    """
    path = urlsplit(url).path
    deadline = time.monotonic() + seconds
    try:
        with session.request(
            method,
            url,
            params=params,
            json=json,
            verify=verify,
            timeout=(min(CONNECT_SECONDS, seconds), min(SILENCE_SECONDS, seconds)),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read(response, deadline, max_bytes, path)
            encoding = response.headers.get("Content-Encoding", "").lower()
            return Answer(
                response.status_code, response.reason or "", response.headers, body, path, encoding, max_bytes
            )
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise CertificateError(
                f"The certificate of {_host(url)} is not trusted",
                "If the company has its own certificate authority, enter the path of its CA bundle as Verify TLS.",
            ) from error
        raise UnavailableError(f"The TLS connection to {_host(url)} failed") from error
    except requests.Timeout as error:
        raise UnavailableError(f"No answer within the time allowed for {path}") from error
    except requests.ConnectionError as error:
        raise _unreachable(url, path, error) from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise BrokenAnswerError(f"The answer for {path} broke off: {type(error).__name__}") from error


def _read(response: requests.Response, deadline: float, max_bytes: int, path: str) -> bytes:
    blocks: list[bytes] = []
    size = 0
    # read1 returns what one receive brought, so the clock is looked at between any two packets.
    while block := response.raw.read1(BLOCK, decode_content=False):
        blocks.append(block)
        size += len(block)
        if size > max_bytes:
            raise AnswerTooLargeError(f"The answer for {path} is larger than {max_bytes:,} bytes")
        if time.monotonic() > deadline:
            raise UnavailableError(f"The answer for {path} came too slowly: {size:,} bytes in the time allowed")
    return b"".join(blocks)


def unpacked(answer: Answer) -> Answer:
    """The answer with its body decompressed, if it is not.

    :raises BrokenAnswerError: the body stops in the middle, or is not what its header says.
    :raises AnswerTooLargeError: it would be longer than ``answer.max_bytes``.
    """
    if answer.encoding not in ("gzip", "x-gzip") or not answer.body:
        return answer
    decoder = zlib.decompressobj(GZIP)
    try:
        body = decoder.decompress(answer.body, answer.max_bytes)
    except zlib.error as error:
        raise BrokenAnswerError(f"The answer for {answer.path} cannot be decompressed") from error
    if decoder.unconsumed_tail:
        raise AnswerTooLargeError(f"The answer for {answer.path} is larger than {answer.max_bytes:,} bytes")
    if not decoder.eof:
        raise BrokenAnswerError(f"The answer for {answer.path} stops in the middle")
    return replace(answer, body=body, encoding="")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _unreachable(url: str, path: str, error: requests.ConnectionError) -> UnavailableError:
    text = str(error)
    if "NameResolutionError" in text or "Name or service not known" in text:
        return UnavailableError(
            f"The domain {_host(url)} cannot be found", "Check the domain in the connection and this machine's DNS."
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return UnavailableError(
            f"The proxy refuses or fails for {_host(url)}", "Check HTTPS_PROXY and NO_PROXY in Airflow's environment."
        )
    if "NewConnectionError" in text or "ConnectTimeout" in text:
        return UnavailableError(
            f"No connection to {_host(url)}", "Check the domain in the connection, firewalls and proxies."
        )
    return UnavailableError(f"The connection broke off during {path}")
