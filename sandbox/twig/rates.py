"""The request budgets of Twig's REST API page: per key and scope, requests a minute with a burst."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING

from sandbox.serving import RateLimit, TokenBucket
from sandbox.twig.keys import needed_scope
from sandbox.twig.wire import ApiError, error_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as Request

    from sandbox.serving import Allowance
    from sandbox.twig.keys import KeyRing, Scope
    from sandbox.twig.settings import Settings

#: (requests a minute, burst), documented at help.twig.so/product/developer-api/rest-api. Write is a setting.
BUDGETS: dict[Scope, tuple[float, int]] = {"Execute": (100.0, 120), "Read": (200.0, 250)}


class Budgets:
    """ASGI middleware: a token bucket for each key and scope.

    Unknown keys and other paths than ``/api`` are not limited. A changed write budget starts with a full bucket.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, keys: KeyRing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._limits: dict[tuple[int, Scope, float, int], RateLimit] = {}

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        await (self._limit_of(request) or self.app)(request, receive, send)

    def _limit_of(self, request: Request) -> RateLimit | None:
        if request["type"] != "http" or not request["path"].startswith("/api/"):
            return None
        key = self._keys.of_header(dict(request["headers"]).get(b"authorization", b"").decode("latin-1"))
        if key is None or self._settings.write_per_minute is None:
            return None
        scope = needed_scope(request["method"], request["path"])
        per_minute, burst = BUDGETS.get(scope, (self._settings.write_per_minute, self._settings.write_burst))
        name = (key.number, scope, per_minute, burst)
        if name not in self._limits:
            bucket = TokenBucket(per_minute / 60, burst, self._clock)
            headers = partial(_headers, math.ceil(per_minute))
            self._limits[name] = RateLimit(self.app, lambda _: bucket, headers, self._refusal)
        return self._limits[name]

    def _refusal(self, allowance: Allowance) -> Response:
        """The 429 of Twig's rate limit page, word for word."""
        wait = _wait_seconds(allowance)
        error = ApiError(
            429,
            f"Rate limit exceeded. Retry after {wait} seconds.",
            extra={"retryAfter": wait},
            headers={"Retry-After": str(wait)} if self._settings.retry_after else {},
        )
        return error_response(error, self._settings.errors)


def _headers(per_minute: int, allowance: Allowance) -> dict[str, str]:
    """``X-RateLimit-*`` of one answer. After a quiet time more requests remain than the limit says, up to the burst."""
    reset = allowance.full_after_s if allowance.allowed else _wait_seconds(allowance)
    return {
        "X-RateLimit-Limit": str(per_minute),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Used": str(max(0, per_minute - allowance.remaining)),
        "X-RateLimit-Reset": str(math.ceil(time.time() + reset)),
    }


def _wait_seconds(allowance: Allowance) -> int:
    return max(1, math.ceil(allowance.retry_after_s))
