"""The wait for Twig, as task and triggerer share it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.report import read_records
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.tasks.processing_trigger import ProcessingTrigger
from confluence_to_twig.tasks.twig_processing import Wait, follow
from confluence_to_twig.tasks.verify import VerificationError, finish
from sandbox.twig import Settings, serve
from tests.twig.world import Page, World

PAGE = Page("1", ("Some text",))


@pytest.fixture
def run(run: Run) -> Run:
    return replace(run, source=Source(name="product-docs", space_key="PROD"), task_id="verify")


@pytest.fixture
def world(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Twig was given a page that it has not processed yet."""
    with serve(settings=Settings(write_per_minute=None, processing_seconds=0.3)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served.connection()))
        world = World(served, run.source_staging)
        world.load(PAGE)
        yield world


def waited(wait: Wait) -> Any:
    """What the trigger sees at the end of the wait."""

    async def event() -> Any:
        trigger = ProcessingTrigger("twig_default", wait.data_source_id, wait.process_id, ours=wait.ours)
        return await anext(trigger.run())

    return asyncio.run(event()).payload


def follow_to_the_end(run: Run, wait: Wait | None) -> int:
    """Returns how often the task waited."""
    waits = 0
    while wait is not None:
        waits += 1
        wait = follow(run, waited(wait))
    return waits


def triggered(world: World) -> int:
    return sum(record.path.endswith("/process") for record in world.twig.log.records())


def test_waits_for_the_processing_that_it_started(world: World, run: Run) -> None:
    wait = follow(run)
    assert wait is not None
    assert wait.ours
    assert follow_to_the_end(run, wait) == 1
    assert follow(run) is None
    assert triggered(world) == 1


def test_a_processing_that_ends_soon_is_waited_for_in_the_task(world: World, run: Run) -> None:
    assert follow(run, briefly=timedelta(minutes=1)) is None
    assert triggered(world) == 1
    assert world.twig.search("some") != []
    (record,) = read_records(run.staging)
    assert record["figures"]["requests"] == record["figures"]["twig_requests"] >= 3


def test_a_processing_that_takes_longer_is_left_to_the_triggerer(world: World, run: Run) -> None:
    world.twig.settings.processing_seconds = 3_600
    wait = follow(run, briefly=timedelta(seconds=1))
    assert wait is not None
    assert wait.ours
    assert triggered(world) == 1


def test_what_came_in_meanwhile_is_processed_too(world: World, run: Run) -> None:
    wait = follow(run)
    world.load(PAGE.edited(sections=("Another text",)))
    assert follow_to_the_end(run, wait) == 2
    assert triggered(world) == 2
    assert [hit["text"] for hit in world.twig.search("another")] != []
    assert not world.manifest.view().unprocessed


def test_one_under_way_is_followed_and_then_another_one_started(world: World, run: Run) -> None:
    # Twig's time stands still: however slow this test is, it is under way.
    begun = time.time()
    world.twig.now = lambda: begun
    with world.client() as client:
        client.process(world.source(client).id)
    world.load(PAGE.edited(sections=("Another text",)))
    wait = follow(run)
    assert wait is not None
    assert not wait.ours
    assert wait.process_id
    world.twig.now = time.time
    follow_to_the_end(run, wait)
    assert not world.manifest.view().unprocessed
    assert [hit["text"] for hit in world.twig.search("another")] != []


def test_what_twig_calls_pending_is_processed_in_a_run_with_nothing_to_do(world: World, run: Run) -> None:
    """Somebody edited by hand: nothing of ours is unprocessed, and Twig waits to be told."""
    follow_to_the_end(run, follow(run))
    with world.twig.store.transaction() as db:
        db.execute("UPDATE data_specs SET status = 'pending'")
    assert not world.manifest.view().unprocessed
    assert follow_to_the_end(run, follow(run)) == 1
    assert world.twig.data_specs()[0]["status"] == "active"


