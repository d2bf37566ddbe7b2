"""The commands as an engineer runs them: in a process of their own, in an Airflow home of their own. And in the test's process: the import
of Airflow costs several seconds of a processor, which only those tests pay that are about the process.
"""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.cli.main import main
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox import confluence, twig
from sandbox.airflow_home import bare_environment
from tests.conftest import HOME
from tests.dags.conftest import small_space

Ended = subprocess.CompletedProcess[str]
#: A busy machine can take minutes over the start of an Airflow.
SECONDS = 900


class Commands:
    """Runs the console script with its own AIRFLOW_HOME, sources file and staging, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.environment: dict[str, str] = {}

    def sources(self, *entries: dict[str, Any], name: str = "sources.yaml") -> Path:
        """Write a sources file."""
        path = self.folder / name
        path.write_text(yaml.safe_dump({"sources": list(entries)}), encoding="utf-8")
        return path

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a command."""
        ours = {"AIRFLOW_HOME": str(self.home), "CONFLUENCE_TWIG_STAGING": str(self.folder / "staging")}
        return subprocess.Popen(
            [sys.executable, "-m", "confluence_to_twig.cli.main", *map(str, arguments)],
            cwd=self.folder, env=bare_environment() | ours | self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: object, answer: str = "") -> Ended:
        """Run a command to its end."""
        return ended(self.start(*arguments), answer)

    def store(self, conn_id: str, fields: dict[str, Any]) -> None:
        """Give the home a metadata database that holds this connection."""
        from airflow.models.connection import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            stored = Connection(conn_id=conn_id, **fields)
            session.add(stored)
            session.commit()
            with (
                closing(sqlite3.connect(HOME / "airflow.db")) as source,
                closing(sqlite3.connect(self.home / "airflow.db")) as copy,
            ):
                source.backup(copy)
            session.delete(stored)


def ended(process: subprocess.Popen[str], answer: str = "") -> Ended:
    """The process, waited for."""
    out, err = process.communicate(answer, timeout=SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    """In an empty folder, without connections."""
    return Commands(tmp_path)


@pytest.fixture
def here(
    tmp_path: Path, airflow_db: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs a command to its end in the test's own process, with sources file and staging where ``commands`` has them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))

    def run(*arguments: object, answer: str = "", **connections: dict[str, Any]) -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        for conn_id, fields in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        status = main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return run


@pytest.fixture
def servers() -> Iterator[tuple[confluence.SandboxConfluence, twig.ServedTwig]]:
    """A Confluence with the small space, and an empty Twig."""
    with ExitStack() as stack:
        yield stack.enter_context(confluence.serve(small_space())), stack.enter_context(twig.serve())
