"""The sandbox Twig as one object: its state, its behaviour, its faults, and the ASGI app that serves it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.serving import Latency, running
from sandbox.twig import behind, data_specs, processing, search
from sandbox.twig.app import Below, build_api
from sandbox.twig.documents import Rejected
from sandbox.twig.faults import Fault, FaultPlan, Faults
from sandbox.twig.files import import_files
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG, KeyRing, connection
from sandbox.twig.processing import ProcessFailure
from sandbox.twig.rates import Budgets
from sandbox.twig.request_log import Journal, RequestLog
from sandbox.twig.settings import Settings
from sandbox.twig.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

    from sandbox.twig.behind import HeldDocument
    from sandbox.twig.files import ImportReport


class SandboxTwig:
    """A Twig on loopback. Tests steer it with these methods; other processes with the same under ``/_sandbox``.

    :param state: folder to keep everything in; None: memory.
    :param settings: behaviour, can be changed at any time.
    :param clock: Unix time; tests may hand in their own.
    """

    def __init__(
        self,
        state: Path | None = None,
        settings: Settings | None = None,
        *,
        latency_ms: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or Settings()
        self.store = Store(state)
        self.keys = KeyRing()
        self.faults = FaultPlan()
        self.log = RequestLog(clock)
        self.refused_documents: dict[str, Rejected] = {}
        self.now = clock
        self._failures: list[ProcessFailure] = []
        budgets = Budgets(build_api(self), self.settings, self.keys)
        self.latency = Latency(Faults(budgets, self.faults, self.settings), latency_ms)
        self.app: ASGIApp = Below(Journal(self.latency, self.log), self.settings)

    def close(self) -> None:
        """Let go of the state's file."""
        self.store.close()

    # What goes wrong

    def inject(self, fault: Fault) -> None:
        """Plan a fault for requests to come."""
        self.faults.add(fault)

    def answer_with(self, status: int, *, path: str | None = None, method: str | None = None, times: int = 1) -> None:
        """Answer the next ``times`` matching requests with ``status``; nothing is applied."""
        self.inject(Fault(kind="status", status=status, path=path, method=method, times=times))

    def drop_connections(self, *, path: str | None = None, method: str | None = None, times: int = 1) -> None:
        """Reset the connection of the next matching requests before anything is applied."""
        self.inject(Fault(kind="reset", path=path, method=method, times=times))

    def lose_acknowledgements(self, *, path: str | None = None, method: str | None = None, times: int = 1) -> None:
        """Apply the next matching requests, then reset the connection instead of answering."""
        self.inject(Fault(kind="reset", applied=True, path=path, method=method, times=times))

    def refuse_documents(self, ids: Iterable[str], code: str = "content_policy", message: str = "Refused") -> None:
        """Reject these documents in every write, until :meth:`accept_documents`."""
        self.refused_documents |= {document_id: Rejected(code, message) for document_id in ids}

    def accept_documents(self) -> None:
        """Refuse no document any more."""
        self.refused_documents = {}

    def fail_processing(self, failure: ProcessFailure | None = None, times: int = 1) -> None:
        """Let the next ``times`` processings fail."""
        self._failures += [failure or ProcessFailure()] * times

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.accept_documents()
        self._failures.clear()

    def start_processing(self, db: sqlite3.Connection, org: str, spec: str) -> dict[str, Any]:
        """What the route does: begin a processing, which fails if that was planned."""
        failure = self._failures[0] if self._failures else None
        started = processing.start(db, org, spec, self.now(), self.settings.processing_seconds, failure)
        del self._failures[:1]
        return started

    # What others do behind the pipeline's back

    def forget_document(self, spec: str, document_id: str) -> None:
        """Drift: delete a document without a trace."""
        with self.store.transaction() as db:
            behind.forget_document(db, spec, document_id)

    def alter_document(self, spec: str, document_id: str) -> None:
        """Drift: give a document's first chunk another text."""
        with self.store.transaction() as db:
            behind.alter_document(db, spec, document_id)

    def import_files(self, spec: str, path: Path, org: str = DEFAULT_ORG) -> ImportReport:
        """Let Twig pull a folder or a ZIP: the data source then holds exactly its files, and processing starts."""
        with self.store.transaction() as db:
            data_specs.require(db, org, spec)
            report = import_files(db, spec, path, self.now(), self.settings.connector, self.settings.max_files)
            processing.settle(db, self.now())
            if data_specs.require(db, org, spec)["status"] != "processing":
                self.start_processing(db, org, spec)
        return report

    # What is there

    def data_specs(self, org: str = DEFAULT_ORG) -> list[dict[str, Any]]:
        """All data sources as the API shows them, in order of creation."""
        with self.store.transaction() as db:
            processing.settle(db, self.now())
            return data_specs.search(db, org)[0]

    def documents(self, spec: str) -> dict[str, HeldDocument]:
        """Everything that a data source holds, by document id."""
        with self.store.transaction() as db:
            processing.settle(db, self.now())
            return behind.held_documents(db, spec)

    def search(self, query: str, specs: Sequence[str] | None = None, limit: int = 10) -> list[dict[str, Any]]:
        """What ``POST /api/v1/semantic-search`` finds."""
        with self.store.transaction() as db:
            processing.settle(db, self.now())
            return search.search(db, DEFAULT_ORG, query, specs, limit)


@dataclass(frozen=True)
class ServedTwig:
    """A sandbox that answers at ``base_url``."""

    twig: SandboxTwig
    base_url: str
    api_key: str = DEFAULT_KEY
    org_id: str = DEFAULT_ORG

    def connection(self) -> dict[str, Any]:
        """An Airflow connection to it, in the form of ``AIRFLOW_CONN_…`` JSON."""
        return connection(self.base_url)


@contextmanager
def serve(
    state: Path | None = None, settings: Settings | None = None, *, port: int = 0, latency_ms: float = 0.0
) -> Iterator[ServedTwig]:
    """A sandbox served from a thread while the block runs. Port 0 takes any free one."""
    twig = SandboxTwig(state, settings, latency_ms=latency_ms)
    try:
        with running(twig.app, port=port) as base_url:
            yield ServedTwig(twig, base_url)
    finally:
        twig.close()
