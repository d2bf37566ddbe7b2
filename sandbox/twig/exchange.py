"""What every route does around its rule: who asks, one transaction, processings settled, the answer in its envelope."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fastapi import Request  # noqa: TC002 - FastAPI reads the annotation of Desk's parameter
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from sandbox.twig import processing
from sandbox.twig.bodies import read_body
from sandbox.twig.idempotency import Answer, Intent, body_hash, checked_key, once
from sandbox.twig.keys import ApiKey, require_scope
from sandbox.twig.request_log import NOTES, Notes
from sandbox.twig.wire import ApiError, enveloped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sandbox.twig.server import SandboxTwig


class Desk:
    """One request of a caller who may make it; a FastAPI dependency.

    :raises ApiError: 401 or 403.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.begun = time.perf_counter()
        self.twig: SandboxTwig = request.app.state.twig
        self.notes: Notes = request.scope.setdefault(NOTES, Notes())
        self.key = self._caller()

    def _caller(self) -> ApiKey:
        key = self.twig.keys.of_header(self.request.headers.get("authorization", ""))
        if key is None:
            raise ApiError(401, "Invalid API key")
        require_scope(key, self.request.method, self.request.url.path)
        return key

    @property
    def org(self) -> str:
        return self.key.org

    @property
    def now(self) -> float:
        return self.twig.now()

    async def body(self) -> bytes:
        """The decompressed request body.

        :raises ApiError: see :func:`sandbox.twig.bodies.read_body`.
        """
        settings = self.twig.settings
        body = await read_body(self.request, settings.max_body_bytes, settings.max_decoded_bytes)
        self.notes.bytes_decoded = len(body)
        self.notes.body_sha256 = body_hash(body)
        return body

    def settled(self, rule: Callable[[sqlite3.Connection], Any]) -> Any:
        """The result of ``rule`` in one transaction, after every processing that is ready was finished."""
        with self.twig.store.transaction() as db:
            processing.settle(db, self.now)
            return rule(db)

    def read(self, rule: Callable[[sqlite3.Connection], dict[str, Any]]) -> JSONResponse:
        """200 with what ``rule`` returns."""
        return self.answer(Answer(200, self.settled(rule)))

    async def write(self, body: bytes, rule: Callable[[sqlite3.Connection], Answer]) -> JSONResponse:
        """Carry out a ``POST``, once for its ``Idempotency-Key``."""
        key = checked_key(self.request.headers.get("idempotency-key"))
        intent = Intent(self.org, self.request.url.path, key, body_hash(body)) if key else None
        answer: Answer = await run_in_threadpool(self.settled, lambda db: once(db, intent, self.now, lambda: rule(db)))
        self.notes.replayed = answer.replayed
        return self.answer(answer)

    def answer(self, answer: Answer) -> JSONResponse:
        """A success in the envelope of the older routes."""
        headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
        body = enveloped(self.shown(answer.payload), self.twig.settings.envelope, v1=False)
        return JSONResponse(body, answer.status, headers)

    def answer_v1(self, **payload: Any) -> JSONResponse:
        """A success in the envelope of the ``v1`` routes, with the time that it took."""
        payload["latency_ms"] = round((time.perf_counter() - self.begun) * 1000)
        return JSONResponse(enveloped(self.shown(payload), self.twig.settings.envelope, v1=True))

    def shown(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload as the settings want it seen."""
        settings = self.twig.settings
        if settings.stays_pending and "documentCount" in payload:
            payload = {**payload, "status": "pending"}
        if settings.capitalised_status and isinstance(payload.get("status"), str):
            payload = {**payload, "status": payload["status"].capitalize()}
        return {**payload, "futureField": {"nested": [1, None]}} if settings.unknown_fields else payload
