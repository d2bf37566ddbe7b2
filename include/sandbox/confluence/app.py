"""The FastAPI app of a site: the endpoints below its own context and, on Cloud, below the gateway's path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.confluence import errors
from include.sandbox.confluence.calls import JSON_TYPE, Answer, Call
from include.sandbox.confluence.identity import require_scope, sign_in
from include.sandbox.confluence.routes import Route, v1_routes, v2_routes
from include.sandbox.confluence.v1_search import SearchIndex

if TYPE_CHECKING:
    from include.sandbox.confluence.sandbox import SandboxConfluence

Endpoint = Callable[[Request], Awaitable[Response]]
GATEWAY = "/ex/confluence/{cloud_id}"


def build_app(sandbox: SandboxConfluence) -> FastAPI:
    """The app without its middleware and control API."""
    app = FastAPI(title="Sandbox Confluence", openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(HTTPException, _unknown_address)
    _add_cloud(app, sandbox)
    return app


def _add_cloud(app: FastAPI, sandbox: SandboxConfluence) -> None:
    routes = [*v2_routes(), *v1_routes(SearchIndex())]
    for prefix, gateway in (("", False), (GATEWAY, True)):
        for route in routes:
            _add(app, f"{prefix}/wiki{route.path}", route.method, _endpoint(sandbox, route, gateway))

    async def tenant_info(request: Request) -> Response:
        return _response(Answer(msgspec.json.encode({"cloudId": sandbox.site.cloud_id})))

    _add(app, "/_edge/tenant_info", "GET", tenant_info)


def _add(app: FastAPI, path: str, method: str, endpoint: Endpoint) -> None:
    app.add_api_route(path, endpoint, methods=[method], response_model=None)


def _endpoint(sandbox: SandboxConfluence, route: Route, gateway: bool) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body() if route.method == "POST" else b""
        try:
            with sandbox.lock:
                return _response(_answer(sandbox, route, request, body, gateway))
        except errors.ApiError as error:
            return _refusal(error)

    return endpoint


def _answer(sandbox: SandboxConfluence, route: Route, request: Request, body: bytes, gateway: bool) -> Answer:
    site = sandbox.site
    if gateway and request.path_params["cloud_id"] != site.cloud_id:
        raise errors.gateway_not_found()
    authorization = request.headers.get("authorization")
    caller = sign_in(sandbox.store, site, authorization, gateway=gateway, api_v2=route.api_v2)
    if gateway:
        require_scope(caller, route.scopes)
        if route.removed:
            raise errors.v1_gone()
    return route.handle(
        Call(
            store=sandbox.store,
            site=site,
            caller=caller,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            endpoint=site.context + _below_context(request.url.path, site.context, gateway),
            path=request.path_params,
            query=_query(request.scope["query_string"]),
            body=body,
        )
    )


def _below_context(path: str, context: str, gateway: bool) -> str:
    """The path of the endpoint without gateway and context."""
    if gateway:
        path = "/" + path.split("/", 4)[4]
    return path.removeprefix(context)


def _query(query_string: bytes) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return query


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), media_type=answer.content_type)


def _refusal(error: errors.ApiError) -> Response:
    if isinstance(error.body, str):
        kind = "text/html" if error.body.startswith("<") else "text/plain"
        return Response(error.body, error.status, error.headers, media_type=kind)
    return Response(msgspec.json.encode(error.body), error.status, error.headers, media_type=JSON_TYPE)


async def _unknown_address(request: Request, error: Any) -> Response:
    """An address without an endpoint, or a method that it does not offer."""
    body = errors.v2_error(error.status_code, "NOT_FOUND", str(error.detail)).body
    return Response(msgspec.json.encode(body), error.status_code, error.headers, media_type=JSON_TYPE)
