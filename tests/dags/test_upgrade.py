"""A sync on top of what the first release left: nothing is sent again."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from confluence_to_twig.alerts.ledger import Ledger
from confluence_to_twig.runs.history import read_history
from confluence_to_twig.runs.report import failed_pages
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE, SourceStaging, staging_root
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import iter_rows
from confluence_to_twig.twig.deletions import DeletionLog
from sandbox import confluence, twig
from sandbox.seed import SeedPage, SeedSpace
from tests.dags.conftest import Site

GOLDEN = Path(__file__).resolve().parents[1] / "staging" / "golden" / "format-1"
CONFLUENCE_PORT, TWIG_PORT = 20347, 20348  # addresses are in the files
EDITED = datetime(2026, 3, 1, tzinfo=UTC)
Server = TypeVar("Server")


def golden_space() -> SeedSpace:
    pages = [SeedPage("home", "Handbook", "<p>Welcome to the handbook of the golden space.</p>")]
    for chapter in ("alpha", "beta"):
        pages.append(SeedPage(chapter, chapter.title(), f"<p>The {chapter} chapter opens here.</p>", parent="home"))
        for number in range(1, 5):
            ref = f"{chapter}-{number}"
            storage = (
                f"<h2>Purpose</h2><p>Topic {number} of {chapter} is about {ref}-widgets and their calibration.</p>"
                f"<h2>Steps</h2><ol><li>Open {ref}.</li><li>Measure {number} volts.</li></ol>"
            )
            times = {"created_at": EDITED, "modified_at": EDITED}
            title = f"{chapter.title()} topic {number}"
            pages.append(SeedPage(ref, title, storage, parent=chapter, labels=("guide",), **times))
    pages.append(SeedPage("news", "Release news", "<p>Release 7 ships the calibration wizard.</p>", kind="blogpost"))
    return SeedSpace("GOLD", "Golden space", "for tests", tuple(pages))


def as_the_runs_left_it(site: confluence.SandboxConfluence) -> None:
    second, third = (
        datetime.fromisoformat(moment) for moment in ("2026-11-28T02:19:48.756Z", "2026-11-28T02:19:52.943Z")
    )
    site.edit("news", storage="<p>Release 8 ships nothing but repairs.</p>", at=second)
    site.edit("alpha-1", storage="<h2>Purpose</h2><p>Topic 1 of alpha, second edition.</p>", at=second)
    site.trash("alpha-4")
    site.edit("beta-1", storage="<h2>Purpose</h2><p>Topic 1 of beta, second edition.</p>", at=third)
    site.trash("beta-4")
    site.move("beta-3", "alpha")


def fill(served: twig.ServedTwig) -> None:
    """Give Twig what the first release sent to it, in the data source of that time."""
    from confluence_to_twig.twig.hook import TwigHook

    writes = json.loads((GOLDEN / "twig-writes.json").read_text(encoding="utf-8"))
    data_source = writes[0]["data_source"]
    with TwigHook("twig_default").client() as client:
        created = client.create_data_source("golden", "FILE", "Confluence space GOLD", "golden")
        with served.twig.store.transaction() as db:
            db.execute("UPDATE data_specs SET id = ? WHERE id = ?", (data_source, created.id))
        for write in writes:
            client.write_documents(data_source, write["body"], write["key"])
        client.process(data_source)


def at_its_port(stack: ExitStack, serve: Callable[[], AbstractContextManager[Server]]) -> Server:
    """Another run of these tests on this machine may have the port."""
    for _ in range(60):
        try:
            return stack.enter_context(serve())
        except OSError:
            time.sleep(1)
    return stack.enter_context(serve())


@pytest.fixture
def golden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Iterator[Site]:
    """A copy of the staging, and both servers in the state of that time."""
    shutil.copytree(GOLDEN, tmp_path / "staging")
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    monkeypatch.setenv("CONFLUENCE_TWIG_UNATTENDED", "yes")
    with ExitStack() as stack:
        served = confluence.SandboxConfluence(golden_space())
        base_url = at_its_port(stack, lambda: served.serve(port=CONFLUENCE_PORT))
        settings = twig.Settings(processing_seconds=0.0)
        served_twig = at_its_port(stack, lambda: twig.serve(settings=settings, port=TWIG_PORT))
        connection = {
            "conn_type": "confluence",
            "host": base_url,
            "login": confluence.SYNC_EMAIL,
            "password": confluence.SYNC_TOKEN,
            "extra": {"space_key": "GOLD", "gateway_url": base_url},
        }
        monkeypatch.setitem(os.environ, "AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(connection))
        monkeypatch.setitem(os.environ, "AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served_twig.connection()))
        as_the_runs_left_it(served)
        fill(served_twig)
        site = Site(served, served_twig, tmp_path / "sources.yaml", "golden")
        site.configure(space_key="GOLD")
        yield site


def staging() -> SourceStaging:
    return SourceStaging(staging_root(), "golden")


def rows() -> dict[str, dict[str, Any]]:
    return {row["document_id"]: row for row in ManifestStore(staging()).read().to_pylist()}


def test_a_sync_of_an_unchanged_space_sends_nothing_and_deletes_nothing(golden: Site) -> None:
    held, before = golden.held(), rows()
    report = golden.run(full=True)
    assert report["state"] == "success"
    assert (report["result"]["changed"], report["result"]["removed"], report["result"]["pages"]) == (0, 0, 10)
    assert set(golden.plan(report).values()) <= {("fetch", "converter upgraded")}
    assert golden.writes() == 0
    assert golden.held() == held
    assert rows().keys() == before.keys()
    again = golden.run(full=True)
    assert golden.plan(again) == {}
    assert golden.writes() == 0


def test_a_page_that_was_edited_is_sent_alone_and_gains_what_the_first_format_lacked_and_one_that_was_deleted_goes(
    golden: Site,
) -> None:
    before = rows()
    golden.confluence.edit("beta-2", storage="<p>Topic 2 of beta, second edition.</p>")
    golden.confluence.trash("alpha-2")
    edited, deleted = (str(golden.confluence.find(page).id) for page in ("beta-2", "alpha-2"))
    report = golden.run(full=True)
    assert report["state"] == "success"
    assert (report["result"]["changed"], report["result"]["removed"]) == (1, 1)
    assert golden.held().keys() == before.keys() - {deleted}
    after = rows()
    assert {page: row["content_hash"] for page, row in after.items() if page != edited} == {
        page: row["content_hash"] for page, row in before.items() if page not in (edited, deleted)
    }
    assert before[edited]["space_id"] is None
    assert after[edited]["space_id"]
    assert after[edited]["text_bytes"] > 0
    assert after[edited]["data_source"] == before[edited]["data_source"]


def test_what_the_first_release_wrote_down_is_still_read(golden: Site) -> None:
    runs = [(run.state, run.changed, run.removed) for run in read_history(staging())]
    assert sorted(runs) == [("failed", 1, 1), ("success", 3, 1), ("success", 12, 0)]
    second = staging().run("manual__2026-11-28T02:19:48.830071+00:00")
    assert [(page["title"], page["stage"]) for page in failed_pages(second)] == [("Release news", "load")]
    assert len(list(iter_rows(second.inventories()[0], ["page_id", "space_id"]))) == 11
    assert sorted(DeletionLog(staging()).read()["title"].to_pylist()) == ["Alpha topic 4", "Beta topic 4"]
    assert Ledger(staging()).open_problems(frozenset({"failed"})).keys() == {"golden:failed:load TransientError"}
