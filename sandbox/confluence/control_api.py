"""The control API below ``/_sandbox``: what tests in other processes, and people, steer the sandbox with.

``GET /_sandbox`` describes it; ``/changes`` takes the control methods; ``/requests`` is the log; ``/faults`` arms
faults; ``/site`` sets the switches of :class:`Site`, latency and rate; ``/contents`` lists what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of endpoints
from starlette.responses import Response

from sandbox.confluence.changes import ChangeError
from sandbox.confluence.faults import Fault, JsonFault
from sandbox.confluence.model import Content, iso
from sandbox.confluence.site import set_switches
from sandbox.serving import CONTROL_PREFIX

if TYPE_CHECKING:
    from fastapi import FastAPI

    from sandbox.confluence.sandbox import SandboxConfluence

Handler = Callable[["SandboxConfluence", dict[str, str], bytes], Any]


def add_control_api(app: FastAPI, sandbox: SandboxConfluence) -> None:
    """Add the endpoints to ``app``."""
    endpoints: dict[tuple[str, str], Handler] = {
        ("GET", ""): _describe,
        ("GET", "/contents"): _contents,
        ("POST", "/changes"): _change,
        ("GET", "/requests"): _requests,
        ("DELETE", "/requests"): lambda sandbox, query, body: sandbox.log.reset(),
        ("GET", "/faults"): lambda sandbox, query, body: sandbox.faults.describe(),
        ("POST", "/faults"): _arm,
        ("DELETE", "/faults"): lambda sandbox, query, body: sandbox.faults.clear(),
        ("GET", "/site"): _site,
        ("PATCH", "/site"): _set_site,
    }
    for (method, path), handle in endpoints.items():
        endpoint = _endpoint(sandbox, handle)
        app.add_route(CONTROL_PREFIX + path, endpoint, methods=[method])


def _endpoint(sandbox: SandboxConfluence, handle: Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            with sandbox.lock:
                value = handle(sandbox, dict(request.query_params), body)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            return Response(msgspec.json.encode({"error": str(error)}), 400, media_type="application/json")
        return Response(msgspec.json.encode(value), media_type="application/json")

    return endpoint


def _describe(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    spaces = [
        {"id": str(space.id), "key": space.key, "alias": space.alias, "name": space.name, "status": space.status}
        for space in sandbox.store.spaces.values()
    ]
    return {"site_url": sandbox.site_url, "gateway_url": sandbox.gateway_url, "spaces": spaces} | _site(
        sandbox, {}, b""
    )


def _contents(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    key = query.get("space")
    space = sandbox.store.space_by_key(key) if key else None
    if key and space is None:
        raise ChangeError(f"the sandbox has no space {key!r}")
    contents = sandbox.store.contents.values()
    return [_content_row(content) for content in contents if space is None or content.space_id == space.id]


def _content_row(content: Content) -> dict[str, Any]:
    return {
        "id": str(content.id),
        "ref": content.ref,
        "kind": content.kind,
        "title": content.title,
        "status": content.status,
        "version": content.version.number,
        "modified_at": iso(content.version.created_at),
        "parent_id": None if content.parent_id is None else str(content.parent_id),
        "labels": content.labels,
        "restricted": content.restricted,
    }


def _change(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    """One change or a list of them, applied in order; the answer holds what each returned."""
    changes = msgspec.json.decode(body, type=dict[str, Any] | list[dict[str, Any]])
    if isinstance(changes, dict):
        return {"result": sandbox.apply(changes)}
    return {"results": [sandbox.apply(change) for change in changes]}


def _requests(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    requests = [asdict(request) for request in sandbox.log.requests]
    return sandbox.log.stats() | {"log": requests[-int(query.get("last", 1000)) :]}


def _arm(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    read = msgspec.json.decode(body, type=JsonFault)
    fault = Fault(read.action, read.path, method=read.method, skip=read.skip, times=read.times, naming=read.naming)
    return sandbox.faults.arm(fault).describe()


def _site(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    return asdict(sandbox.site) | {"latency_ms": sandbox.latency_ms}


def _set_site(sandbox: SandboxConfluence, query: dict[str, str], body: bytes) -> Any:
    wanted = msgspec.json.decode(body, type=dict[str, Any])
    speed = msgspec.convert(
        {name: wanted.pop(name) for name in ("latency_ms", "rate", "burst") if name in wanted}, _Speed
    )
    set_switches(sandbox.site, wanted)
    if speed.latency_ms is not msgspec.UNSET:
        sandbox.latency_ms = speed.latency_ms
    if speed.rate is not msgspec.UNSET:
        sandbox.limit_rate(speed.rate, speed.burst)
    return _site(sandbox, {}, b"")


class _Speed(msgspec.Struct):
    """The switches that are no fields of the site."""

    latency_ms: float | msgspec.UnsetType = msgspec.UNSET
    rate: float | msgspec.UnsetType | None = msgspec.UNSET
    burst: int | None = None
