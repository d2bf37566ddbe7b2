"""Turning an answer that is not a success into the error that says what to do about it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from confluence_to_twig.confluence.api.advice import API_TOKEN
from confluence_to_twig.confluence.api.errors import (
    BlockedOnTheWayError,
    EndpointRemovedError,
    ForbiddenError,
    IpNotAllowedError,
    MissingScopeError,
    NoProductAccessError,
    NotConfluenceError,
    NotFoundError,
    RateLimitedError,
    RedirectedError,
    RejectedRequestError,
    TokenBlockedError,
    TokenExpiredError,
    UnauthorizedError,
    UnavailableError,
)
from confluence_to_twig.confluence.api.scopes import scope_of
from confluence_to_twig.http.limits import retry_after_seconds, server_time

if TYPE_CHECKING:
    from confluence_to_twig.confluence.api.advice import Advice
    from confluence_to_twig.errors import PermanentError, PipelineError
    from confluence_to_twig.http.exchange import Answer

SAID_LENGTH = 300


def said_in(answer: Answer) -> str:
    """What the server says is wrong, in one line of at most 300 characters; empty if it says nothing.

    Understands the error bodies of v2 (``errors``), v1 (``message``), the gateway (``message``) and the IP allow-list
    (``errorMessages``, https://confluence.atlassian.com/pages/viewpage.action?pageId=1384133808).
    """
    if answer.is_html:
        return ""
    text = answer.body[:20_000].decode("utf-8", "replace")
    try:
        found = _message(json.loads(text))
    except ValueError:
        found = text
    return re.sub(r"\s+", " ", found).strip()[:SAID_LENGTH]


def _message(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        parts = [errors[0].get("title"), errors[0].get("detail")]
        return ": ".join(str(part) for part in parts if part)
    messages = body.get("errorMessages")
    if isinstance(messages, list) and messages:
        return " ".join(str(message) for message in messages)
    return str(body.get("message") or body.get("errorMessage") or body.get("error") or "")


def error_for(answer: Answer, advice: Advice = API_TOKEN) -> PipelineError:
    """The error for an answer with status 300 or above.

    :param advice: for credentials that are refused.
    :returns: a ``TransientError`` when the same request can succeed later, else a ``PermanentError`` with a remedy.
    """
    status = answer.status
    said = f": {text}" if (text := said_in(answer)) else ""
    if status == 401:
        return _unauthorized(answer, said, advice.credentials)
    if status == 429 or (status == 403 and wait_seconds(answer) is not None):
        limited = RateLimitedError(f"{status} Too Many Requests for {answer.path}{said}")
        limited.retry_after = wait_seconds(answer)
        return limited
    if status == 403:
        return _forbidden(answer, said, advice.access)
    if status == 404:
        return NotFoundError(
            f"404 Not Found: {answer.path}{said}",
            "It is not there, or this account may not see it. A 404 for every address means a wrong domain.",
        )
    if status == 410:
        return EndpointRemovedError(
            f"410 Gone: {answer.path}{said}",
            "Atlassian has removed this endpoint. Update this project; if it is up to date, report the line above.",
        )
    if status >= 500 or status in (408, 425):
        unavailable = UnavailableError(f"{status} {answer.reason} for {answer.path}{said}")
        unavailable.retry_after = wait_seconds(answer)
        return unavailable
    if 300 <= status < 400:
        return _redirected(answer)
    return RejectedRequestError(f"{status} {answer.reason} for {answer.path}{said}")


def _unauthorized(answer: Answer, said: str, remedy: str) -> PipelineError:
    scope_check = answer.headers.get("X-Failure-Category", "") == "FAILURE_CLIENT_SCOPE_CHECK"
    if scope_check or "scope does not match" in said.lower():
        scope = scope_of(answer.path)
        missing = f"the API token lacks the scope {scope}" if scope else "the API token lacks a scope"
        return MissingScopeError(
            f"401 Unauthorized: {missing}, needed for {answer.path}",
            "Scopes of a token cannot be changed. Create a new one with all scopes that docs/confluence.md lists.",
        )
    if "captcha" in answer.headers.get("X-Authentication-Denied-Reason", "").lower():
        return UnauthorizedError(
            "401 Unauthorized: Confluence asks this account to solve a CAPTCHA after too many failed sign-ins",
            "Sign in once with the browser as this account, then verify the token or password.",
        )
    if "expired" in said.lower():
        return TokenExpiredError(f"401 Unauthorized: the API token has expired{said}", remedy)
    return UnauthorizedError(f"401 Unauthorized{said or ': Confluence does not accept this token'}", remedy)


def _forbidden(answer: Answer, said: str, remedy: str) -> PipelineError:
    lowered = said.lower()
    if re.search(r"allow.?list|ip address|ip.?restrict|blocked.{0,20} ip\b", lowered):
        return IpNotAllowedError(
            f"403 Forbidden{said}",
            "The organisation has an IP allow-list: ask its admin to add the address that Airflow's workers use.",
        )
    if re.search(
        r"api.?tokens?\b.*\b(blocked|disabled|not allowed)|blocked.*\bapi.?token|organi[sz]ation.s policy", lowered
    ):
        return TokenBlockedError(
            f"403 Forbidden{said}",
            "An admin of the organisation blocks API tokens: ask for an exception for this account (admin.atlassian.com, "
            "Security), or use a service account.",
        )
    if "basic authentication" in lowered:
        # https://confluence.atlassian.com/enterprise/disabling-basic-authentication-1044776464.html
        return ForbiddenError(
            f"403 Forbidden{said}",
            "This Confluence takes no passwords from programs. Create a personal access token in Confluence (profile picture, "
            "Settings, Personal access tokens), paste it into the connection as API token, and leave the e-mail empty.",
        )
    if answer.is_html:
        return BlockedOnTheWayError(
            f"403 Forbidden for {answer.path}, with a web page instead of Confluence's own answer",
            "A firewall or proxy before Confluence refuses the request: ask those who run it to let Airflow's workers through.",
        )
    if "not permitted to use confluence" in lowered or "/user/current" in answer.path:
        return NoProductAccessError(
            f"403 Forbidden{said or ': this account may not use Confluence'}",
            remedy,
        )
    return ForbiddenError(
        f"403 Forbidden for {answer.path}{said}",
        "Ask the space admin to give this account the permission to view the space.",
    )


def _redirected(answer: Answer) -> PipelineError:
    location = urlsplit(answer.headers.get("Location", ""))
    # Only scheme, host and path: parameters of a redirect may hold secrets of a sign-in page.
    target = f"{location.scheme}://{location.netloc}{location.path}" if location.netloc else location.path or "nowhere"
    return RedirectedError(
        f"{answer.status} {answer.reason}: {answer.path} leads to {target}",
        "Redirects are not followed, as the token must not travel. Enter the address that the site really has; "
        "if it is a sign-in page, the site does not accept API tokens at this address.",
    )


def not_json(answer: Answer) -> PipelineError:
    """The error for a web page where JSON was asked for."""
    return NotConfluenceError(
        f"A web page came instead of Confluence's data for {answer.path}",
        "Check the domain: it has to lead to Confluence itself, not to a portal or a sign-in page before it.",
    )


#: What cannot be meant once the identity is proven: the same request, or one like it, worked with the same token and site.
_ODD = (NotConfluenceError, RedirectedError, UnauthorizedError, EndpointRemovedError)
#: Endpoints that are there whatever the ids in the question: for one thing by its id, 404 is an ordinary answer.
_LISTINGS = re.compile(
    r"/rest/api/(content|content/search|content/scan|search|space)$"
    r"|/api/v2/(spaces|pages|blogposts|users-bulk|spaces/[^/]+/(pages|blogposts|content/labels|labels)|labels/[^/]+/\w+)$"
)


def odd_after_sign_in(url: str) -> tuple[type[PermanentError], ...]:
    """The errors that are worth a few more tries at this address, when the identity is proven.

    Maintenance pages, sign-in pages of a load balancer and 404 or 410 of single nodes pass by themselves.
    """
    return (*_ODD, NotFoundError) if _LISTINGS.search(urlsplit(url).path) else _ODD


def after_sign_in(error: PermanentError) -> PermanentError:
    """``error``, which came again and again after a proven sign-in, without advice on what is known to be right."""
    if isinstance(error, UnauthorizedError):
        remedy = f"Signing in worked before, so the token was revoked or expired in the meantime. {error.remedy}"
    elif isinstance(error, EndpointRemovedError):
        remedy = error.remedy
    else:
        remedy = (
            "Signing in worked, so domain and token are right: Confluence, or something before it, answers oddly. "
            "Run the task again; if it stays like this, ask those who run the site or the network."
        )
    return type(error)(f"{error.summary} (the same in several tries)", remedy)


def wait_seconds(answer: Answer) -> float | None:
    """How long the server asks to wait by ``Retry-After``, or ``None`` if it does not say.

    ``X-RateLimit-Reset`` is no such request: it is told to the minute, while burst windows are about ten seconds long
    (https://developer.atlassian.com/cloud/confluence/rate-limiting/), so waiting for it wastes most of a minute each time.
    """
    return retry_after_seconds(answer.headers.get("Retry-After"), server_time(answer.headers) or datetime.now(UTC))
