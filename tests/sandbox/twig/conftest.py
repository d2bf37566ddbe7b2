"""A sandbox Twig per test, and a plain HTTP caller with its key."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.serving import running
from sandbox.twig import DEFAULT_KEY, SandboxTwig, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send


@dataclass
class Caller:
    """Requests to one sandbox with one key, as any HTTP client would make them."""

    base_url: str
    twig: SandboxTwig
    key: str = DEFAULT_KEY

    def call(self, method: str, path: str, *, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        return requests.request(method, self.base_url + path, json=body, headers=headers, timeout=30, **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, body=body, headers=named)

    def post_gzip(self, path: str, body: Any) -> requests.Response:
        raw = gzip.compress(json.dumps(body).encode())
        return self.call("POST", path, data=raw, headers={"Content-Encoding": "gzip"})

    def create(self, name: str = "product-docs") -> str:
        """A new data source; returns its id."""
        return str(self.post("/api/data-specs", {"name": name, "type": "FILE"}).json()["data"]["id"])

    def write(self, spec: str, *upserts: dict[str, Any], deletes: tuple[Any, ...] = ()) -> dict[str, Any]:
        """Write documents and return the outcome."""
        answer = self.post(f"/api/data-specs/{spec}/documents", {"upserts": upserts, "deletes": list(deletes)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def load(self, spec: str, *upserts: dict[str, Any]) -> None:
        """Write documents and have them processed."""
        assert self.write(spec, *upserts)["rejected"] == []
        assert self.post(f"/api/data-specs/{spec}/process").status_code == 202

    @staticmethod
    def chunk(chunk_id: str, text: str | None, ordinal: int = 0, **fields: Any) -> dict[str, Any]:
        """A chunk; with text None it claims to be held. Its hash follows from its id unless ``hash`` is given."""
        base = {"id": chunk_id, "ordinal": ordinal, "hash": f"hash-{chunk_id}", "url": f"https://c.example/{chunk_id}"}
        return base | {"tokenCount": 7} | ({} if text is None else {"text": text}) | fields

    @staticmethod
    def document(document_id: str, *chunks: dict[str, Any], version: int = 1, **fields: Any) -> dict[str, Any]:
        """A document whose content hash follows from its version unless ``contentHash`` is given."""
        base = {"id": document_id, "version": version, "contentHash": f"v{version}", "title": f"Page {document_id}"}
        return base | {"url": f"https://c.example/{document_id}", "chunks": list(chunks)} | fields

    def search(self, query: str, *specs: str) -> list[dict[str, Any]]:
        body = {"query": query, "org_id": "org_sandbox", "data_source_ids": list(specs) or None}
        answer = self.post("/api/v1/semantic-search", {name: value for name, value in body.items() if value})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])


class Socket:
    """An ASGI app that hands on to the sandbox of the current test: one server start for all tests."""

    def __init__(self) -> None:
        self.twig: SandboxTwig | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.twig is not None
        await self.twig.app(scope, receive, send)


@pytest.fixture(scope="session")
def _socket() -> Iterator[tuple[Socket, str]]:
    socket = Socket()
    with running(socket) as base_url:
        yield socket, base_url


@pytest.fixture
def api(_socket: tuple[Socket, str]) -> Iterator[Caller]:
    """A sandbox in memory, without rate limits."""
    socket, base_url = _socket
    socket.twig = SandboxTwig(settings=Settings(write_per_minute=None))
    yield Caller(base_url, socket.twig)
    socket.twig.close()
