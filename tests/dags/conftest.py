"""Whole runs: the real DAG, in process, against both sandbox servers over HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.runs.report import build_report
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE, RunStaging, SourceStaging, staging_root
from confluence_to_twig.staging.parquet import read_table
from sandbox import confluence, twig
from sandbox.seed import SeedPage, SeedSpace
from tests.task_api import keep_newest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
#: Beginnings of the names of environment variables that a DAG may take its shape from. Those of connections are no such.
_SHAPING = ("AIRFLOW__", "AIRFLOW_HOME", "AIRFLOW_VAR_", "CONFLUENCE_TWIG_")
EVERY_TITLE = {
    "Handbook",
    "Alpha",
    "Beta",
    *(f"{chapter} topic {number}" for chapter in ("Alpha", "Beta") for number in range(1, 5)),
    "Release news",
}


def small_space() -> SeedSpace:
    """A home page, two chapters, four pages each: ten pages with a month of their own, and a blog post."""
    pages = [SeedPage("home", "Handbook", "<p>Welcome to the handbook of the small space.</p>")]
    for chapter in ("alpha", "beta"):
        pages.append(SeedPage(chapter, chapter.title(), f"<p>The {chapter} chapter opens here.</p>", parent="home"))
        for number in range(1, 5):
            ref = f"{chapter}-{number}"
            pages.append(
                SeedPage(
                    ref,
                    f"{chapter.title()} topic {number}",
                    f"<h2>Purpose</h2><p>Topic {number} of {chapter} is about {ref}-widgets and their "
                    f"calibration, written for the {chapter}{number} team.</p>"
                    f"<h2>Steps</h2><ol><li>Open {ref}.</li><li>Measure {number} volts.</li></ol>",
                    parent=chapter,
                    labels=("guide",),
                    created_at=datetime(2026, number, 1, tzinfo=UTC),
                    modified_at=datetime(2026, number, 15, tzinfo=UTC),
                )
            )
    pages.append(SeedPage("news", "Release news", "<p>Release 7 ships the calibration wizard.</p>", kind="blogpost"))
    return SeedSpace("SMALL", "Small space", "for tests", tuple(pages))


def parsed_folder() -> Any:
    """What Airflow finds in the DAG folder."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="dags-folder")


@lru_cache(maxsize=4)
def folder_of(sources: bytes, settings: frozenset[tuple[str, str]]) -> Any:
    """What it finds there, parsed once for the same sources and settings: all that the DAGs are built from."""
    return parsed_folder()


@contextmanager
def folder_stored_once() -> Iterator[None]:
    """Spare a tenth of each run: before it, `dag.test` parses the DAG folder once more, and stores what it finds there."""
    from airflow.dag_processing import dagbag

    parse, store = dagbag.BundleDagBag, dagbag.sync_bag_to_db
    stored: list[Any] = []

    def parse_once(dag_folder: Any, **options: Any) -> Any:
        if Path(dag_folder) != DAGS:
            return parse(dag_folder, **options)
        settings = [(name, text) for name, text in os.environ.items() if name.startswith(_SHAPING)]
        return folder_of(Path(os.environ[SOURCES_VARIABLE]).read_bytes(), frozenset(settings))

    def store_once(bag: Any, *bundle: Any) -> None:
        if stored[-1:] != [bag]:
            store(bag, *bundle)
            stored[:] = [bag]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dagbag, "BundleDagBag", parse_once)
        patch.setattr(dagbag, "sync_bag_to_db", store_once)
        yield


