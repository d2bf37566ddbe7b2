"""The FastAPI app of the sandbox Twig: the contract's routes, the control routes, the page, and errors in Twig's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from sandbox.serving import CONTROL_PREFIX
from sandbox.twig import control, routes
from sandbox.twig import web_page as page
from sandbox.twig.wire import ApiError, error_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.twig.server import SandboxTwig
    from sandbox.twig.settings import Settings


def build_api(twig: SandboxTwig) -> FastAPI:
    """The app without its middleware."""
    api = FastAPI(title="Sandbox Twig", openapi_url=None, redirect_slashes=False)
    api.state.twig = twig

    def refuse(request: Request, error: Exception) -> Response:
        answer = error_response(_as_api_error(error), twig.settings.errors)
        if "allow" in answer.headers:  # FastAPI names the methods of the first route with this path only
            answer.headers["allow"] = _methods_at(api, request)
        return answer

    for kind in (ApiError, HTTPException, RequestValidationError):
        api.add_exception_handler(kind, refuse)
    for router in (routes.router, control.router, page.router):
        api.include_router(router)
    return api


class Below:
    """ASGI middleware: offers the API below ``settings.below`` only, so that configured paths can be tested."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = self.settings.below
        if prefix and scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX):
            inside = scope["path"].startswith(f"{prefix}/")
            path = scope["path"].removeprefix(prefix) if inside else "/not-below-the-prefix"
            scope = {**scope, "path": path}
        await self.app(scope, receive, send)


def _methods_at(api: FastAPI, request: Request) -> str:
    allowed: set[str] = set()
    for method in ("GET", "POST", "DELETE", "PATCH"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in api.routes):
            allowed.add(method)
    return ", ".join(sorted(allowed))


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, str(error.detail), headers=error.headers or {})
    if isinstance(error, RequestValidationError):
        faults = [f"{one['loc'][-1]}: {one['msg']}" for one in error.errors()]
        return ApiError(400, "; ".join(faults))
    raise error
