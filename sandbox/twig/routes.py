"""The routes of the contract, thin: what was sent, and which rule answers."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from sandbox.twig import data_specs, documents, holdings, models, processing, search
from sandbox.twig.exchange import Desk
from sandbox.twig.idempotency import Answer
from sandbox.twig.keys import DEFAULT_AGENT
from sandbox.twig.wire import ApiError, listing

if TYPE_CHECKING:
    import sqlite3

router = APIRouter(prefix="/api")

AtDesk = Annotated[Desk, Depends()]
Limit = Annotated[int, Query(ge=1, le=200)]
PageSize = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Name = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=2000)]
ProcessId = Annotated[str, Query(min_length=1, max_length=255, alias="processId")]

_AGENT_PASSAGES = 5
_NO_ANSWER = "I don't have information about that"  # Twig's words: help.twig.so/getting-started/core-concepts


@router.get("/data-specs")
def list_data_specs(desk: AtDesk, search: Name = "", limit: Limit = 50, offset: Offset = 0) -> JSONResponse:
    found, total = desk.settled(lambda db: data_specs.search(db, desk.org, search, limit, offset))
    items = [desk.shown(item) for item in found]
    return JSONResponse(listing(items, desk.twig.settings.envelope, total=total, limit=limit, offset=offset))


@router.post("/data-specs")
async def create_data_spec(desk: AtDesk) -> JSONResponse:
    body = await desk.body()
    new = models.parse(models.NewDataSpec, body)
    return await desk.write(body, lambda db: Answer(201, data_specs.create(db, desk.org, new, desk.now)))


@router.get("/data-specs/{spec}")
def get_data_spec(desk: AtDesk, spec: str) -> JSONResponse:
    _refuse_unless_supported(desk.twig.settings.by_id_status)
    return desk.read(lambda db: data_specs.describe(db, desk.org, spec))


@router.delete("/data-specs/{spec}")
def delete_data_spec(desk: AtDesk, spec: str) -> JSONResponse:
    return desk.read(lambda db: data_specs.delete(db, desk.org, spec))


@router.post("/data-specs/{spec}/documents")
async def write_documents(desk: AtDesk, spec: str) -> JSONResponse:
    _refuse_unless_supported(desk.twig.settings.documents_status)
    body = await desk.body()
    write = await run_in_threadpool(models.parse, models.DocumentsWrite, body)
    desk.twig.log.count_write(spec, write)
    desk.notes.upserts = tuple(document.id for document in write.upserts)
    desk.notes.deletes = tuple(deletion.id for deletion in write.deletes)
    desk.notes.texts = sum(chunk.text is not None for document in write.upserts for chunk in document.chunks)

    def apply(db: sqlite3.Connection) -> Answer:
        data_specs.require(db, desk.org, spec)
        if not desk.twig.settings.stores_writes:
            return Answer(200, documents.acknowledged(write).payload())
        outcome = documents.write(db, spec, write, desk.now, desk.twig.refused_documents)
        if outcome.changed:
            data_specs.mark_changed(db, spec)
        return Answer(200, outcome.payload())

    return await desk.write(body, apply)


@router.get("/data-specs/{spec}/documents")
def list_documents(desk: AtDesk, spec: str, limit: PageSize = 100, cursor: Cursor = "") -> JSONResponse:
    _refuse_unless_supported(desk.twig.settings.listing_status)

    def rule(db: sqlite3.Connection) -> dict[str, Any]:
        data_specs.require(db, desk.org, spec)
        items, last, total = holdings.list_held(db, spec, limit, _decode_cursor(cursor))
        return {"items": items, "nextCursor": _encode_cursor(last), "total": total}

    return desk.read(rule)


@router.post("/data-specs/{spec}/process")
async def process_data_spec(desk: AtDesk, spec: str) -> JSONResponse:
    if desk.twig.settings.process_status == 403:
        raise ApiError(403, "You do not have the permission Process on this data source")
    body = await desk.body()
    return await desk.write(body, lambda db: Answer(202, desk.twig.start_processing(db, desk.org, spec)))


@router.get("/process-logs/{process}")
def get_process_log(desk: AtDesk, process: str) -> JSONResponse:
    return desk.read(lambda db: processing.process_log(db, desk.org, process))


@router.get("/lambda-logs")
def list_lambda_logs(desk: AtDesk, process: ProcessId) -> JSONResponse:
    return desk.read(lambda db: {"items": processing.log_lines(db, desk.org, process)})


@router.post("/v1/semantic-search")
async def semantic_search(desk: AtDesk) -> JSONResponse:
    asked = models.parse(models.SemanticSearch, await desk.body())
    if asked.org_id != desk.org:
        raise ApiError(403, "API key belongs to another organization")
    found = await _find(desk, asked.query, asked.data_source_ids, asked.limit)
    # The documented answer of /v1/query calls its citations "sources"; a client must take either name.
    name = "sources" if desk.twig.settings.envelope == "bare" else "results"
    return desk.answer_v1(**{name: found})


@router.post("/v1/query")
async def query(desk: AtDesk) -> JSONResponse:
    asked = models.parse(models.Query, await desk.body())
    if asked.agent_id != DEFAULT_AGENT:
        raise ApiError(404, "Agent not found", extra={"details": {"agentId": asked.agent_id}})
    found = await _find(desk, asked.query, None, _AGENT_PASSAGES)
    response = found[0]["text"] if found else _NO_ANSWER
    sources = [{name: value for name, value in one.items() if name != "text"} for one in found]
    return desk.answer_v1(response=response, sources=sources, session_id=asked.session_id or "sess_sandbox")


async def _find(desk: Desk, query: str, specs: list[str] | None, limit: int) -> list[dict[str, Any]]:
    way = search.search if desk.twig.settings.search == "words" else search.search_by_likeness
    found: list[dict[str, Any]] = await run_in_threadpool(
        desk.settled, lambda db: way(db, desk.org, query, specs, limit)
    )
    return found


def _refuse_unless_supported(status: int) -> None:
    if status != 200:
        raise ApiError(status, "This is not supported", code="not_supported")


def _encode_cursor(last_id: str | None) -> str | None:
    return None if last_id is None else base64.urlsafe_b64encode(last_id.encode()).decode()


def _decode_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ApiError(400, "cursor: not one that this listing gave out") from error
