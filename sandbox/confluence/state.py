"""A folder that keeps a site across restarts: every record in one SQLite file, written as soon as it changes."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from sandbox.confluence.model import Attachment, Comment, Content, Label, Record, Space, Token, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.confluence.store import Store

FILE_NAME = "confluence.sqlite"
FORMAT = 1
#: In the order in which they are loaded: what is referred to comes first.
KINDS: tuple[type[Record], ...] = (User, Token, Label, Space, Content, Attachment, Comment)


class StateError(ValueError):
    """The folder cannot be used; the text says what to do."""


class StateFolder:
    """Hears of every change of a store and saves it. Survives a killed process: each change is a transaction."""

    def __init__(self, folder: Path) -> None:
        """:raises StateError: when the folder holds something else, or a state of another version."""
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / FILE_NAME, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(folder)
        except sqlite3.DatabaseError as error:
            raise StateError(f"{folder / FILE_NAME} is no sandbox state: choose another folder") from error

    def _prepare(self, folder: Path) -> None:
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            raise StateError(f"{folder} was written by another version of the sandbox: delete it, or choose another")
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")  # a killed process loses nothing; only a power cut might
        self._database.execute(f"PRAGMA user_version={FORMAT}")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS record "
            "(kind TEXT NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        self._database.execute("CREATE TABLE IF NOT EXISTS last_id (id INTEGER NOT NULL)")

    def close(self) -> None:
        self._database.close()

    def load_into(self, store: Store) -> None:
        """Put every saved record into ``store``, which must not save them again: it gets its journal afterwards."""
        for kind in KINDS:
            decoder = msgspec.msgpack.Decoder(kind)
            rows = self._database.execute("SELECT data FROM record WHERE kind = ?", (kind.__name__,))
            for (data,) in rows:
                store.put(decoder.decode(data))
        (last_id,) = self._database.execute("SELECT max(id) FROM last_id").fetchone()
        store.reserve_ids(last_id or 0)

    def saved(self, record: Record) -> None:
        data = msgspec.msgpack.encode(record)
        row = (type(record).__name__, _identity(record), data)
        self._database.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", row)

    def removed(self, record: Record) -> None:
        """Forget the record, but never give its id to another."""
        kind, identity = type(record).__name__, _identity(record)
        self._database.execute("DELETE FROM record WHERE kind = ? AND id = ?", (kind, identity))
        if identity.isdigit():
            self._database.execute("INSERT INTO last_id VALUES (?)", (int(identity),))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Save everything inside the block in one transaction: much faster for a whole space."""
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _identity(record: Record) -> str:
    match record:
        case User():
            return record.account_id
        case Token():
            return record.value
        case _:
            return str(record.id)
