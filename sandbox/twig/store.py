"""The database of the sandbox Twig: one SQLite file, or memory.

Two layers, as in any search service: what is *held* (``documents``, ``chunks``: the last accepted write) and what is
*indexed* (``indexed_chunks`` with the full-text table ``passages``: what search finds). Processing copies the first to
the second.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "twig.sqlite"
_CACHE_KB = 64 * 1024  # the full-text index is written all over the place

_SCHEMA = """
CREATE TABLE IF NOT EXISTS writes (last INTEGER NOT NULL);
INSERT INTO writes SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM writes);

CREATE TABLE IF NOT EXISTS data_specs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, org TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    description TEXT NOT NULL, status TEXT NOT NULL, created_at REAL NOT NULL, last_sync REAL,
    process_id TEXT, error TEXT);

CREATE TABLE IF NOT EXISTS documents (
    spec TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, content_hash TEXT NOT NULL, title TEXT NOT NULL,
    url TEXT NOT NULL, metadata TEXT NOT NULL, updated_at REAL NOT NULL,
    write_no INTEGER NOT NULL, indexed_no INTEGER,
    PRIMARY KEY (spec, id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS chunks (
    spec TEXT NOT NULL, doc TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    hash TEXT NOT NULL, text TEXT NOT NULL, url TEXT NOT NULL, heading_path TEXT NOT NULL, token_count INTEGER NOT NULL,
    UNIQUE (spec, id));
CREATE INDEX IF NOT EXISTS chunks_of_document ON chunks (spec, doc, position);

CREATE TABLE IF NOT EXISTS indexed_chunks (
    number INTEGER PRIMARY KEY, spec TEXT NOT NULL, doc TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL,
    title TEXT NOT NULL, url TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS indexed_chunks_of_document ON indexed_chunks (spec, doc);
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (title, body, tokenize = 'porter unicode61 remove_diacritics 2');

CREATE TABLE IF NOT EXISTS processes (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, org TEXT NOT NULL, status TEXT NOT NULL,
    started_at REAL NOT NULL, ready_at REAL NOT NULL, finished_at REAL, last_write INTEGER NOT NULL,
    documents INTEGER NOT NULL, chunks INTEGER NOT NULL, failure TEXT, error TEXT);
CREATE TABLE IF NOT EXISTS log_lines (
    seq INTEGER PRIMARY KEY, process TEXT NOT NULL, at REAL NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS log_lines_of_process ON log_lines (process);

CREATE TABLE IF NOT EXISTS remembered_answers (
    org TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL, at REAL NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (org, route, key));
"""


class Store:
    """One connection, one transaction at a time. Kept in ``<folder>/twig.sqlite``, or in memory without a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else str(folder / FILE_NAME)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        if folder is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block's writes or none. Not to be nested."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def dump(self) -> bytes:
        """Everything in it, for :meth:`load`."""
        with self._lock:
            return self._db.serialize()

    def load(self, dumped: bytes) -> None:
        """Hold what another store in memory held, and nothing else."""
        with self._lock:
            self._db.deserialize(dumped)

    def close(self) -> None:
        """Let go of the file. The store is of no use afterwards."""
        with self._lock:
            self._db.close()


def next_write(db: sqlite3.Connection) -> int:
    """A number above all earlier ones: it tells which writes a processing has seen."""
    row = db.execute("UPDATE writes SET last = last + 1 RETURNING last").fetchone()
    return int(row["last"])


def last_write(db: sqlite3.Connection) -> int:
    """The number of the latest write; 0 before the first."""
    return int(db.execute("SELECT last FROM writes").fetchone()["last"])
