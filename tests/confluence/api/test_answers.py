"""Each way to be refused has its own error, message and remedy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.answers import error_for
from confluence_to_twig.confluence.api.scopes import scope_of
from confluence_to_twig.errors import TransientError
from confluence_to_twig.http.exchange import Answer

PAGES = "/wiki/api/v2/pages"
SCOPE_BODY = {"code": 401, "message": "Unauthorized; scope does not match"}


def answer(status: int, body: Any = "", path: str = PAGES, **headers: str) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, "Reason", CaseInsensitiveDict(named), text.encode(), path)


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (answer(401), errors.UnauthorizedError, "401 Unauthorized"),
        (answer(401, SCOPE_BODY), errors.MissingScopeError, "read:page:confluence"),
        (
            answer(
                401, path="/ex/confluence/1/wiki/rest/api/user/current", X_Failure_Category="FAILURE_CLIENT_SCOPE_CHECK"
            ),
            errors.MissingScopeError,
            "read:content-details:confluence",
        ),
        (answer(401, {"message": "The API token has expired."}), errors.TokenExpiredError, "expired"),
        (
            answer(401, X_Authentication_Denied_Reason="CAPTCHA_CHALLENGE; login-url=x"),
            errors.UnauthorizedError,
            "CAPTCHA",
        ),
        (
            answer(403, {"message": "Current user not permitted to use Confluence"}, "/wiki/rest/api/user/current"),
            errors.NoProductAccessError,
            "not permitted to use Confluence",
        ),
        (
            answer(
                403, {"errorMessage": "The IP address has been rejected because it is not listed on the allowlist."}
            ),
            errors.IpNotAllowedError,
            "allowlist",
        ),
        # https://confluence.atlassian.com/pages/viewpage.action?pageId=1384133808
        (
            answer(
                403,
                {
                    "errorMessages": [
                        "The IP address has been rejected because it is not on the allowed list. See your admin for more "
                        "information."
                    ],
                    "errors": {},
                },
            ),
            errors.IpNotAllowedError,
            "not on the allowed list",
        ),
        (
            answer(403, {"message": "API token access is blocked by your organization's policy"}),
            errors.TokenBlockedError,
            "blocked by your organization",
        ),
        (
            answer(403, "<h1>Access denied</h1>", "/wiki/rest/api/user/current", Content_Type="text/html"),
            errors.BlockedOnTheWayError,
            "web page",
        ),
        (answer(403), errors.ForbiddenError, PAGES),
        (answer(403, Retry_After="3"), errors.RateLimitedError, "403"),
        (
            answer(404, {"errors": [{"title": "Not Found", "detail": "no such page"}]}),
            errors.NotFoundError,
            "no such page",
        ),
        (
            answer(410, {"message": "This deprecated endpoint has been removed."}),
            errors.EndpointRemovedError,
            "removed",
        ),
        (answer(429), errors.RateLimitedError, "429"),
        (answer(400, {"errors": [{"title": "Bad cursor"}]}), errors.RejectedRequestError, "Bad cursor"),
        (answer(413), errors.RejectedRequestError, "413"),
        (answer(500), errors.UnavailableError, "500"),
        (answer(504, "<html>Gateway</html>", Content_Type="text/html"), errors.UnavailableError, "504"),
        (
            answer(301, Location="https://new.atlassian.net/wiki/x?token=1"),
            errors.RedirectedError,
            "https://new.atlassian.net/wiki/x",
        ),
    ],
)
def test_every_refusal_has_its_own_error(refusal: Answer, kind: type[Exception], said: str) -> None:
    error = error_for(refusal)
    assert type(error) is kind
    assert said in error.summary
    assert isinstance(error, TransientError) or error.remedy or refusal.status in (400, 413)


def test_a_redirect_is_quoted_without_its_parameters() -> None:
    assert "token=1" not in str(error_for(answer(302, Location="https://id.atlassian.com/login?token=1")))


def test_the_pages_of_a_proxy_are_not_quoted() -> None:
    assert "Secret" not in str(error_for(answer(502, "<h1>Secret</h1>", Content_Type="text/html; charset=utf-8")))


def test_a_long_reason_is_cut_to_one_line() -> None:
    summary = error_for(answer(400, {"message": "long\n " * 500})).summary
    assert "\n" not in summary
    assert len(summary) < 400


@pytest.mark.parametrize("body", ["", "null", "[]", '"text"', "{", '{"errors": []}', '{"errors": [null]}', "\x00\xff"])
def test_no_body_breaks_the_explanation(body: str) -> None:
    assert error_for(answer(400, body)).summary.startswith("400")


def test_a_rate_limit_without_a_waiting_time_does_not_wait_for_the_minute_of_its_reset() -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    error = error_for(answer(429, X_RateLimit_Reset=reset))
    assert isinstance(error, errors.RateLimitedError)
    assert error.retry_after is None


def test_a_waiting_time_travels_with_the_error() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(error_for(answer(503, Retry_After="3600"))))
    assert isinstance(error, errors.UnavailableError)
    assert error.retry_after == 3600


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/wiki/api/v2/spaces", "read:space:confluence"),
        ("/wiki/api/v2/spaces/1/pages", "read:page:confluence"),
        ("/wiki/api/v2/spaces/1/content/labels", "read:space:confluence"),
        ("/wiki/api/v2/labels/1/pages", "read:page:confluence"),
        ("/wiki/api/v2/pages/1/attachments", "read:attachment:confluence"),
        ("/wiki/api/v2/blogposts/1/inline-comments", "read:comment:confluence"),
        ("/wiki/api/v2/footer-comments/1/children", "read:comment:confluence"),
        ("/wiki/api/v2/folders/1", "read:folder:confluence"),
        ("/wiki/api/v2/users-bulk", "read:user:confluence"),
        ("/ex/confluence/abc/wiki/rest/api/content/search", "read:content-details:confluence"),
        ("/wiki/rest/api/content/1/child/attachment/att2/download", "read:attachment:confluence"),
        ("/wiki/rest/api/content/1/restriction/byOperation/read", "read:content-details:confluence"),
        ("/elsewhere", None),
    ],
)
def test_knows_the_scope_of_every_endpoint_it_uses(path: str, scope: str | None) -> None:
    assert scope_of(path) == scope


def test_errors_survive_the_way_to_another_process() -> None:
    import pickle

    error = error_for(answer(401, SCOPE_BODY))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.summary, copy.remedy) == (type(error), error.summary, error.remedy)


def test_data_center_without_passwords_asks_for_a_personal_access_token() -> None:
    error = error_for(answer(403, {"message": "Basic Authentication has been disabled on this instance."}))
    assert type(error) is errors.ForbiddenError
    assert "personal access token" in str(error)
    assert "id.atlassian.com" not in str(error)
