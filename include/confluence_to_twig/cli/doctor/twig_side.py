"""What Twig offers this key, in a handful of requests that read. What only a write could tell stays unknown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.cli.doctor.findings import Finding
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.twig.models import DataSource, items

if TYPE_CHECKING:
    from confluence_to_twig.cli.doctor.findings import State
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.twig.answers import Answer
    from confluence_to_twig.twig.client import TwigClient

_NOT_OFFERED = frozenset({404, 405, 501})
_NO_RIGHT = frozenset({401, 403})
_FIRST_RUN = "unknown until the first run: only a write could tell"


@dataclass
class Offered:
    """What is known of Twig. :param documents: whether the routes for documents are there; None: nobody tells."""

    findings: list[Finding] = field(default_factory=list)
    documents: bool | None = None
    requests: int = 0

    def note(self, what: str, found: str, state: State = "ok") -> None:
        """Add a row to the table."""
        self.findings.append(Finding("Twig", what, found, state))


def examine_twig(source: Source, client: TwigClient) -> Offered:
    """Look at the side of Twig. An answer that fails becomes a row of the table."""
    offered = Offered()
    try:
        _look(source, client, offered)
    except PipelineError as error:
        offered.note("Answers", error.sentences, "missing")
    offered.requests = client.figures.requests
    return offered


def _look(source: Source, client: TwigClient, offered: Offered) -> None:
    listed = client.look("data_sources", params={"limit": 200})
    offered.note("List data sources", *_route(listed, "Read"))
    if listed.status >= 400:
        return
    found = [DataSource.read(raw) for raw in items(listed.payload, "items", "dataSpecs", "data_specs", "results")]
    wrapped = isinstance(listed.body, dict) and "data" in listed.body
    offered.note("Envelope", "answers are wrapped in data" if wrapped else "answers are bare")
    limits = listed.limits()
    told = f"{limits.limit:,} requests, {limits.remaining} left" if limits.limit is not None else "no headers tell"
    offered.note("Rate limit", f"{told}; writes are paced at {client.settings.writes_per_minute:g} a minute")
    same = [one for one in found if one.name == source.data_source_name]
    offered.note("Data source", _named(same, source, client), "look" if len(same) > 1 else "ok")
    _documents(found, same, client, offered)
    offered.note(
        "Create, write, process", f"{_FIRST_RUN}. The key needs Write, and Process on the data source", "unknown"
    )
    _search(found, client, offered)


def _named(same: list[DataSource], source: Source, client: TwigClient) -> str:
    if not same:
        return f"{source.data_source_name!r} will be created by the first run"
    kinds = ", ".join(f"{one.id} of type {one.type}, {one.status}" for one in same)
    mine = any(one.type == client.settings.data_source_type for one in same)
    return f"{source.data_source_name!r} is there: {kinds}" + ("" if mine else "; the run creates one of its own type")


def _documents(found: list[DataSource], same: list[DataSource], client: TwigClient, offered: Offered) -> None:
    """Ask a data source that is there: of one that is not, a 404 says nothing about the route."""
    if not found:
        offered.note("Routes for documents", f"{_FIRST_RUN}, as there is no data source to ask", "unknown")
        return
    answer = client.look("documents", {"limit": 1}, id=(same or found)[0].id)
    if answer.status in _NOT_OFFERED:
        offered.documents = False
        offered.note(
            "Routes for documents",
            f"{answer.status}: this tenant lists no documents, so it may take none either. It needs `delivery: files`",
            "missing",
        )
        return
    offered.documents = answer.status < 400 or None
    offered.note("Routes for documents", *_route(answer, "Read"))


def _search(found: list[DataSource], client: TwigClient, offered: Offered) -> None:
    if not client.settings.org_id:
        offered.note("Search", "the connection has no organisation id, so runs only compare counts", "look")
        return
    body = {
        "query": "test",
        "org_id": client.settings.org_id,
        "data_source_ids": [one.id for one in found][:1],
        "limit": 1,
    }
    offered.note("Search", *_route(client.look("search", body=json.dumps(body)), "Execute"))


def _route(answer: Answer, scope: str) -> tuple[str, State]:
    if answer.status < 400:
        return "offered", "ok"
    if answer.status in _NO_RIGHT:
        return f"{answer.status}: the key is refused; this tenant needs a key with the scope {scope}", "missing"
    if answer.status in _NOT_OFFERED:
        return f"{answer.status}: this tenant does not offer the route", "missing"
    return f"{answer.status}: it answers, but not as expected", "unknown"
