"""The FastAPI app of the sandbox Twig: the contract's routes, the control routes, the page, and errors in Twig's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from include.sandbox.twig import control, page, routes
from include.sandbox.twig.wire import ApiError, error_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from include.sandbox.twig.server import SandboxTwig


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