def test_what_twig_processes_for_others_is_waited_for(world: World, run: Run) -> None:
    follow_to_the_end(run, follow(run))
    with world.client() as client:
        client.process(world.source(client).id)
    wait = follow(run)
    assert wait is not None
    assert not wait.ours
    follow_to_the_end(run, wait)
    assert triggered(world) == 2


def test_a_status_that_stays_pending_is_told_to_process_once(world: World, run: Run) -> None:
    world.twig.settings.stays_pending = True
    assert follow_to_the_end(run, follow(run)) == 1
    assert triggered(world) == 1


def test_a_processing_that_never_ends_is_told_and_not_waited_for_any_longer(world: World, run: Run) -> None:
    world.twig.settings.processing_seconds = 3_600
    wait = follow(run)
    assert wait is not None

    async def event() -> Any:
        trigger = ProcessingTrigger("twig_default", wait.data_source_id, wait.process_id, ours=wait.ours, seconds=0.5)
        return await anext(trigger.run())

    fired = asyncio.run(event()).payload
    assert fired["state"] == "waiting"
    assert follow(run, fired) is None
    write_rows(run.staging.plan, PLAN, [])
    with pytest.raises(VerificationError, match="Twig holds 0 pages, the manifest 1"):
        finish(run, late=fired["status"])
    (record,) = read_records(run.staging)
    assert "Twig's status is still 'processing'" in record["warnings"][0]


def loaded(world: World, run: Run) -> World:
    follow_to_the_end(run, follow(run))
    write_rows(run.staging.plan, PLAN, [])
    return world


def test_what_is_open_is_red_until_it_is_acknowledged_and_then_only_while_it_is_the_same(
    world: World, run: Run
) -> None:
    loaded(world, run).load(Page("2", ("Another page of the source",)))
    follow_to_the_end(run, follow(run))
    world.twig.forget_document(world.source().id, "1")
    with pytest.raises(VerificationError) as caught:
        finish(run)
    assert "Page 1" in str(caught.value)
    assert "set `repair: true` in the entry of product-docs" in str(caught.value)
    assert f"{world.source().id} at {world.served.base_url}" in str(caught.value)
    assert read_json(run.staging.report)["quality"]["rules"]["drift"]["value"] >= 1

    known = replace(run, run_id="second", params=RunParams(acknowledge=True))
    write_rows(known.staging.plan, PLAN, [])
    assert finish(known)["pages"] == 2
    assert read_json(known.staging.report)["quality"]["rules"]["drift"] == {"value": 0, "limit": 0, "good": True}
    later = replace(run, run_id="third")
    write_rows(later.staging.plan, PLAN, [])
    assert finish(later)["pages"] == 2
    world.twig.forget_document(world.source().id, "2")
    with pytest.raises(VerificationError, match="Page 2"):
        finish(later)


def test_a_run_with_nothing_to_do_compares_all_documents_when_it_is_due(world: World, run: Run) -> None:
    """Counts are equal: only the list tells."""
    loaded(world, run)
    finish(run)
    world.twig.alter_document(world.source().id, "1")
    later = replace(run, run_id="later", source=run.source.model_copy(update={"audit_every": timedelta(0)}))
    write_rows(later.staging.plan, PLAN, [])
    with pytest.raises(VerificationError, match="another content than was loaded"):
        finish(later)


def test_the_figures_go_into_report_and_event(world: World, run: Run) -> None:
    events = list[dict[str, Any]]()
    loaded(world, run)
    finish(run, emit=events.append)
    verified = read_json(run.staging.report)["verified"]
    assert (verified["compared"], verified["audited"], verified["open"]) == (1, True, 0)
    assert events[0]["verified"] == verified
    assert events[0]["quality"]["good"]
    assert events[0]["quality"]["rules"]["empty"] == {"value": 0.0, "limit": 0.2, "good": True}


def test_the_requests_of_the_wait_are_in_the_report(world: World, run: Run) -> None:
    before = len(world.twig.log.records())
    loaded(world, run)
    finish(run)
    report = read_json(run.staging.report)
    asked = len(world.twig.log.records()) - before
    assert report["figures"]["twig_requests"] == report["tasks"]["verify"]["requests"] == asked > 5
