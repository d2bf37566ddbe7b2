"""The request log of the sandbox Twig: enough to prove what a client sent and how often, without keys and texts."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.twig.faults import FAULT_NOTE, ON_DROP

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.twig.models import DocumentsWrite

#: Where handlers leave what only they know about a request, in the ASGI scope.
NOTES = "twig.notes"
KEPT_REQUESTS = 100_000


@dataclass(frozen=True)
class RequestRecord:
    """One request. ``status`` 0: the connection was dropped without an answer."""

    number: int
    at: float  # Unix time
    seconds: float
    method: str
    path: str
    status: int
    bytes_sent: int  # request body as it came over the wire
    bytes_decoded: int  # after decompression; 0 when the body was not read
    bytes_answered: int
    idempotency_key: str | None = None
    body_sha256: str | None = None  # of the decompressed body
    replayed: bool = False
    fault: str | None = None
    upserts: tuple[str, ...] = ()  # document ids
    deletes: tuple[str, ...] = ()
    texts: int = 0  # chunks that came with their text


@dataclass
class Notes:
    """What a handler learned about its request."""

    bytes_decoded: int = 0
    body_sha256: str | None = None
    replayed: bool = False
    upserts: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    texts: int = 0


@dataclass
class SentCounts:
    """How often each document and each chunk text arrived, keyed by (data source id, document or chunk id)."""

    documents: Counter[tuple[str, str]] = field(default_factory=Counter)
    texts: Counter[tuple[str, str]] = field(default_factory=Counter)
    deletes: Counter[tuple[str, str]] = field(default_factory=Counter)


class RequestLog:
    """The latest requests, and what came in them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self._sent = SentCounts()
        self._count = 0
        self._lock = threading.Lock()
        self._clock = clock

    def add(self, **facts: Any) -> None:
        with self._lock:
            self._count += 1
            self._records.append(RequestRecord(number=self._count, at=self._clock(), **facts))

    def count_write(self, spec: str, request: DocumentsWrite) -> None:
        """Count what a documents write carries, whether it is accepted or not."""
        with self._lock:
            self._sent.documents.update((spec, document.id) for document in request.upserts)
            self._sent.deletes.update((spec, deletion.id) for deletion in request.deletes)
            self._sent.texts.update(
                (spec, chunk.id) for document in request.upserts for chunk in document.chunks if chunk.text is not None
            )

    def records(self) -> list[RequestRecord]:
        with self._lock:
            return list(self._records)

    def sent(self) -> SentCounts:
        """A copy of the counters."""
        with self._lock:
            return SentCounts(self._sent.documents.copy(), self._sent.texts.copy(), self._sent.deletes.copy())

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
            self._sent = SentCounts()

    def stats(self) -> dict[str, Any]:
        """Totals since the start or the last :meth:`clear`."""
        records, sent = self.records(), self.sent()
        writes = [r for r in records if r.path.startswith("/api/data-specs") and r.method not in ("GET", "HEAD")]
        return {
            "requests": len(records),
            "writes": len(writes),
            "documentWrites": sum(r.path.endswith("/documents") for r in writes),
            "statuses": dict(sorted(Counter(str(r.status) for r in records).items())),
            "bytesSent": sum(r.bytes_sent for r in records),
            "bytesDecoded": sum(r.bytes_decoded for r in records),
            "bytesAnswered": sum(r.bytes_answered for r in records),
            "documentsSent": sent.documents.total(),
            "textsSent": sent.texts.total(),
            "deletesSent": sent.deletes.total(),
            "mostOftenSentText": max(sent.texts.values(), default=0),
        }


class Journal:
    """Outermost ASGI middleware: writes down every request to the API.

    The record is written before the last byte of the answer leaves, so that a client never is ahead of the log.
    """

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        entry = _Entry(scope, self.log)
        scope[ON_DROP] = entry.write

        async def watched(message: Message) -> None:
            entry.see(message)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            entry.write()


class _Entry:
    """A record in the making; it is written once."""

    def __init__(self, scope: Scope, log: RequestLog) -> None:
        self._scope = scope
        self._log = log
        self._begun = time.perf_counter()
        self._status = 0
        self._answered = 0
        self._written = False
        self._notes: Notes = scope.setdefault(NOTES, Notes())

    def see(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            return
        self._answered += len(message.get("body", b""))
        if not message.get("more_body", False):
            self.write()

    def write(self) -> None:
        if self._written:
            return
        self._written = True
        self._log.add(
            seconds=time.perf_counter() - self._begun,
            method=self._scope["method"],
            path=self._scope["path"],
            status=self._status,
            bytes_sent=int(_header(self._scope, b"content-length") or 0),
            idempotency_key=_header(self._scope, b"idempotency-key"),
            bytes_answered=self._answered,
            fault=self._scope.get(FAULT_NOTE),
            **vars(self._notes),
        )


def _header(scope: Scope, name: bytes) -> str | None:
    value = dict(scope["headers"]).get(name)
    return None if value is None else value.decode("latin-1")
