"""The wait for Twig, as task and triggerer share it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.tasks.processing_trigger import ProcessingTrigger
from confluence_to_twig.tasks.verify import Wait, follow
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


def test_what_came_in_meanwhile_is_processed_too(world: World, run: Run) -> None:
    wait = follow(run)
    world.load(PAGE.edited(sections=("Another text",)))
    assert follow_to_the_end(run, wait) == 2
    assert triggered(world) == 2
    assert [hit["text"] for hit in world.twig.search("another")] != []
    assert not world.manifest.view().unprocessed


def test_one_under_way_is_followed_and_then_another_one_started(world: World, run: Run) -> None:
    world.twig.settings.processing_seconds = 2
    with world.client() as client:
        client.process(world.source(client).id)
    world.load(PAGE.edited(sections=("Another text",)))
    wait = follow(run)
    assert wait is not None
    assert not wait.ours
    assert wait.process_id
    follow_to_the_end(run, wait)
    assert not world.manifest.view().unprocessed
    assert [hit["text"] for hit in world.twig.search("another")] != []