@dataclass
class Site:
    """Both servers, one source, and the runs of its DAG."""

    confluence: confluence.SandboxConfluence
    twig: twig.ServedTwig
    sources: Path
    name: str = "small"
    reports: list[dict[str, Any]] = field(default_factory=list)

    def configure(self, **fields: Any) -> None:
        """Write the sources file with one source."""
        entry = {"name": self.name, "space_key": "SMALL", "schedule": "0 2 * * *"} | fields
        entry = {name: value for name, value in entry.items() if value is not None}
        self.sources.write_text(yaml.safe_dump({"sources": [entry]}), encoding="utf-8")

    def dag(self, dag_id: str | None = None) -> Any:
        bag = parsed_folder()
        assert bag.import_errors == {}
        return bag.dags[dag_id or f"confluence_to_twig__{self.name}"]

    def run(self, logical_date: datetime | None = None, **conf: Any) -> dict[str, Any]:
        """One run of the DAG to its end. Returns its report, with the DAG run's own state."""
        self.confluence.log.reset()
        self.twig.twig.log.clear()
        dag_run = self.dag().test(logical_date=logical_date, run_conf=conf)
        report = build_report(self.staging(dag_run.run_id), self.name, dag_run.run_id)
        report |= {"state": dag_run.state.value, "dag_run": dag_run}
        self.reports.append(report)
        return report

    def staging(self, run_id: str) -> RunStaging:
        return SourceStaging(staging_root(), self.name).run(run_id)

    def plan(self, report: dict[str, Any]) -> dict[str, tuple[str, str]]:
        """Action and reason by title, of every page that was not simply left."""
        rows = read_table(self.staging(report["run_id"]).plan).to_pylist()
        return {row["title"]: (row["action"], row["reason"]) for row in rows if row["action"] != "leave"}

    def held(self) -> dict[str, Any]:
        """What Twig holds, by document id."""
        specs = self.twig.twig.data_specs()
        return self.twig.twig.documents(specs[0]["id"]) if specs else {}

    def held_titles(self) -> set[str]:
        return {document.title for document in self.held().values()}

    def bodies_fetched(self) -> int:
        """Requests of the last run that asked Confluence for page bodies."""
        return int(self.confluence.log.count(r"body-format="))

    def writes(self) -> int:
        """Requests of the last run that changed something in Twig: documents and processing."""
        return sum(
            record.method == "POST" and ("/documents" in record.path or "/process" in record.path)
            for record in self.twig.twig.log.records()
        )


def forget_runs() -> None:
    """Delete the runs of earlier tests: Airflow clears all task instances of a DAG again before each run of `dag.test`."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun))  # what belongs to them goes with them


@pytest.fixture(scope="session", autouse=True)
def schemas_checked_once() -> Iterator[None]:
    """Spare a sixth of each run: Airflow has the schema of a parameter checked again whenever it reads the parameter."""
    from jsonschema.validators import Draft202012Validator as Validator

    check, holding = Validator.check_schema, set[str]()

    def check_once(schema: Any, *arguments: Any, **options: Any) -> None:
        written = json.dumps(schema, sort_keys=True, default=repr)
        if written not in holding:
            check(schema, *arguments, **options)
            holding.add(written)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Validator, "check_schema", check_once)
        yield


@contextmanager
def small_site(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Fresh servers, fresh staging, a source for the small space, and no run yet."""
    forget_runs()
    keep_newest()
    patch.setenv(ROOT_VARIABLE, str(folder / "staging"))
    patch.setenv(SOURCES_VARIABLE, str(folder / "sources.yaml"))
    patch.setenv("CONFLUENCE_TWIG_UNATTENDED", "yes")
    with (
        folder_stored_once(),
        confluence.serve(small_space()) as served,
        twig.serve(settings=twig.Settings(processing_seconds=0.0)) as served_twig,
    ):
        patch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        patch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served_twig.connection()))
        site = Site(served, served_twig, folder / "sources.yaml")
        site.configure()
        yield site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Iterator[Site]:
    """The small space and an empty Twig."""
    with small_site(tmp_path, monkeypatch) as site:
        yield site


@pytest.fixture
def reconnect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change fields of the Confluence connection."""

    def change(**fields: Any) -> None:
        connection = json.loads(os.environ["AIRFLOW_CONN_CONFLUENCE_DEFAULT"])
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(connection | fields))

    return change
