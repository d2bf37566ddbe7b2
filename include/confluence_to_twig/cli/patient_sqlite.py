"""SQLite connections that wait for their turn to write, for the Airflow of ``make run``.

SQLite admits one writer at a time. Python's driver begins a transaction as a reader and asks to write later; if somebody
else has written in between, SQLite refuses at once, however long the time-out. Airflow then answers 503, and when that
happens while it creates a backfill, it takes back runs that its scheduler has begun already, and the scheduler dies
(``StaleDataError``). So every transaction that may write asks for the write lock when it begins, and waits.

Named in ``[database] sql_alchemy_connect_args``.
"""

from __future__ import annotations

import sqlite3
from typing import Any

WAIT_SECONDS = 60


class _Cursor(sqlite3.Cursor):
    """The driver begins transactions by itself before INSERT, UPDATE and DELETE, but not before SAVEPOINT."""

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        if sql.startswith("SAVEPOINT") and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        super().execute(sql, parameters)
        return self


class PatientConnection(sqlite3.Connection):
    """A connection whose savepoints, too, are inside a transaction that may write."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        """A cursor of ours, unless another kind is asked for."""
        return super().cursor(factory)


CONNECT_ARGS: dict[str, Any] = {
    "timeout": WAIT_SECONDS,
    "isolation_level": "IMMEDIATE",
    "factory": PatientConnection,
}
