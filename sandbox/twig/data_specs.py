"""Data sources of an organisation: create, find, describe, delete. Names are not unique, as Twig documents no such rule."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sandbox.twig.wire import ApiError, iso_time

if TYPE_CHECKING:
    import sqlite3

    from sandbox.twig.models import NewDataSpec

_COUNTS = (
    "(SELECT count(*) FROM documents WHERE spec = data_specs.id AND indexed_no IS NOT NULL) AS document_count,"
    " (SELECT count(*) FROM indexed_chunks WHERE spec = data_specs.id) AS chunk_count"
)


def create(db: sqlite3.Connection, org: str, new: NewDataSpec, now: float) -> dict[str, Any]:
    """A new, empty data source, described."""
    spec = f"ds_{secrets.token_hex(8)}"
    db.execute(
        "INSERT INTO data_specs (id, org, name, type, description, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (spec, org, new.name, new.type, new.description, "pending", now),
    )
    return describe(db, org, spec)


def require(db: sqlite3.Connection, org: str, spec: str) -> sqlite3.Row:
    """The data source's row.

    :raises ApiError: 404 when the organisation has no such data source.
    """
    row: sqlite3.Row | None = db.execute(
        f"SELECT *, {_COUNTS} FROM data_specs WHERE org = ? AND id = ?", (org, spec)
    ).fetchone()
    if row is None:
        raise ApiError(404, "Data source not found", extra={"details": {"dataSpecId": spec}})
    return row


def describe(db: sqlite3.Connection, org: str, spec: str) -> dict[str, Any]:
    """The data source as the contract shows it.

    :raises ApiError: 404 when the organisation has no such data source.
    """
    return _described(require(db, org, spec))


def search(
    db: sqlite3.Connection, org: str, text: str = "", limit: int = 200, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Data sources with ``text`` in their name, in order of creation, and how many there are of them."""
    where, values = "org = ? AND instr(lower(name), lower(?)) > 0", (org, text)
    total = db.execute(f"SELECT count(*) AS n FROM data_specs WHERE {where}", values).fetchone()["n"]
    rows = db.execute(
        f"SELECT *, {_COUNTS} FROM data_specs WHERE {where} ORDER BY seq LIMIT ? OFFSET ?", (*values, limit, offset)
    )
    return [_described(row) for row in rows], total


def delete(db: sqlite3.Connection, org: str, spec: str) -> dict[str, Any]:
    """Remove a data source with everything it holds.

    :raises ApiError: 404 when the organisation has no such data source.
    """
    require(db, org, spec)
    held = db.execute("SELECT count(*) AS n FROM documents WHERE spec = ?", (spec,)).fetchone()["n"]
    db.execute("DELETE FROM passages WHERE rowid IN (SELECT number FROM indexed_chunks WHERE spec = ?)", (spec,))
    for table in ("indexed_chunks", "chunks", "documents", "processes"):
        db.execute(f"DELETE FROM {table} WHERE spec = ?", (spec,))
    db.execute("DELETE FROM log_lines WHERE process NOT IN (SELECT id FROM processes)")
    db.execute("DELETE FROM data_specs WHERE id = ?", (spec,))
    return {"id": spec, "deletedDocuments": held}


def mark_changed(db: sqlite3.Connection, spec: str) -> None:
    """Held and searchable differ now: ``pending``, unless a processing is under way."""
    db.execute("UPDATE data_specs SET status = 'pending' WHERE id = ? AND status <> 'processing'", (spec,))


def _described(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "type": row["type"],
        "description": row["description"],
        "status": row["status"],
        "documentCount": row["document_count"],
        "chunkCount": row["chunk_count"],
        "lastSync": iso_time(row["last_sync"]),
        "createdAt": iso_time(row["created_at"]),
        "processId": row["process_id"],
        "error": row["error"],
    }
