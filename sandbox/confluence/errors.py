"""Every refusal of the look-alike, with the body that the real service sends.

Where a body is documented nowhere, the address is that of a public thread that quotes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

GONE = "com.atlassian.confluence.api.service.exceptions.api.GoneException: This deprecated endpoint has been removed."


class ApiError(Exception):
    """An answer that is not 2xx. ``body`` is JSON, or a text that is sent as it is."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def v2_error(
    status: int, code: str, title: str, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> ApiError:
    """The v2 error envelope, as in https://github.com/PipedreamHQ/pipedream/issues/15776."""
    return ApiError(status, {"errors": [{"status": status, "code": code, "title": title, "detail": detail}]}, headers)


def v2_not_found() -> ApiError:
    """The same for missing and for invisible, as the 404 of every v2 endpoint is described.

    https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-id-get
    """
    return v2_error(404, "NOT_FOUND", "Not Found")


def v2_bad_parameter(title: str, detail: str | None = None) -> ApiError:
    return v2_error(400, "INVALID_REQUEST_PARAMETER", title, detail)


def v2_bad_cursor() -> ApiError:
    """https://github.com/PipedreamHQ/pipedream/issues/15776"""
    return v2_bad_parameter(
        "Provided value for 'cursor' is not the correct type. Expected type is a valid cursor.",
        "The cursor is not valid; get a new valid cursor by making the original pagination request again.",
    )


def v1_error(status: int, message: str, *, reason: str = "", authorized: bool = True) -> ApiError:
    """The v1 error envelope, on Cloud and Data Center alike.

    https://github.com/sooperset/mcp-atlassian/issues/1598 quotes one.
    """
    data = {"authorized": authorized, "valid": True, "errors": [], "successful": False}
    body: dict[str, Any] = {"statusCode": status, "data": data, "message": message}
    if reason:
        body["reason"] = reason
    return ApiError(status, body)


def v1_not_found(message: str) -> ApiError:
    name = "com.atlassian.confluence.api.service.exceptions.NotFoundException"
    return v1_error(404, f"{name}: {message}", reason="Not Found", authorized=False)


def v1_bad_request(message: str) -> ApiError:
    name = "com.atlassian.confluence.api.service.exceptions.BadRequestException"
    return v1_error(400, f"{name}: {message}", reason="Bad Request")


def v1_gone() -> ApiError:
    """What the gateway answers for the removed v1 reads: https://github.com/sooperset/mcp-atlassian/issues/1598"""
    data = {"authorized": True, "valid": True, "errors": [], "successful": True}
    return ApiError(410, {"statusCode": 410, "data": data, "message": GONE})


def search_unavailable() -> ApiError:
    """The search index is being rebuilt; the status is what was seen, the text is made up."""
    return v1_error(
        500, "java.lang.RuntimeException: The search index is not available", reason="Internal Server Error"
    )


def site_unauthorized(api_v2: bool) -> ApiError:
    """Wrong, expired or revoked token, or a scoped token, on the site host."""
    headers = {"WWW-Authenticate": 'OAuth realm="sandbox"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    if api_v2:
        return v2_error(401, "UNAUTHORIZED", "Unauthorized", headers=headers)
    return ApiError(401, "Basic authentication with passwords is deprecated. Use an API token.\n", headers)


def gateway_unauthorized() -> ApiError:
    return ApiError(401, {"code": 401, "message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})


def scope_mismatch() -> ApiError:
    """https://github.com/atlassian-api/atlassian-python-api/issues/1618"""
    return ApiError(
        401,
        {"code": 401, "message": "Unauthorized; scope does not match"},
        {"X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK", "WWW-Authenticate": "Bearer"},
    )


def gateway_not_found() -> ApiError:
    return ApiError(404, {"code": 404, "message": "Not Found"})


def no_product_access() -> ApiError:
    """https://github.com/kovetskiy/mark/issues/493"""
    return ApiError(403, {"message": "Current user not permitted to use Confluence", "statusCode": 403})


def address_not_allowed(words: str) -> ApiError:
    """The organisation's IP allow-list does not contain the caller's address.

    "documented": https://confluence.atlassian.com/pages/viewpage.action?pageId=1384133808; anything else is made up.
    """
    if words != "documented":
        text = "The IP address has been rejected because it is not included in the allowlist."
        return ApiError(403, {"code": 403, "message": text}, {"X-Failure-Category": "FAILURE_CLIENT_IP_ALLOWLIST"})
    message = (
        "The IP address has been rejected because it is not on the allowed list. See your admin for more information."
    )
    return ApiError(403, {"errorMessages": [message], "errors": {}})


def tokens_blocked() -> ApiError:
    """An administrator has blocked user API tokens: documented to be told, its body is not.

    https://support.atlassian.com/security-and-access-policies/docs/set-api-token-access/
    """
    return ApiError(403, {"code": 403, "message": "API token access is blocked by your organization's policy"})


def datacenter_unauthorized() -> ApiError:
    """Tomcat's own page: wrong user name or password on Data Center."""
    text = '<!doctype html><html lang="en"><head><title>HTTP Status 401 – Unauthorized</title></head><body><h1>HTTP Status 401 – Unauthorized</h1><p><b>Message</b> Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p></body></html>'
    return ApiError(401, text, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": "Basic"})
