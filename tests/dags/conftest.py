"""Whole runs: the real DAG, in process, against both sandbox servers over HTTP."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from confluence_to_twig.airflow_private import build_newest_task_api
from confluence_to_twig.http.retry import Patience
from confluence_to_twig.runs.report import build_report
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE, RunStaging, SourceStaging, staging_root
from confluence_to_twig.staging.parquet import read_table
from sandbox import confluence, twig
from sandbox.seed import SeedPage, SeedSpace
from sandbox.serving import running

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.confluence.store import Store

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
#: Beginnings of the names of environment variables that a DAG may take its shape from. Those of connections are no such.
_SHAPING = ("AIRFLOW__", "AIRFLOW_HOME", "AIRFLOW_VAR_", "CONFLUENCE_TWIG_")
#: What FastAPI names when it asks for a dependency again. When it makes a route it names other things, and changes what it gets.
_ASKED_AGAIN = ("path", "call", "name", "scope", "parent_oauth_scopes")
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


def present_folder() -> Any:
    """What it finds there now."""
    settings = [(name, text) for name, text in os.environ.items() if name.startswith(_SHAPING)]
    return folder_of(Path(os.environ[SOURCES_VARIABLE]).read_bytes(), frozenset(settings))


@contextmanager
def folder_stored_once() -> Iterator[None]:
    """Spare a tenth of each run: before it, `dag.test` parses the DAG folder once more, and stores what it finds there."""
    from airflow.dag_processing import dagbag

    parse, store = dagbag.BundleDagBag, dagbag.sync_bag_to_db
    stored: list[Any] = []

    def parse_once(dag_folder: Any, **options: Any) -> Any:
        if Path(dag_folder) != DAGS:
            return parse(dag_folder, **options)
        return present_folder()

    def store_once(bag: Any, *bundle: Any) -> None:
        if stored[-1:] != [bag]:
            store(bag, *bundle)
            stored[:] = [bag]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dagbag, "BundleDagBag", parse_once)
        patch.setattr(dagbag, "sync_bag_to_db", store_once)
        yield


class Server:
    """Serves one test after the other at the same address, each with an app of its own."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.base_url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class FirstRun:
    """What is there after a first run: the pages, what Twig holds, the staging folder, and the report."""

    pages: Store
    held: bytes
    staging: Path
    report: dict[str, Any]


@dataclass(frozen=True)
class KeptServers:
    """Those of the session, and what first runs left there: by the space, the text of the sources file, and the settings of the run."""

    folder: Path
    confluence: Server = field(default_factory=Server)
    twig: Server = field(default_factory=Server)
    first_runs: dict[tuple[str, str, str], FirstRun] = field(default_factory=dict)


@dataclass
class Site:
    """Both servers, one source, and the runs of its DAG."""

    confluence: confluence.SandboxConfluence
    twig: twig.ServedTwig
    sources: Path
    name: str = "small"
    reports: list[dict[str, Any]] = field(default_factory=list)
    kept: KeptServers | None = None

    def __post_init__(self) -> None:
        self.prepared("small space")

    def prepared(self, name: str) -> None:
        """Every test whose spaces have this name finds them as they are now."""
        self.spaces, self.revision = name, self.confluence.store.revision

    def configure(self, **fields: Any) -> None:
        """Write the sources file with one source."""
        entry = {"name": self.name, "space_key": "SMALL", "schedule": "0 2 * * *"} | fields
        entry = {name: value for name, value in entry.items() if value is not None}
        self.sources.write_text(yaml.safe_dump({"sources": [entry]}), encoding="utf-8")

    def dag(self, dag_id: str | None = None, *, anew: bool = True) -> Any:
        bag = parsed_folder() if anew else present_folder()
        assert bag.import_errors == {}
        return bag.dags[dag_id or f"confluence_to_twig__{self.name}"]

    def run(self, logical_date: datetime | None = None, **conf: Any) -> dict[str, Any]:
        """One run of the DAG to its end. Returns its report, with the DAG run's own state."""
        self.confluence.log.reset()
        self.twig.twig.log.clear()
        dag = self.dag(anew=bool(conf))  # a DAG keeps the settings of its run
        dag_run = dag.test(logical_date=logical_date, run_conf=conf)
        report = build_report(self.staging(dag_run.run_id), self.name, dag_run.run_id)
        report |= {"state": dag_run.state.value, "dag_run": dag_run}
        self.reports.append(report)
        return report

    def first_run(self, **conf: Any) -> dict[str, Any]:
        """The first run over the spaces as they were prepared: done once in a session, and its outcome put here again."""
        assert self.kept
        assert (self.reports, self.confluence.store.revision) == ([], self.revision)
        key = (self.spaces, self.sources.read_text(encoding="utf-8"), json.dumps(conf))
        staging = Path(os.environ[ROOT_VARIABLE])
        if key not in self.kept.first_runs:
            report = self.run(**conf)
            kept = self.kept.folder / f"{len(self.kept.first_runs)}"
            shutil.copytree(staging, kept)
            pages, held = deepcopy(self.confluence.store), self.twig.twig.store.dump()
            self.kept.first_runs[key] = FirstRun(pages, held, kept, report)
            return report
        left = self.kept.first_runs[key]
        self.confluence.store = deepcopy(left.pages)
        self.twig.twig.store.load(left.held)
        shutil.copytree(left.staging, staging)
        self.reports.append(left.report)
        return left.report

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


