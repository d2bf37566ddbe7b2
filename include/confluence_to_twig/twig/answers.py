"""Twig's answers: both success envelopes, all three error shapes, and error texts that are safe to show.

Twig's pages print ``{"data": …, "status": "success"}`` and bare bodies for success, and for errors an object, an object
with a numeric status, or a plain string. Any of them may come on any route (``docs/twig-api-contract.md``, section 3).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from confluence_to_twig.errors import PermanentError, PipelineError, TransientError
from confluence_to_twig.http.errors import RateLimitedError
from confluence_to_twig.http.limits import limits_of, retry_after_seconds, server_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.http.limits import Limits

SHOWN_CHARACTERS = 300
#: A piece of an error text this long that also stands in a text of the request is page text.
_ECHO_CHARACTERS = 16
_SENT_TEXT = re.compile(r'"(?:text|query)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_ECHO = "[page text]"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    :param body: the parsed JSON; None when the body was none.
    :param text: the beginning of a body that was not JSON.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = None
    text: str = ""

    @property
    def payload(self) -> Any:
        """The body without its envelope."""
        if isinstance(self.body, dict) and "data" in self.body:
            return self.body["data"]
        return self.body

    @property
    def error(self) -> Any:
        """The ``error`` of the body: an object, a string, or None."""
        return self.body.get("error") if isinstance(self.body, dict) else None

    @property
    def code(self) -> str:
        """Twig's error code, else an empty string."""
        return str(self.error.get("code") or "") if isinstance(self.error, dict) else ""

    @property
    def message(self) -> str:
        """Twig's own words, raw: only for :func:`shown`."""
        if isinstance(self.error, dict):
            return str(self.error.get("message") or self.code)
        if isinstance(self.error, str):
            return self.error
        if isinstance(self.body, dict) and isinstance(self.body.get("message"), str):
            return str(self.body["message"])
        return self.text

    def retry_after_s(self) -> float | None:
        """Seconds to wait, by the first that is there: ``Retry-After``, ``error.retryAfter``, ``X-RateLimit-Reset``."""
        header = self.headers.get("Retry-After")
        if header is not None:
            return retry_after_seconds(header, server_time(self.headers))
        if isinstance(self.error, dict) and (wait := _seconds(self.error.get("retryAfter"))) is not None:
            return wait
        return self.limits().reset_s

    def limits(self) -> Limits:
        """What the headers say about the budget; times by the server's own clock, so that ours may be wrong."""
        return limits_of(self.headers, server_time(self.headers))


def _seconds(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < float("inf") else None


def shown(text: str, api_key: str, sent: str = "") -> str:
    """An error text as it may stand in a log: one line, cut, without the key and without page text.

    :param sent: the JSON text of the request that was refused; pieces of its texts that the answer repeats are taken out.
    """
    line = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    line = "".join(character for character in line if character.isprintable())
    if api_key:
        line = line.replace(api_key, "[key]")
    line = re.sub(r"(?i)\bbearer\s+\S+", "Bearer [key]", line)
    # Cut after the key was removed, so that no half of it stays, and before the search for page text, which costs most.
    line = line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1].rstrip() + "…"
    return _without_echo(line, sent)


def _without_echo(line: str, sent: str) -> str:
    if len(line) < _ECHO_CHARACTERS or not sent:
        return line
    sent = "\n".join(_SENT_TEXT.findall(sent))
    kept, at = [], 0
    while at < len(line):
        length = _echo_length(line[at:], sent)
        kept.append(_ECHO if length else line[at])
        at += length or 1
    return "".join(kept)


def _echo_length(rest: str, sent: str) -> int:
    length = _ECHO_CHARACTERS
    if len(rest) < length or _in_json(rest[:length]) not in sent:
        return 0
    while length < len(rest) and _in_json(rest[: length + 1]) in sent:
        length += 1
    return length


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


_REMEDIES = {
    400: "This is a mistake in how the pipeline speaks to this Twig: compare docs/twig-api-contract.md, section 6.",
    401: "Create a new API key in Twig (Settings → API keys) and paste it into the Twig connection.",
    403: "This tenant needs a key with the scopes Read, Write and Execute. Create one in Twig, or check the organisation id in the Twig "
    "connection.",
    404: "Check the address and the paths in the Twig connection (docs/twig-api-contract.md, section 1).",
    405: "This Twig does not offer the route: check the paths in the Twig connection, or use `delivery: files`.",
    501: "This Twig does not offer the route: check the paths in the Twig connection, or use `delivery: files`.",
    413: "Set a smaller batch size in the Twig connection.",
    415: 'Set "compress": false in the extra of the Twig connection.',
    422: "Run the task again: it uses a new idempotency key.",
}

#: The remedy of what passes by itself.
GOES_ON = "Airflow's retry goes on where this one stopped; what Twig acknowledged is not sent again."
TOO_SLOW = f"{GOES_ON} If Twig needs longer, raise `timeout_s` in the extra of the Twig connection."
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


def failure(answer: Answer, action: str, api_key: str, sent: str = "", host: str = "") -> PipelineError:
    """The error for an unexpected answer of this host: transient when a retry can help, else permanent."""
    try:
        reason = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        reason = str(answer.status)
    said = shown(answer.message, api_key, sent)
    whose = f"Twig at {host}" if host else "Twig"
    summary = f"{reason}: {whose}, while trying to {action}" + (f": {said}" if said else "")
    if answer.status in RETRIED:
        passing = (RateLimitedError if answer.status == 429 else TransientError)(summary, GOES_ON)
        passing.retry_after = answer.retry_after_s() if answer.status in {429, 503} else None
        return passing
    if 300 <= answer.status < 400:
        return PermanentError(
            summary, f"Twig answers from {_redirect_host(answer)}: put that into the Twig connection."
        )
    return PermanentError(summary, _REMEDIES.get(answer.status, "Twig's own message says why."))


def _redirect_host(answer: Answer) -> str:
    from urllib.parse import urlsplit

    target = urlsplit(answer.headers.get("Location", ""))
    return f"{target.scheme}://{target.hostname}" if target.hostname else "another address"
