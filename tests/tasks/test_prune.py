"""The question before a mass deletion, and what becomes of each answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from confluence_to_twig.runs.record import record_path
from confluence_to_twig.runs.run import UNATTENDED_VARIABLE, Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.parquet import read_table, write_rows
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.tasks.prune import ApprovalNeededError, prune
from sandbox.twig import ServedTwig, Settings, serve
from tests.twig.world import Page, World, expected

PAGES = [Page(str(number), (f"Text of page {number}",)) for number in range(80)]
GONE, KEPT = PAGES[:60], PAGES[60:]


class Left(BaseException):
    """The task has left with its question, as it does in Airflow."""


@pytest.fixture
def run(run: Run) -> Run:
    return replace(run, source=Source(name="product-docs", space_key="PROD"), task_id="prune")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedTwig]:
    with serve(settings=Settings(write_per_minute=None)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served.connection()))
        yield served


@pytest.fixture
def world(served: ServedTwig, run: Run) -> World:
    """Twig holds all pages, and the plan of the run deletes most of them."""
    world = World(served, run.source_staging)
    world.load(*PAGES, run_id="earlier")
    rows = [
        {"page_id": page.page_id, "kind": "page", "action": "delete" if page in GONE else "leave", "reason": "archived",
         "title": page.name, "url": page.url, "manifest_run_id": "earlier"}
        for page in PAGES
    ]  # fmt: skip
    write_rows(run.staging.plan, PLAN, rows)
    return world


def test_asks_before_it_deletes_many_and_says_how_many_and_why(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")

    def ask(subject: str, body: str) -> None:
        asked.extend((subject, body))
        raise Left

    with pytest.raises(Left):
        prune(run, ask=ask)
    subject, body = asked
    assert subject == "Delete 60 of 80 pages of product-docs from Twig?"
    assert "* 60 × archived" in body
    assert "would lose 60 of 80 pages (75%): 7" in body  # of the text
    assert f"/plan?{urlencode({'run': run.run_id, 'action': 'delete'})}" in body
    listed = read_table(run.staging.plan).to_pylist()
    assert {row["page_id"] for row in listed if row["action"] == "delete"} == {page.page_id for page in GONE}
    assert world.held() == expected(*PAGES)


def test_a_refusal_keeps_all_of_them_and_is_recorded(world: World, run: Run) -> None:
    assert prune(run, approved=False, answered_by="ada") == {"deleted": 0, "kept": 60}
    assert world.held() == expected(*PAGES)
    assert world.audit.read().num_rows == 0
    record = read_json(record_path(run))
    assert record["warnings"] == ["60 of 80 pages (75%) stay in Twig: ada chose to keep them"]
    assert record["figures"]["kept_by_brake"] == 60
    assert record["details"]["approval"]["text"] == "ada kept 60 of 80 pages (75%)"


def test_an_approval_deletes_and_the_audit_says_who_gave_it(world: World, run: Run) -> None:
    assert prune(run, approved=True, answered_by="ada") == {"deleted": 60, "kept": 0}
    answer = read_json(record_path(run))["details"]["approval"]["text"]
    assert answer == "ada approved the deletion of 60 of 80 pages (75%)"
    assert world.held() == expected(*KEPT)
    rows = world.audit.read().to_pylist()
    assert {(row["approved_by"], row["run_id"], row["reason"]) for row in rows} == {("ada", run.run_id, "archived")}
    assert {row["page_id"] for row in rows} == {page.page_id for page in GONE}


def test_what_another_run_loaded_while_the_question_stood_is_not_deleted(world: World, run: Run) -> None:
    world.load(PAGES[0].edited(sections=("restored",)), run_id="other")
    assert prune(run, approved=True, answered_by="ada") == {"deleted": 59, "kept": 0}
    assert world.held().keys() == {page.page_id for page in (PAGES[0], *KEPT)}


def test_a_headless_run_fails_and_says_how_to_approve(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UNATTENDED_VARIABLE, "yes")
    with pytest.raises(ApprovalNeededError, match="would lose 60 of 80 pages") as caught:
        prune(run)
    assert "--approve-deletions" in caught.value.remedy
    assert world.held() == expected(*PAGES)