@pytest.fixture(scope="session", autouse=True)
def dependencies_looked_at_once() -> Iterator[None]:
    """Spare a quarter of each run: where one dependency is overridden, FastAPI reads the signatures of all with each request."""
    from fastapi.dependencies import utils

    read, known = utils.get_dependant, dict[Any, Any]()

    def read_once(**asked: Any) -> Any:
        if asked.keys() != set(_ASKED_AGAIN) or getattr(asked["call"], "__closure__", None):
            return read(**asked)  # a closure is of one task, with its DAG
        key = (*(asked[name] for name in _ASKED_AGAIN[:-1]), tuple(asked[_ASKED_AGAIN[-1]]))
        if key not in known:
            known[key] = read(**asked)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "get_dependant", read_once)
        yield


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptServers]:
    """A Confluence and a Twig whose addresses stay; tasks that talk to Airflow as in `confluence-to-twig sync`."""
    build_newest_task_api()
    kept = KeptServers(tmp_path_factory.mktemp("first-runs"))
    with running(kept.confluence) as kept.confluence.base_url, running(kept.twig) as kept.twig.base_url:
        yield kept


def at_once(patience: Patience, told: float | None, tries: int) -> float:
    """Try a fault again as often as always, without the half-minute in between: `tests/http` has the waits."""
    return told or 0.01


@contextmanager
def small_site(folder: Path, patch: pytest.MonkeyPatch, kept: KeptServers) -> Iterator[Site]:
    """Fresh sandboxes, fresh staging, a source for the small space, and no run yet."""
    forget_runs()
    patch.setenv(ROOT_VARIABLE, str(folder / "staging"))
    patch.setenv(SOURCES_VARIABLE, str(folder / "sources.yaml"))
    patch.setenv("CONFLUENCE_TWIG_UNATTENDED", "yes")
    patch.setattr(Patience, "wait", at_once)
    served = confluence.SandboxConfluence(small_space())
    served.base_url = kept.confluence.base_url
    served_twig = twig.ServedTwig(twig.SandboxTwig(settings=twig.Settings(processing_seconds=0.0)), kept.twig.base_url)
    kept.confluence.app, kept.twig.app = served.app, served_twig.twig.app
    patch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
    patch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served_twig.connection()))
    site = Site(served, served_twig, folder / "sources.yaml", kept=kept)
    site.configure()
    with folder_stored_once(), closing(served_twig.twig):
        yield site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None, kept: KeptServers) -> Iterator[Site]:
    """The small space and an empty Twig."""
    with small_site(tmp_path, monkeypatch, kept) as site:
        yield site


@pytest.fixture
def reconnect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change fields of the Confluence connection."""

    def change(**fields: Any) -> None:
        connection = json.loads(os.environ["AIRFLOW_CONN_CONFLUENCE_DEFAULT"])
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(connection | fields))

    return change
