"""Processing: pending → processing → active or failed, as a function of the clock.

No thread works in the background. A processing has a time at which it is ready, and :func:`settle`, called before
anything is answered, finishes those whose time has come. So tests decide how long it takes, to the millisecond.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.twig import data_specs
from sandbox.twig.holdings import drop_from_index
from sandbox.twig.search import spread
from sandbox.twig.store import last_write
from sandbox.twig.wire import ApiError, iso_time

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True)
class ProcessFailure:
    """A processing that shall fail: with this error and these log lines before it."""

    message: str = "Embedding failed: the model did not answer"
    log_lines: tuple[str, ...] = ()


def start(
    db: sqlite3.Connection, org: str, spec: str, now: float, seconds: float, failure: ProcessFailure | None = None
) -> dict[str, Any]:
    """Begin to process what is held now.

    :param seconds: until it is ready.
    :raises ApiError: 404 for an unknown data source; 409 while a processing is under way.
    """
    row = data_specs.require(db, org, spec)
    if row["status"] == "processing":
        details = {"processId": row["process_id"]}
        raise ApiError(409, "Data source is already being processed", extra={"details": details})
    process = f"proc_{secrets.token_hex(8)}"
    db.execute(
        "INSERT INTO processes (id, spec, org, status, started_at, ready_at, last_write, documents, chunks, failure)"
        " VALUES (?, ?, ?, 'processing', ?, ?, ?, 0, 0, ?)",
        (process, spec, org, now, now + seconds, last_write(db), failure.message if failure else None),
    )
    db.execute(
        "UPDATE data_specs SET status = 'processing', process_id = ?, error = NULL WHERE id = ?", (process, spec)
    )
    _log(db, process, now, "INFO", "Processing started")
    for line in failure.log_lines if failure else ():
        _log(db, process, now, "WARNING", line)
    return {"processId": process, "status": "processing"}


def settle(db: sqlite3.Connection, now: float) -> None:
    """Finish every processing that is ready by ``now``."""
    ready = db.execute(
        "SELECT * FROM processes WHERE status = 'processing' AND ready_at <= ? ORDER BY seq", (now,)
    ).fetchall()
    for process in ready:
        if process["failure"] is None:
            _complete(db, process)
        else:
            _fail(db, process)


def _complete(db: sqlite3.Connection, process: sqlite3.Row) -> None:
    spec, at = process["spec"], process["ready_at"]
    due = db.execute(
        "SELECT * FROM documents WHERE spec = ? AND write_no <= ? AND indexed_no IS NOT write_no ORDER BY id",
        (spec, process["last_write"]),
    ).fetchall()
    embedded = sum(_index(db, document) for document in due)
    db.execute(
        "UPDATE processes SET status = 'completed', finished_at = ?, documents = ?, chunks = ? WHERE id = ?",
        (at, len(due), embedded, process["id"]),
    )
    left = db.execute(
        "SELECT count(*) AS n FROM documents WHERE spec = ? AND indexed_no IS NOT write_no", (spec,)
    ).fetchone()["n"]
    db.execute(
        "UPDATE data_specs SET status = ?, last_sync = ? WHERE id = ?", ("pending" if left else "active", at, spec)
    )
    _log(db, process["id"], at, "INFO", f"Indexed {len(due)} documents, embedded {embedded} chunks")


def _fail(db: sqlite3.Connection, process: sqlite3.Row) -> None:
    at, error = process["ready_at"], process["failure"]
    db.execute(
        "UPDATE processes SET status = 'failed', finished_at = ?, error = ? WHERE id = ?", (at, error, process["id"])
    )
    db.execute("UPDATE data_specs SET status = 'failed', error = ? WHERE id = ?", (error, process["spec"]))
    _log(db, process["id"], at, "ERROR", error)


def _index(db: sqlite3.Connection, document: sqlite3.Row) -> int:
    """Make search find the held state of a document; returns how many of its chunks had to be embedded anew."""
    spec, doc = document["spec"], document["id"]
    known = {
        (row["id"], row["hash"])
        for row in db.execute("SELECT id, hash FROM indexed_chunks WHERE spec = ? AND doc = ?", (spec, doc))
    }
    if known:
        drop_from_index(db, spec, doc)
    chunks = db.execute("SELECT * FROM chunks WHERE spec = ? AND doc = ? ORDER BY position", (spec, doc)).fetchall()
    title = document["title"]
    for chunk in chunks:
        number = db.execute(
            "INSERT INTO indexed_chunks (spec, doc, id, hash, title, url, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (spec, doc, chunk["id"], chunk["hash"], title, chunk["url"] or document["url"], chunk["text"]),
        ).lastrowid
        db.execute(
            "INSERT INTO passages (rowid, title, body) VALUES (?, ?, ?)", (number, spread(title), spread(chunk["text"]))
        )
    db.execute("UPDATE documents SET indexed_no = write_no WHERE spec = ? AND id = ?", (spec, doc))
    return sum((chunk["id"], chunk["hash"]) not in known for chunk in chunks)


def _log(db: sqlite3.Connection, process: str, at: float, level: str, message: str) -> None:
    db.execute("INSERT INTO log_lines (process, at, level, message) VALUES (?, ?, ?, ?)", (process, at, level, message))


def process_log(db: sqlite3.Connection, org: str, process: str) -> dict[str, Any]:
    """How a processing went.

    :raises ApiError: 404 for an id that the organisation does not have.
    """
    row = db.execute("SELECT * FROM processes WHERE org = ? AND id = ?", (org, process)).fetchone()
    if row is None:
        raise ApiError(404, "Process not found", extra={"details": {"processId": process}})
    return {
        "processId": row["id"],
        "dataSpecId": row["spec"],
        "status": row["status"],
        "startedAt": iso_time(row["started_at"]),
        "finishedAt": iso_time(row["finished_at"]),
        "documents": row["documents"],
        "chunks": row["chunks"],
        "error": row["error"],
    }


def log_lines(db: sqlite3.Connection, org: str, process: str) -> list[dict[str, Any]]:
    """The log lines of a processing, oldest first; none for an id that the organisation does not have."""
    rows = db.execute(
        "SELECT log_lines.* FROM log_lines JOIN processes ON processes.id = log_lines.process"
        " WHERE processes.org = ? AND processes.id = ? ORDER BY log_lines.seq",
        (org, process),
    )
    return [{"timestamp": iso_time(row["at"]), "level": row["level"], "message": row["message"]} for row in rows]
