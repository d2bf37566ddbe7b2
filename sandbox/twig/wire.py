"""How the sandbox Twig words its answers: the envelopes and error shapes that Twig's pages print, all of them.

Twig documents two success envelopes and three error bodies (docs/twig-api-contract.md, section 3). By default each
route answers as its own page shows; other styles exist so that a client can be proven to accept every combination.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

Envelope = Literal["documented", "wrapped", "bare"]
ErrorShape = Literal["documented", "object", "numbered", "string"]

ERROR_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "not_supported",
    409: "already_processing",
    413: "payload_too_large",
    415: "unsupported_encoding",
    422: "idempotency_conflict",
    429: "rate_limit_exceeded",
    500: "internal_error",
    501: "not_supported",
}

#: What is printed where: Getting started (401), Rate limits (429), Overview (the rest).
_SHAPE_OF_STATUS: dict[int, ErrorShape] = {401: "string", 429: "numbered"}


@dataclass
class ApiError(Exception):
    """An answer that is not a success. ``extra`` joins the ``error`` object (``details``, ``retryAfter``)."""

    status: int
    message: str
    code: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def error_response(error: ApiError, shape: ErrorShape) -> JSONResponse:
    """The error in the shape asked for; ``documented`` takes the one that Twig prints for this status."""
    chosen = _SHAPE_OF_STATUS.get(error.status, "object") if shape == "documented" else shape
    code = error.code or ERROR_CODES.get(error.status, "internal_error")
    body: dict[str, Any]
    if chosen == "string":
        body = {"error": error.message, "status": error.status}
    else:
        body = {
            "error": {"code": code, "message": error.message, **error.extra},
            "status": error.status if chosen == "numbered" else "error",
        }
    return JSONResponse(body, status_code=error.status, headers=dict(error.headers))


def enveloped(payload: Mapping[str, Any], envelope: Envelope, *, v1: bool) -> Any:
    """A success body. ``documented`` wraps the older routes in ``data`` and leaves ``/api/v1`` bare."""
    wrap = not v1 if envelope == "documented" else envelope == "wrapped"
    return {"data": payload, "status": "success"} if wrap else payload


def listing(items: list[dict[str, Any]], envelope: Envelope, **paging: int) -> Any:
    """The body of a paged list of data sources. ``bare`` is a plain array, the tersest form a client may meet."""
    if envelope == "bare":
        return items
    return enveloped({"items": items, **paging}, envelope, v1=False)


def iso_time(seconds: float | None) -> str | None:
    """``2026-01-31T08:00:00.123Z`` from a Unix time; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
