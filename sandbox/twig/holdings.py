"""What a data source holds: one document, a page of them, and taking one out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.twig.wire import ApiError, iso_time

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True)
class Held:
    """What is held of a document: its version, content hash and ``(chunk id, hash)`` of its chunks in order."""

    version: int
    content_hash: str
    chunks: tuple[tuple[str, str], ...]


def held(db: sqlite3.Connection, spec: str, document_id: str) -> Held | None:
    """What the data source holds of a document; None when it does not hold it."""
    key = (spec, document_id)
    row = db.execute("SELECT version, content_hash FROM documents WHERE spec = ? AND id = ?", key).fetchone()
    if row is None:
        return None
    chunks = db.execute("SELECT id, hash FROM chunks WHERE spec = ? AND doc = ? ORDER BY position", key)
    return Held(row["version"], row["content_hash"], tuple((chunk["id"], chunk["hash"]) for chunk in chunks))


def remove(db: sqlite3.Connection, spec: str, document_id: str) -> None:
    """Take a document out of what is held and out of search."""
    key = (spec, document_id)
    db.execute("DELETE FROM documents WHERE spec = ? AND id = ?", key)
    db.execute("DELETE FROM chunks WHERE spec = ? AND doc = ?", key)
    drop_from_index(db, spec, document_id)


def drop_from_index(db: sqlite3.Connection, spec: str, document_id: str) -> None:
    """Take a document's chunks out of search."""
    key = (spec, document_id)
    db.execute(
        "DELETE FROM passages WHERE rowid IN (SELECT number FROM indexed_chunks WHERE spec = ? AND doc = ?)", key
    )
    db.execute("DELETE FROM indexed_chunks WHERE spec = ? AND doc = ?", key)


def list_held(
    db: sqlite3.Connection, spec: str, limit: int, after: str
) -> tuple[list[dict[str, Any]], str | None, int]:
    """A page of the held documents after the id ``after``, the id to go on from (None: the end), and how many there are."""
    rows = db.execute(
        "SELECT * FROM documents WHERE spec = ? AND id > ? ORDER BY id LIMIT ?", (spec, after, limit + 1)
    ).fetchall()
    total = db.execute("SELECT count(*) AS n FROM documents WHERE spec = ?", (spec,)).fetchone()["n"]
    page = rows[:limit]
    more = page[-1]["id"] if len(rows) > limit else None
    return [_described(db, row) for row in page], more, total


def _described(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    chunks = db.execute(
        "SELECT id, hash FROM chunks WHERE spec = ? AND doc = ? ORDER BY position", (row["spec"], row["id"])
    ).fetchall()
    return {
        "id": row["id"],
        "version": row["version"],
        "contentHash": row["content_hash"],
        "title": row["title"],
        "url": row["url"],
        "metadata": json.loads(row["metadata"]),
        "chunkIds": [chunk["id"] for chunk in chunks],
        "chunkHashes": [chunk["hash"] for chunk in chunks],
        "chunkCount": len(chunks),
        "updatedAt": iso_time(row["updated_at"]),
    }


def require_known(db: sqlite3.Connection, spec: str, document_id: str) -> None:
    """
    :raises ApiError: 404 when the data source does not hold the document.
    """
    if held(db, spec, document_id) is None:
        raise ApiError(404, "Document not found", extra={"details": {"documentId": document_id}})
