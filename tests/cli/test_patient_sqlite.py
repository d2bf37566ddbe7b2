from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from confluence_to_twig.cli.patient_sqlite import CONNECT_ARGS


def engine(path: Path, connect_args: Mapping[str, Any]) -> Engine:
    """As Airflow makes them, with a write-ahead log."""
    made = create_engine(f"sqlite:///{path}", connect_args={**connect_args, "check_same_thread": False})
    event.listen(made, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
    return made


def savepoint_that_reads_and_writes_beside_another_writer(made: Engine) -> list[int]:
    """What Airflow does to create a backfill while its scheduler works; returns what is stored in the end."""
    with Session(made) as session:
        session.execute(text("CREATE TABLE runs (id INTEGER)"))
        session.commit()

    def write() -> None:
        with Session(made) as session:
            session.execute(text("INSERT INTO runs VALUES (1)"))
            session.commit()

    other = threading.Thread(target=write)
    with Session(made) as session:
        with session.begin_nested():
            session.execute(text("SELECT count(*) FROM runs")).all()
            other.start()
            other.join(timeout=1)  # an impatient connection lets it through here
            session.execute(text("INSERT INTO runs VALUES (2)"))
        session.commit()
    other.join()
    with Session(made) as session:
        return sorted(session.scalars(text("SELECT id FROM runs")))


def test_a_savepoint_keeps_its_turn_and_the_other_writer_waits(tmp_path: Path) -> None:
    assert savepoint_that_reads_and_writes_beside_another_writer(engine(tmp_path / "a.db", CONNECT_ARGS)) == [1, 2]


def test_without_patience_the_same_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="locked"):
        savepoint_that_reads_and_writes_beside_another_writer(engine(tmp_path / "a.db", {"timeout": 60}))


def test_a_rollback_of_a_savepoint_takes_back_what_was_written_in_it(tmp_path: Path) -> None:
    made = engine(tmp_path / "a.db", CONNECT_ARGS)
    with Session(made) as session:
        session.execute(text("CREATE TABLE runs (id INTEGER)"))
        session.commit()
        nested = session.begin_nested()
        session.execute(text("INSERT INTO runs VALUES (1)"))
        nested.rollback()
        session.execute(text("INSERT INTO runs VALUES (2)"))
        session.commit()
        assert list(session.scalars(text("SELECT id FROM runs"))) == [2]
