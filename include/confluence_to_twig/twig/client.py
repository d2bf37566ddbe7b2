"""The one client that speaks to Twig: a method for each route of ``docs/twig-api-contract.md``."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.http.exchange import host_of
from confluence_to_twig.twig.answers import failure
from confluence_to_twig.twig.errors import (
    BadBatch,
    BatchTooLarge,
    DataSourceGone,
    KeyConflict,
    RouteNotOffered,
    batch_error,
)
from confluence_to_twig.twig.models import (
    AgentAnswer,
    Citation,
    DataSource,
    HeldDocument,
    ProcessLog,
    WriteOutcome,
    field,
    items,
    unreadable,
)
from confluence_to_twig.twig.transport import PATIENCE_S, Figures, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from confluence_to_twig.twig.answers import Answer
    from confluence_to_twig.twig.settings import TwigSettings

__all__ = ["BadBatch", "BatchTooLarge", "DataSourceGone", "KeyConflict", "RouteNotOffered", "TwigClient"]

_PAGE = 200  # data sources; contract: 1–200
_DOCUMENTS_PAGE = 500  # contract: 1–500
#: Pages of a listing in a row that bring nothing new.
_IDLE_PAGES = 10
_NOT_OFFERED = frozenset({404, 405, 501})


class TwigClient:
    """Twig's API. Thread-safe; no I/O before the first call; a context manager that closes its connections.

    Every method raises :class:`~confluence_to_twig.errors.PermanentError` (credentials, scopes, mistakes) or
    :class:`~confluence_to_twig.errors.TransientError` (rate limits, 5xx, time-outs, after bounded retries).

    :param patience_s: the longest time one call may spend waiting for Twig's budget and for retries.
    """

    def __init__(
        self,
        settings: TwigSettings,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.settings = settings
        self._http = Transport(settings, patience_s, clock, sleep)

    def __enter__(self) -> TwigClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def figures(self) -> Figures:
        """Requests, writes, bytes sent and seconds waited so far."""
        return self._http.figures

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, repeated ones included."""
        return self.figures.requests

    @property
    def seconds_waited(self) -> float:
        """How long requests waited for Twig's budgets and between faults, in seconds."""
        return self.figures.seconds_waited

    @property
    def requests_refused(self) -> int:
        """Requests that Twig refused because of a rate limit (429)."""
        return self.figures.refusals

    def safe(self, text: str, sent: str = "") -> str:
        """``text``, written by Twig, as it may stand in a log: one line, cut, without key and page text."""
        return self._http.safe(text, sent)

    def await_write(self) -> None:
        """Wait until Twig's budget admits a write."""
        self._http.await_budget("write")

    def look(
        self, route: str, params: Mapping[str, str | int] | None = None, *, body: str | None = None, **parts: str
    ) -> Answer:
        """Ask a route that only reads, and return the answer whatever its status says, unless it passes by itself.

        :param body: JSON text; with it the request is a POST.
        """
        return self._http.request(
            "GET" if body is None else "POST",
            self.settings.url(route, **parts),
            action=f"look at the route {route}",
            scope="read" if body is None else "execute",
            params=params,
            body=body,
            allowed=range(400, 500),
        )

    def list_data_sources(self, search: str = "") -> Iterator[DataSource]:
        """All data sources, or those whose name contains ``search``, in Twig's order."""
        offset, seen = 0, set()
        while True:
            params: dict[str, str | int] = {"limit": _PAGE, "offset": offset}
            answer = self._http.request(
                "GET",
                self.settings.url("data_sources"),
                action="list the data sources",
                scope="read",
                params=params | ({"search": search} if search else {}),
            )
            page = [
                DataSource.read(raw) for raw in items(answer.payload, "items", "dataSpecs", "data_specs", "results")
            ]
            fresh = [source for source in page if source.id not in seen]
            yield from fresh
            seen |= {source.id for source in fresh}
            offset += len(page)
            total = field(answer.payload, "total")
            # A Twig that ignores limit and offset sends the same items again. Then none of them is new.
            if not fresh or len(seen) >= (total if isinstance(total, int) else float("inf")):
                return
            if total is None and len(page) < _PAGE:
                return

    def create_data_source(self, name: str, kind: str, description: str, key: str) -> DataSource:
        """Create a data source. Names are not unique in Twig: use :func:`confluence_to_twig.twig.data_source.find_or_create`."""
        answer = self._http.request(
            "POST",
            self.settings.url("data_sources"),
            action=f"create the data source {name!r}",
            scope="write",
            body=_json({"name": name, "type": kind, "description": description}),
            key=key,
        )
        return DataSource.read(answer.payload)

    def get_data_source(self, data_source_id: str) -> DataSource | None:
        """The data source, or None when it is not there. Falls back to the listing where there is no such route."""
        answer = self._http.request(
            "GET",
            self.settings.url("data_source", id=data_source_id),
            action="read the data source",
            scope="read",
            allowed=_NOT_OFFERED,
        )
        if answer.status not in _NOT_OFFERED:
            return DataSource.read(answer.payload)
        return next((source for source in self.list_data_sources() if source.id == data_source_id), None)

    def delete_data_source(self, data_source_id: str) -> None:
        """Remove a data source with everything it holds. Does nothing when it is gone."""
        self._http.request(
            "DELETE",
            self.settings.url("data_source", id=data_source_id),
            action="delete the data source",
            scope="write",
            allowed={404},
        )

    def write_documents(self, data_source_id: str, body: str, key: str) -> WriteOutcome:
        """Apply one batch of upserts and deletes.

        :param body: the request as JSON text: ``{"upserts": […], "deletes": […]}``.
        :param key: names this intent; the same after a lost answer, another one for anything else.
        :raises BatchTooLarge: :raises BadBatch: :raises KeyConflict: nothing was applied.
        :raises DataSourceGone: there is nothing to write to. :raises RouteNotOffered: this Twig takes no documents.
        """
        action = "write documents"
        answer = self._http.request(
            "POST",
            self.settings.url("documents", id=data_source_id),
            action=action,
            scope="write",
            body=body,
            key=key,
            allowed={400, 409, 413, 422} | _NOT_OFFERED,
        )
        if answer.status < 300:
            replayed = answer.headers.get("Idempotency-Replayed", "").lower() == "true"
            return WriteOutcome.read(answer.payload, replayed)
        if answer.status == 404 and self.get_data_source(data_source_id) is None:
            raise DataSourceGone
        if answer.status in _NOT_OFFERED:
            raise RouteNotOffered(
                f"{answer.status}: this Twig has no route that takes documents",
                "This tenant needs `delivery: files` (docs/file-delivery.md). If its route has another path, set that in the Twig "
                "connection.",
            )
        host = host_of(self.settings.base_url)
        raise batch_error(answer, failure(answer, action, self.settings.api_key, body, host))

    def list_documents(self, data_source_id: str) -> Iterator[HeldDocument]:
        """Every document that Twig holds in the data source, as it lists them: one may come twice.

        :raises RouteNotOffered: this Twig cannot list. :raises DataSourceGone: the data source is not there.
        :raises PermanentError: the listing goes in circles.
        """
        cursor, seen, known, idle = None, set[str](), set[str](), 0
        while True:
            params: dict[str, str | int] = {"limit": _DOCUMENTS_PAGE}
            answer = self._http.request(
                "GET",
                self.settings.url("documents", id=data_source_id),
                action="list the documents",
                scope="read",
                params=params | ({"cursor": cursor} if cursor else {}),
                allowed=_NOT_OFFERED,
            )
            if answer.status in _NOT_OFFERED:
                if answer.status == 404 and answer.code == "not_found":
                    raise DataSourceGone
                raise RouteNotOffered(
                    f"The Twig at {host_of(self.settings.base_url)} cannot list the documents of a data source",
                    "Load everything again instead: `confluence-to-twig sync <source> --full`, or trigger the DAG with "
                    "*Whole space*.",
                )
            page = [HeldDocument.read(raw) for raw in items(answer.payload, "items", "documents")]
            yield from page
            cursor = field(answer.payload, "nextCursor", "next_cursor")
            if not cursor:
                return
            # A Twig that does not read the cursor, and makes a new one each time, would be listed for ever.
            fresh = {document.id for document in page} - known
            idle = 0 if fresh else idle + 1
            if cursor in seen or idle > _IDLE_PAGES:
                raise unreadable("the listing of documents goes in circles")
            seen.add(cursor)
            known |= fresh

    def process(self, data_source_id: str) -> tuple[str | None, bool]:
        """Have Twig index what it holds. Returns the process id, and False when one was under way already."""
        answer = self._http.request(
            "POST",
            self.settings.url("process", id=data_source_id),
            action="start the processing",
            scope="write",
            allowed={403, 409},
        )
        if answer.status == 403:
            raise PermanentError(
                "403 Forbidden: this key may not have Twig process the data source",
                "This tenant needs the permission Process on the data source for the key's user, and the scope Write for the key "
                "(https://help.twig.so/administration/group-management).",
            )
        if answer.status == 409:
            details = field(answer.error, "details")
            return field(details, "processId", "process_id"), False
        identity = field(answer.payload, "processId", "process_id", "id")
        return (str(identity) if identity else None), True

    def process_log(self, process_id: str) -> ProcessLog | None:
        """The result of a processing, or None when Twig does not tell."""
        answer = self._http.request(
            "GET",
            self.settings.url("process_log", id=process_id),
            action="read the process log",
            scope="read",
            allowed=_NOT_OFFERED,
        )
        return None if answer.status in _NOT_OFFERED else ProcessLog.read(answer.payload)

    def log_lines(self, process_id: str) -> list[str]:
        """Twig's log lines of a processing, oldest first, each safe to show; empty when Twig does not tell."""
        answer = self._http.request(
            "GET",
            self.settings.url("log_lines"),
            action="read the log lines",
            scope="read",
            params={"processId": process_id},
            allowed=_NOT_OFFERED,
        )
        if answer.status in _NOT_OFFERED:
            return []
        lines = items(answer.payload, "items", "logs")
        return [
            self.safe(
                f"{field(line, 'timestamp', default='')} {field(line, 'level', default='')} {field(line, 'message', default=line)}"
            )
            for line in lines
        ]

    def search(self, query: str, data_source_ids: Sequence[str], limit: int = 20) -> list[Citation]:
        """Chunks that answer ``query``, best first. Needs the connection's organisation id."""
        if not self.settings.org_id:
            raise PermanentError(
                "Twig's search needs the organisation id", "Set 'Organisation id' in the Twig connection."
            )
        body = {
            "query": query,
            "org_id": self.settings.org_id,
            "data_source_ids": list(data_source_ids),
            "limit": limit,
        }
        answer = self._http.request(
            "POST", self.settings.url("search"), action="search", scope="execute", body=_json(body)
        )
        payload = answer.payload
        found = payload if isinstance(payload, list) else items(payload, "results", "sources", "items")
        return [Citation.read(raw) for raw in found]

    def ask_agent(self, agent_id: str, question: str) -> AgentAnswer:
        """What an agent answers. It reads every data source that it lists, not only those of this project."""
        answer = self._http.request(
            "POST",
            self.settings.url("query"),
            action="ask the agent",
            scope="execute",
            body=_json({"agent_id": agent_id, "query": question}),
            allowed={404},
        )
        if answer.status == 404:
            raise PermanentError(
                f"404: Twig has no agent {agent_id!r}, or this key may not ask it",
                "Correct 'Agent id' in the Twig connection; Twig shows it in the agent's settings. Without one the playground shows passages only.",
            )
        return AgentAnswer.read(answer.payload)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
