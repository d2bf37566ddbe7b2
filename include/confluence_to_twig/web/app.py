"""The page's own endpoints, for what only staging and Twig know. The page asks Airflow's REST API for everything else.

Mounted by the plugin below ``/confluence-to-twig``. The page itself holds no data, so anybody may fetch it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd  # noqa: F401 - pyarrow imports it when first used: better while the server starts than for a person
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.audience import EVERYBODY
from confluence_to_twig.runs.history import newest_first, read_history
from confluence_to_twig.runs.timeline import events
from confluence_to_twig.sources.source import Source, SourcesFile, load_sources
from confluence_to_twig.staging.layout import SourceStaging, folder_name, staging_root
from confluence_to_twig.web import access, adding, playground
from confluence_to_twig.web.discretion import Discretion
from confluence_to_twig.web.explaining import explain
from confluence_to_twig.web.overview import source_row
from confluence_to_twig.web.plan_csv import csv_of
from confluence_to_twig.web.planned import Filter, RunPlan, runs_with_a_plan
from confluence_to_twig.web.spaces import newest_spaces
from confluence_to_twig.web.trouble import (
    RUNS_LOOKED_INTO,
    conversion_warnings,
    last_look,
    open_findings,
    quarantined,
    run_warnings,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from confluence_to_twig.runs.run_row import RunRow

STATIC = Path(__file__).with_name("static")
READERS = 8
PLANS_LISTED = 100

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

app = FastAPI(title="Confluence to Twig", docs_url=None, redoc_url=None, openapi_url=None)
app.mount("/static", StaticFiles(directory=STATIC), name="static")


@app.middleware("http")
async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The same protective headers on every answer; nothing that was read with somebody's rights is kept."""
    response = await call_next(request)
    response.headers.update(HEADERS)
    if "/api/" in request.url.path:
        response.headers["Cache-Control"] = "no-store"
    return response


@app.exception_handler(PipelineError)
async def refuse(request: Request, error: Exception) -> JSONResponse:
    """An error of ours says what to do about it."""
    status = 409 if isinstance(error, playground.NothingToAskError) else 502
    return JSONResponse({"detail": explain(error)}, status_code=status)


def source_of(dag_id: str) -> Source:
    """The source of the DAG in the path; 404 for any other DAG."""
    for source in load_sources().sources:
        if source.dag_id == dag_id:
            return source
    raise HTTPException(404, f"{dag_id} is not a DAG of this project")


Ours = Annotated[Source, Depends(source_of)]
Text = Annotated[str, Query(max_length=200)]


def wanted_rows(action: Text = "", reason: Text = "", outcome: Text = "", search: Text = "") -> Filter:
    """What is asked of a plan."""
    return Filter(action, reason, outcome, search.strip())


def chosen_plan(source: Ours, user: access.User, run: Text = "") -> RunPlan | None:
    """The plan of a run.

    :param run: the run's id or folder; without it the newest run that has a plan.
    """
    staging = _staging(source)
    history: Iterable[RunRow] = newest_first(staging)
    if run:
        history = (row for row in history if row.folder == folder_name(run))
    row = next(iter(runs_with_a_plan(staging, history)), None)
    return None if row is None else RunPlan(staging, row, _discretion(source, user))


Wanted = Annotated[Filter, Depends(wanted_rows)]
Chosen = Annotated[RunPlan | None, Depends(chosen_plan)]


@app.get("/", include_in_schema=False)
def page() -> FileResponse:
    """The page."""
    return FileResponse(STATIC / "index.html")


@app.get("/api/sources")
def sources(user: access.User) -> dict[str, Any]:
    """A row for every source whose DAG the user may read."""
    file: SourcesFile = load_sources()
    readable = [source for source in file.sources if access.may_read(user, source.dag_id)]
    now = datetime.now(UTC)
    with ThreadPoolExecutor(READERS) as pool:
        rows = list(pool.map(lambda source: _row(source, user, now), readable))
    return {"sources": rows, "mistakes": len(file.problems), "now": now.isoformat()}


