"""What can go wrong on the way to Twig: planned faults, and the middleware that lets them happen."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import HTMLResponse, Response

from sandbox.serving import CONTROL_PREFIX, abort_connection
from sandbox.twig.wire import ApiError, error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.twig.settings import Settings

#: Where the name of the fault that struck is left in the ASGI scope, for the request log.
FAULT_NOTE = "twig.fault"
#: What is called before a connection is dropped, in the ASGI scope: the client must not be ahead of the request log.
ON_DROP = "twig.on_drop"


class Fault(BaseModel):
    """Strikes requests that match ``method`` and ``path``, after ``skip`` of them, ``times`` times.

    * ``status``: answer ``status`` instead. With ``applied`` the request is carried out first and its answer thrown
      away, as when a gateway gives up too early.
    * ``reset``: drop the connection with a TCP reset; with ``applied`` after the request was carried out: a lost
      acknowledgement.
    * ``delay``: wait ``seconds``, then go on as if nothing had been.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["status", "reset", "delay"]
    method: str | None = None
    path: str | None = None  # regular expression, searched in the path; None: every path
    skip: Annotated[int, Field(ge=0)] = 0
    times: Annotated[int, Field(gt=0)] | None = 1  # None: until cleared
    applied: bool = False
    status: Annotated[int, Field(ge=200, le=599)] = 503
    message: str = "Injected fault"
    retry_after: str | None = None  # of the Retry-After header
    headers: dict[str, str] = {}  # others, such as Location
    body: Literal["json", "html", "empty"] = "json"  # what gateways send is often no JSON
    seconds: Annotated[float, Field(ge=0)] = 0.0

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str | None) -> str | None:
        try:
            re.compile(path or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return path

    @property
    def name(self) -> str:
        what = f"status {self.status}" if self.kind == "status" else self.kind
        return f"{what} after applying" if self.applied else what

    def matches(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and (
            self.path is None or re.search(self.path, path) is not None
        )


class FaultPlan:
    """The faults that are still to come, in the order in which they were planned."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault.model_copy())

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        with self._lock:
            return [fault.model_copy() for fault in self._faults]

    def next_for(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes this request, used up by one."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault
        return None


class Faults:
    """ASGI middleware that carries out the plan. It must see uvicorn's own ``receive``, to drop the connection."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, settings: Settings) -> None:
        self.app = app
        self.plan = plan
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        steering = scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX)
        fault = None if steering else self.plan.next_for(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        scope[FAULT_NOTE] = fault.name
        await self._strike(fault, scope, receive, send)

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
            return
        if fault.applied:
            await self.app(scope, receive, _swallow)
        if fault.kind == "status":
            if not fault.applied:
                await _read_to_the_end(receive)
            await self._answer(fault)(scope, receive, send)
            return
        scope.get(ON_DROP, _nothing)()
        abort_connection(receive)

    def _answer(self, fault: Fault) -> Response:
        headers = dict(fault.headers)
        if fault.retry_after is not None:
            headers["Retry-After"] = fault.retry_after
        if fault.body == "empty":
            return Response(status_code=fault.status, headers=headers)
        if fault.body == "html":
            return HTMLResponse(f"<html><h1>{fault.status}</h1></html>", fault.status, headers)
        return error_response(ApiError(fault.status, fault.message, headers=headers), self.settings.errors)


async def _swallow(message: Message) -> None:
    """A ``send`` that nobody hears."""


def _nothing() -> None:
    """No request log is kept."""


async def _read_to_the_end(receive: Receive) -> None:
    """Answering before the client has sent everything would look like a broken connection to it."""
    while (await receive()).get("more_body", False):
        pass
