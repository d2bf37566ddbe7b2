"""The FastAPI app of a site: the endpoints below its own context and, on Cloud, below the gateway's path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.confluence import downloads, errors, oauth
from sandbox.confluence.calls import JSON_TYPE, Answer, Call, json_answer
from sandbox.confluence.downloads import MEDIA_PATH
from sandbox.confluence.identity import ANONYMOUS, Caller, require_scope, sign_in
from sandbox.confluence.routes import (
    Handler,
    Route,
    classic_routes,
    data_center_routes,
    file_routes,
    v1_routes,
    v2_routes,
)
from sandbox.confluence.v1_search import SearchIndex

if TYPE_CHECKING:
    from sandbox.confluence.sandbox import SandboxConfluence
    from sandbox.confluence.site import Site

Endpoint = Callable[[Request], Awaitable[Response]]
WEB_PAGE = b"<!doctype html><html><head><title>Confluence</title></head><body>Confluence</body></html>"
GATEWAY = "/ex/confluence/{cloud_id}"


def build_app(sandbox: SandboxConfluence) -> FastAPI:
    """The app without its middleware and control API."""
    app = FastAPI(title="Sandbox Confluence", openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(HTTPException, _unknown_address)
    v1 = [*v1_routes(SearchIndex()), *classic_routes()]
    _add(app, "/_edge/tenant_info", "GET", _open_endpoint(sandbox, _tenant_info))
    token_path = oauth.CLOUD_PATH if sandbox.site.is_cloud else sandbox.site.context + oauth.DATA_CENTER_PATH
    _add(app, token_path, "POST", _token_endpoint(sandbox))
    _add(app, "/login", "GET", _open_endpoint(sandbox, lambda call: Answer(WEB_PAGE, content_type="text/html")))
    if not sandbox.site.is_cloud:
        _add_routes(app, sandbox, sandbox.site.context, [*data_center_routes(), *v1, *file_routes()])
        return app
    routes = [*v2_routes(), *v1]
    _add_routes(app, sandbox, "/wiki", [*routes, *file_routes()])
    _add_routes(app, sandbox, f"{GATEWAY}/wiki", routes, gateway=True)
    _add_routes(app, sandbox, GATEWAY, routes, gateway=True)
    _add(app, MEDIA_PATH, "GET", _open_endpoint(sandbox, downloads.media))
    return app


def _add_routes(
    app: FastAPI, sandbox: SandboxConfluence, prefix: str, routes: list[Route], gateway: bool = False
) -> None:
    for route in routes:
        _add(app, f"{prefix}{route.path}", route.method, _endpoint(sandbox, route, gateway))


def _tenant_info(call: Call) -> Answer:
    """Anybody may ask a Cloud site for its id. What Data Center, or a proxy before it, says there is documented nowhere."""
    match call.site.tenant_info:
        case "json" if call.site.is_cloud:
            return json_answer({"cloudId": call.site.cloud_id})
        case "web page":
            return Answer(WEB_PAGE, content_type="text/html")
        case "error":
            return Answer(WEB_PAGE, 500, content_type="text/html")
        case _:
            return Answer(WEB_PAGE, 404, content_type="text/html")


def _add(app: FastAPI, path: str, method: str, endpoint: Endpoint) -> None:
    # No add_api_route: what it finds out about an endpoint, for each of 250 addresses, would be most of a test's start.
    app.add_route(path, endpoint, methods=[method])


def _endpoint(sandbox: SandboxConfluence, route: Route, gateway: bool) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body() if route.method == "POST" else b""
        return _respond(sandbox, lambda: route.handle(_signed_in(sandbox, route, request, body, gateway)))

    return endpoint


def _open_endpoint(sandbox: SandboxConfluence, handle: Handler) -> Endpoint:
    """An endpoint that asks nobody who they are."""

    async def endpoint(request: Request) -> Response:
        return _respond(sandbox, lambda: handle(_call(sandbox, request, ANONYMOUS, request.url.path)))

    return endpoint


def _token_endpoint(sandbox: SandboxConfluence) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return _respond(sandbox, lambda: oauth.issue(sandbox.oauth_clients, sandbox.store, sandbox.site, body))

    return endpoint


def _respond(sandbox: SandboxConfluence, answer: Callable[[], Answer]) -> Response:
    try:
        with sandbox.lock:
            return _response(answer())
    except errors.ApiError as error:
        return _refusal(error)


def _signed_in(sandbox: SandboxConfluence, route: Route, request: Request, body: bytes, gateway: bool) -> Call:
    site = sandbox.site
    if gateway and not _on_gateway(site, request):
        raise errors.gateway_not_found()
    authorization = request.headers.get("authorization")
    caller = sign_in(sandbox.store, site, authorization, gateway=gateway, api_v2=route.api_v2)
    if route.removed and (gateway or site.classic_gone):
        raise errors.v1_gone()
    if gateway:
        require_scope(caller, route.scopes)
    endpoint = site.context + _below_context(request.url.path, site.context, gateway)
    return _call(sandbox, request, caller, endpoint, body)


def _on_gateway(site: Site, request: Request) -> bool:
    """https://support.atlassian.com/confluence/kb/scoped-api-tokens-in-confluence-cloud names the address without ``/wiki``."""
    with_wiki = request.url.path.startswith(f"/ex/confluence/{site.cloud_id}/wiki/")
    return request.path_params["cloud_id"] == site.cloud_id and (with_wiki or site.gateway_without_wiki)


def _call(sandbox: SandboxConfluence, request: Request, caller: Caller, endpoint: str, body: bytes = b"") -> Call:
    return Call(
        store=sandbox.store,
        site=sandbox.site,
        caller=caller,
        origin=f"{request.url.scheme}://{request.url.netloc}",
        endpoint=endpoint,
        path=request.path_params,
        query=_query(request.scope["query_string"]),
        body=body,
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
    body = errors.v2_error(error.status_code, HTTPStatus(error.status_code).name, str(error.detail)).body
    return Response(msgspec.json.encode(body), error.status_code, error.headers, media_type=JSON_TYPE)