@app.get("/api/sources/{dag_id}", dependencies=[access.MAY_READ])
def source(dag_id: str, source: Ours, user: access.User) -> dict[str, Any]:
    """The row of one source, and what the user may do with it."""
    now = datetime.now(UTC)
    return _row(source, user, now) | {"may_ask": access.may_ask(user, dag_id), "now": now.isoformat()}


@app.get("/api/sources/{dag_id}/history", dependencies=[access.MAY_READ])
def history(source: Ours, user: access.User, limit: Annotated[int, Query(ge=1, le=2_000)] = 1_000) -> dict[str, Any]:
    """The newest runs, oldest first, and what else happened in their time."""
    rows = read_history(_staging(source))
    shown = rows[-limit:]
    told = {"runs": [asdict(row) for row in shown], "events": [asdict(event) for event in events(shown)]}
    answer: dict[str, Any] = _discretion(source, user).of_answer(told)
    return {"total": len(rows), **answer}


@app.get("/api/sources/{dag_id}/plans", dependencies=[access.MAY_READ])
def plans(source: Ours) -> dict[str, Any]:
    """The newest runs whose plan is kept, newest first."""
    staging = _staging(source)
    found = islice(runs_with_a_plan(staging, newest_first(staging)), PLANS_LISTED)
    return {"runs": [{name: getattr(row, name) for name in ("folder", "kind", "state", "ended_at")} for row in found]}


@app.get("/api/sources/{dag_id}/plan", dependencies=[access.MAY_READ])
def plan(
    chosen: Chosen,
    wanted: Wanted,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """A page of the rows of a run's plan."""
    found = chosen.page(wanted, offset=offset, limit=limit) if chosen else None
    if chosen is None or found is None:
        return {"run": None, "counts": {}, "outcomes": {}, "total": 0, "withheld": 0, "rows": []}
    return found | {"run": chosen.row.folder, "kind": chosen.row.kind, "ended_at": chosen.row.ended_at}


@app.get("/api/sources/{dag_id}/plan.csv", dependencies=[access.MAY_READ])
def plan_as_csv(source: Ours, chosen: Chosen, wanted: Wanted) -> StreamingResponse:
    """All rows that fit, to be saved."""
    table = chosen.whole(wanted) if chosen else None
    if chosen is None or table is None:
        raise HTTPException(404, "The plan of this run is not kept any more")
    name = f"plan-{source.name}-{chosen.row.folder}.csv"
    saved = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(csv_of(table), media_type="text/csv; charset=utf-8", headers=saved)


@app.get("/api/sources/{dag_id}/trouble", dependencies=[access.MAY_READ])
def trouble(source: Ours, user: access.User) -> dict[str, Any]:
    """Quarantined pages, doubtful conversions, what the last run warned of, and what verify found.

    ``withheld``: how many of the first two are not named to this user.
    """
    staging, discretion = _staging(source), _discretion(source, user)
    runs = list(islice(newest_first(staging), RUNS_LOOKED_INTO))
    pages = {"quarantined": quarantined(staging, runs), "conversions": conversion_warnings(staging, runs)}
    shown = {name: discretion.of_rows(rows) for name, rows in pages.items()}
    told = {
        "warnings": run_warnings(staging, runs[0].folder) if runs else [],
        "doctor": last_look(staging),
        "open": open_findings(staging),
    }
    withheld = {name: len(rows) - len(shown[name]) for name, rows in pages.items()}
    return {**shown, **discretion.of_answer(told), "withheld": withheld}


@app.get("/api/sources/{dag_id}/spaces", dependencies=[access.MAY_READ])
def spaces(source: Ours) -> dict[str, Any]:
    """The spaces of the newest run of a source that has many, with counts only."""
    staging = _staging(source)
    return newest_spaces(staging, newest_first(staging))


class Question(BaseModel):
    """What a person asks."""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]
    limit: Annotated[int, Field(ge=1, le=playground.MOST_RESULTS)] = 6


