"""The document rules: replaced whole or not at all, versions never go back, chunks without text must be held.

:func:`judge` decides about one document and touches nothing; :func:`write` applies the decisions.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.twig.holdings import Held, held, remove
from sandbox.twig.store import next_write

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sandbox.twig.models import Chunk, Deletion, Document, DocumentsWrite

MAX_TEXT_CHARACTERS = 65_536
_MANY = 500  # ids in one SQL statement


@dataclass(frozen=True)
class Rejected:
    code: str
    message: str


@dataclass(frozen=True)
class Missing:
    chunk_ids: tuple[str, ...]


@dataclass(frozen=True)
class Accepted:
    changed: bool


@dataclass
class Outcome:
    """The answer to one write. Every id of the request is in exactly one of the four."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    changed: bool = False  # something is now due for processing

    def reject(self, document_id: str, reason: Rejected) -> None:
        if not any(entry["id"] == document_id for entry in self.rejected):
            self.rejected.append({"id": document_id, "code": reason.code, "message": reason.message})

    def payload(self) -> dict[str, Any]:
        """The ``data`` of the answer."""
        return {
            "accepted": self.accepted,
            "rejected": self.rejected,
            "deleted": self.deleted,
            "missingChunks": self.missing,
        }


def judge(document: Document, held: Held | None, owners: Mapping[str, str]) -> Accepted | Missing | Rejected:
    """What becomes of one document.

    :param owners: chunk id → id of the document that holds it, for those of the document's chunk ids that are held.
    """
    if held and document.version < held.version:
        return _stale(document.version, held.version)
    if fault := _bad_chunks(document, owners):
        return fault
    known = dict(held.chunks) if held else {}
    missing = tuple(c.id for c in document.chunks if c.text is None and known.get(c.id) != c.hash)
    if missing:
        return Missing(missing)
    return Accepted(changed=held is None or _as_held(document) != held)


def _as_held(document: Document) -> Held:
    chunks = sorted(document.chunks, key=lambda chunk: chunk.ordinal)
    return Held(document.version, document.contentHash, tuple((c.id, c.hash) for c in chunks))


def _stale(version: int, held_version: int) -> Rejected:
    return Rejected("stale_version", f"Version {version} is older than the held version {held_version}.")


def _bad_chunks(document: Document, owners: Mapping[str, str]) -> Rejected | None:
    twice = [chunk_id for chunk_id, count in Counter(c.id for c in document.chunks).items() if count > 1]
    if twice:
        return Rejected("duplicate_chunk", f"Chunk {twice[0]} is more than once in the document.")
    for chunk in document.chunks:
        if owners.get(chunk.id, document.id) != document.id:
            return Rejected("chunk_id_conflict", f"Chunk {chunk.id} belongs to document {owners[chunk.id]}.")
        if chunk.text is not None and len(chunk.text) > MAX_TEXT_CHARACTERS:
            return Rejected("chunk_too_large", f"Chunk {chunk.id} has more than {MAX_TEXT_CHARACTERS} characters.")
    return None


def write(
    db: sqlite3.Connection, spec: str, request: DocumentsWrite, now: float, refused: Mapping[str, Rejected]
) -> Outcome:
    """Apply a write to one data source, deletes first.

    :param now: Unix time that the documents get as ``updatedAt``.
    :param refused: ids that are refused whatever they contain, with the reason.
    """
    outcome = Outcome()
    counts = Counter([d.id for d in request.deletes] + [u.id for u in request.upserts])
    for document_id, count in counts.items():
        if count > 1:
            outcome.reject(document_id, Rejected("duplicate_document", "The id is more than once in the request."))
    for deletion in request.deletes:
        if counts[deletion.id] == 1:
            _delete(db, spec, deletion, outcome)
    write_no = next_write(db)
    for document in request.upserts:
        if counts[document.id] > 1:
            continue
        if document.id in refused:
            outcome.reject(document.id, refused[document.id])
            continue
        _upsert(db, spec, document, now, write_no, outcome)
    return outcome


def acknowledged(request: DocumentsWrite) -> Outcome:
    """The answer to a write that says that all of it was done."""
    accepted = [{"id": document.id, "version": document.version} for document in request.upserts]
    return Outcome(accepted=accepted, deleted=[deletion.id for deletion in request.deletes])


def _delete(db: sqlite3.Connection, spec: str, deletion: Deletion, outcome: Outcome) -> None:
    row = db.execute("SELECT version FROM documents WHERE spec = ? AND id = ?", (spec, deletion.id)).fetchone()
    if row and deletion.version is not None and deletion.version < row["version"]:
        outcome.reject(deletion.id, _stale(deletion.version, row["version"]))
        return
    if row:
        remove(db, spec, deletion.id)
    outcome.deleted.append(deletion.id)


def _upsert(db: sqlite3.Connection, spec: str, document: Document, now: float, write_no: int, outcome: Outcome) -> None:
    verdict = judge(document, held(db, spec, document.id), _owners(db, spec, [c.id for c in document.chunks]))
    if isinstance(verdict, Rejected):
        outcome.reject(document.id, verdict)
        return
    if isinstance(verdict, Missing):
        outcome.missing[document.id] = list(verdict.chunk_ids)
        return
    if verdict.changed:
        _replace(db, spec, document, now, write_no)
        outcome.changed = True
    outcome.accepted.append({"id": document.id, "version": document.version})


def _owners(db: sqlite3.Connection, spec: str, chunk_ids: list[str]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for start in range(0, len(chunk_ids), _MANY):
        part = chunk_ids[start : start + _MANY]
        marks = ", ".join("?" * len(part))
        rows = db.execute(f"SELECT id, doc FROM chunks WHERE spec = ? AND id IN ({marks})", (spec, *part))
        owners.update((row["id"], row["doc"]) for row in rows)
    return owners


def _replace(db: sqlite3.Connection, spec: str, document: Document, now: float, write_no: int) -> None:
    key = (spec, document.id)
    texts = {r["id"]: r["text"] for r in db.execute("SELECT id, text FROM chunks WHERE spec = ? AND doc = ?", key)}
    db.execute("DELETE FROM chunks WHERE spec = ? AND doc = ?", key)
    chunks = sorted(document.chunks, key=lambda chunk: chunk.ordinal)
    db.executemany(
        "INSERT INTO chunks (spec, doc, id, position, ordinal, hash, text, url, heading_path, token_count)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (_row(key, position, c, texts[c.id] if c.text is None else c.text) for position, c in enumerate(chunks)),
    )
    values = (document.version, document.contentHash, document.title, document.url, json.dumps(document.metadata), now)
    db.execute(
        "INSERT INTO documents (spec, id, version, content_hash, title, url, metadata, updated_at, write_no)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version,"
        " content_hash = excluded.content_hash, title = excluded.title, url = excluded.url,"
        " metadata = excluded.metadata, updated_at = excluded.updated_at, write_no = excluded.write_no",
        (*key, *values, write_no),
    )


def _row(key: tuple[str, str], position: int, chunk: Chunk, text: str) -> tuple[str | int, ...]:
    path = json.dumps(chunk.headingPath)
    return (*key, chunk.id, position, chunk.ordinal, chunk.hash, text, chunk.url, path, chunk.tokenCount)
