"""Looking at and changing the sandbox's content behind the API's back: what others do to a data source in the UI."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.twig import data_specs
from sandbox.twig.holdings import remove, require_known
from sandbox.twig.store import next_write

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True)
class HeldChunk:
    """A chunk as it is held."""

    id: str
    ordinal: int
    hash: str
    text: str
    url: str
    heading_path: tuple[str, ...]
    token_count: int


@dataclass(frozen=True)
class HeldDocument:
    """A document as it is held, texts included."""

    id: str
    version: int
    content_hash: str
    title: str
    url: str
    metadata: dict[str, Any]
    chunks: tuple[HeldChunk, ...]
    searchable: bool  # the index has this very state
    updated_at: float = field(compare=False)  # Unix time


def held_documents(db: sqlite3.Connection, spec: str) -> dict[str, HeldDocument]:
    """Everything that a data source holds, by document id."""
    chunks: dict[str, list[HeldChunk]] = {}
    for row in db.execute("SELECT * FROM chunks WHERE spec = ? ORDER BY doc, position", (spec,)):
        chunks.setdefault(row["doc"], []).append(_chunk(row))
    rows = db.execute("SELECT * FROM documents WHERE spec = ? ORDER BY id", (spec,))
    return {row["id"]: _document(row, tuple(chunks.get(row["id"], ()))) for row in rows}


def _chunk(row: sqlite3.Row) -> HeldChunk:
    path = tuple(json.loads(row["heading_path"]))
    return HeldChunk(row["id"], row["ordinal"], row["hash"], row["text"], row["url"], path, row["token_count"])


def _document(row: sqlite3.Row, chunks: tuple[HeldChunk, ...]) -> HeldDocument:
    return HeldDocument(
        id=row["id"],
        version=row["version"],
        content_hash=row["content_hash"],
        title=row["title"],
        url=row["url"],
        metadata=json.loads(row["metadata"]),
        chunks=chunks,
        searchable=row["indexed_no"] == row["write_no"],
        updated_at=row["updated_at"],
    )


def forget_document(db: sqlite3.Connection, spec: str, document_id: str) -> None:
    """Drift: somebody deleted a document.

    :raises ApiError: 404 when it is not held.
    """
    require_known(db, spec, document_id)
    remove(db, spec, document_id)


def alter_document(db: sqlite3.Connection, spec: str, document_id: str) -> None:
    """Drift: somebody edited a document. Its first chunk has another text and hash, its content hash is another.

    :raises ApiError: 404 when it is not held.
    """
    require_known(db, spec, document_id)
    key = (spec, document_id)
    db.execute(
        "UPDATE documents SET content_hash = 'altered', write_no = ? WHERE spec = ? AND id = ?", (next_write(db), *key)
    )
    db.execute(
        "UPDATE chunks SET text = 'Altered by somebody else.', hash = 'altered'"
        " WHERE spec = ? AND doc = ? AND position = 0",
        key,
    )
    data_specs.mark_changed(db, spec)