class Search(Question):
    """A question to Twig. :param audiences: keys of those for whom it is asked; empty: everybody."""

    audiences: Annotated[list[Text], Field(min_length=1, max_length=1_000)] = [EVERYBODY]


@app.get("/api/sources/{dag_id}/audiences", dependencies=[access.MAY_ASK])
def audiences(source: Ours, user: access.User) -> dict[str, Any]:
    """The audiences for which the user may ask: everybody only, unless the user is shown restricted pages."""
    everything = access.sees_kept_out(user, source)
    found = playground.choices(source, _staging(source))
    return {"audiences": [asdict(choice) for choice in found if everything or choice.key == EVERYBODY]}


@app.post("/api/sources/{dag_id}/ask", dependencies=[access.MAY_ASK])
def ask(source: Ours, user: access.User, asked: Search) -> dict[str, Any]:
    """Ask Twig. A POST, so that questions stay out of addresses and access logs.

    ``withheld``: how many of the passages are not shown to this user. ``refusal``: why the agent is not asked, if so.
    """
    if set(asked.audiences) != {EVERYBODY}:
        access.require_kept_out(user, source)
    found = playground.ask(source, _staging(source), asked.question, asked.limit, asked.audiences)
    shown = _discretion(source, user).of_rows(asdict(passage) for passage in found)
    agent = {"agent": playground.agent_of(source), "refusal": _refusal_of_agent(source, user)}
    return {"passages": shown, "withheld": len(found) - len(shown), **agent}


@app.post("/api/sources/{dag_id}/answer", dependencies=[access.MAY_ASK])
def answer(source: Ours, user: access.User, asked: Question) -> dict[str, Any]:
    """Ask the agent that the Twig connection names."""
    if refusal := _refusal_of_agent(source, user):
        raise HTTPException(403, refusal)
    return playground.answer_of_agent(source, asked.question)


ConnId = Annotated[str, Field(min_length=1, max_length=200)]


class Connected(BaseModel):
    """Which connection is asked."""

    conn_id: ConnId


class NewSource(BaseModel):
    """What a person fills in for a new source. :param more: further fields, as YAML."""

    name: Annotated[str, Field(max_length=200)]
    space_key: Annotated[str, Field(max_length=300)]
    confluence_conn_id: ConnId = "confluence_default"
    twig_conn_id: Annotated[str, Field(max_length=200)] = ""
    more: Annotated[str, Field(max_length=10_000)] = ""


@app.post("/api/adding/spaces")
def visible_spaces(asked: Connected, user: access.User) -> dict[str, Any]:
    """The spaces that a connection sees. A POST, so that no browser asks ahead."""
    access.require_connection(user, asked.conn_id)
    return adding.visible_spaces(asked.conn_id)


@app.post("/api/adding/check")
def check(asked: NewSource, user: access.User) -> dict[str, Any]:
    """Whether a source can be added, and the lines to paste. Nothing is written."""
    entry = adding.entry_of(**asked.model_dump())
    access.require_connection(user, str(entry.get("confluence_conn_id", asked.confluence_conn_id)))
    return adding.checked(entry)


def _row(source: Source, user: Any, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = _discretion(source, user).of_answer(source_row(source, _staging(source), now))
    return row


def _refusal_of_agent(source: Source, user: Any) -> dict[str, str] | None:
    return None if access.sees_all_of_agent(user, source, load_sources().sources) else access.AGENT_FOR_FEW


def _discretion(source: Source, user: Any) -> Discretion:
    return Discretion(_staging(source), everything=access.sees_kept_out(user, source))


def _staging(source: Source) -> SourceStaging:
    return SourceStaging(staging_root(), source.name)
