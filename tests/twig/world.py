"""A small world for the tests of this folder: staging with shards of documents, and a Twig over real HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath

from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import CHUNKS, DOCUMENTS
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.load_report import LoadReport
from confluence_to_twig.twig.loader import load
from confluence_to_twig.twig.models import DataSource
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.twig import ServedTwig

SITE = "https://example.atlassian.net/wiki/spaces/PROD/pages"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """A page as the pipeline would hand it to the load: ``sections`` become one chunk each."""

    page_id: str
    sections: tuple[str, ...]
    version: int = 1
    title: str = ""
    labels: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    converter: str = "1"
    includes: tuple[str, ...] = ()
    space: str = "PROD"

    @property
    def name(self) -> str:
        return self.title or f"Page {self.page_id}"

    @property
    def url(self) -> str:
        return f"{SITE.replace('PROD', self.space)}/{self.page_id}/{self.name.replace(' ', '+')}"

    @property
    def content_hash(self) -> str:
        return _hash(self.converter, self.name, self.sections, self.labels, self.ancestors)

    def edited(self, **changes: Any) -> Page:
        return replace(self, version=self.version + 1, **changes)

    def document(self) -> dict[str, Any]:
        return {
            "page_id": self.page_id,
            "kind": "page",
            "space_id": "1",
            "space_key": self.space,
            "version": self.version,
            "title": self.name,
            "url": self.url,
            "ancestor_ids": [_hash(name)[:6] for name in self.ancestors],
            "ancestors": list(self.ancestors),
            "labels": sorted(self.labels),
            "author": "Ada",
            "created_at": MOMENT,
            "modified_at": MOMENT,
            "language": "en",
            "markdown": "\n\n".join(self.sections),
            "text_bytes": len("\n\n".join(self.sections).encode()),
            "content_hash": self.content_hash,
            "converter_version": self.converter,
            "chunk_count": len(self.sections),
            "includes": list(self.includes),
            "coverage": 1.0,
            "tolerant": False,
            "constructs": {},
            "unknown_macros": [],
            "audience": None,
            "allowed": None,
        }

    def chunks(self) -> list[dict[str, Any]]:
        return [
            {
                "chunk_id": f"{self.page_id}-{_hash(number, text)[:12]}",
                "page_id": self.page_id,
                "ordinal": number,
                "text": f"Space › {self.page_id}\n\n{text}",
                "heading_path": [f"Section {number}"],
                "url": f"{self.url}#Section-{number}",
                "token_count": max(1, len(text.split())),
                "char_start": 0,
                "char_end": len(text),
                "content_hash": _hash(text),
            }
            for number, text in enumerate(self.sections)
        ]


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


class SkippedTime:
    """A clock on which sleeping takes no time but counts."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


@dataclass
class World:
    """One source: its staging, its Twig, and the shortest ways to use them."""

    served: ServedTwig
    staging: SourceStaging
    changes: dict[str, Any] = field(default_factory=dict)
    runs: int = 0

    @property
    def twig(self) -> Any:
        return self.served.twig

    def settings(self, **changes: Any) -> TwigSettings:
        extra = {"org_id": self.served.org_id, "writes_per_minute": 100_000}
        settings = TwigSettings.from_fields(self.served.base_url, self.served.api_key, extra)
        return replace(settings, **(self.changes | changes))

    def client(self, **changes: Any) -> TwigClient:
        """A client that does not really wait between attempts."""
        skipped = SkippedTime()
        return TwigClient(self.settings(**changes), clock=skipped, sleep=skipped.sleep)

    @property
    def manifest(self) -> ManifestStore:
        return ManifestStore(self.staging)

    @property
    def audit(self) -> DeletionLog:
        return DeletionLog(self.staging)

    def source(self, client: TwigClient | None = None) -> DataSource:
        return find_or_create(client or self.client(), "product-docs", staging=self.staging)

    def source_named(self, client: TwigClient) -> DataSource:
        """The data source that has the name of the staging."""
        return find_or_create(client, self.staging.source, staging=self.staging)

    def shards(self, *pages: Page, run_id: str | None = None) -> tuple[list[Any], list[Any]]:
        """Write the pages as one shard of a run; returns the paths as ``load`` takes them."""
        self.runs += 1
        return write_shard(self.staging, run_id or f"run-{self.runs}", pages)

    def load(self, *pages: Page, run_id: str | None = None, **options: Any) -> LoadReport:
        documents, chunks = self.shards(*pages, run_id=run_id)
        with self.client() as client:
            source = self.source(client)
            return load(client, source, documents, chunks, self.manifest, run_id or f"run-{self.runs}", **options)

    def held(self) -> dict[str, tuple[int, list[str]]]:
        """What Twig holds: page id → version and texts."""
        return self.held_in(self.source().id)

    def held_in(self, data_source_id: str) -> dict[str, tuple[int, list[str]]]:
        """What a data source holds."""
        documents = self.twig.documents(data_source_id)
        return {page_id: (doc.version, [chunk.text for chunk in doc.chunks]) for page_id, doc in documents.items()}

    def held_by(self, data_source_id: str) -> dict[str, str]:
        """All texts of each document of a data source."""
        documents = self.twig.documents(data_source_id)
        return {page_id: "\n".join(chunk.text for chunk in document.chunks) for page_id, document in documents.items()}

    def writes(self) -> list[Any]:
        """The documents writes that Twig saw."""
        return [
            record
            for record in self.twig.log.records()
            if record.path.endswith("/documents") and record.method == "POST"
        ]


def expected(*pages: Page) -> dict[str, tuple[int, list[str]]]:
    """What Twig should hold."""
    return {page.page_id: (page.version, [chunk["text"] for chunk in page.chunks()]) for page in pages}


def write_shard(staging: SourceStaging, run_id: str, pages: Any, shard: int = 0) -> tuple[list[Any], list[Any]]:
    run = staging.run(run_id)
    write_rows(run.documents(shard), DOCUMENTS, [page.document() for page in pages])
    write_rows(run.chunks(shard), CHUNKS, [chunk for page in pages for chunk in page.chunks()])
    return [run.documents(shard)], [run.chunks(shard)]


def local_staging(folder: Path, source: str = "product-docs") -> SourceStaging:
    return SourceStaging(ObjectStoragePath(f"file://{folder}"), source)


@contextmanager
def answering(body: Any, status: int = 200) -> Iterator[str]:
    """A server that answers every request with the same JSON: for what the sandbox never says."""
    content = json.dumps(body).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
