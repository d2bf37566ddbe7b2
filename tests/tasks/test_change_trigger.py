"""The trigger that watches a space, by asyncio against the sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.planning.spaces import chosen_spaces
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import Record
from confluence_to_twig.runs.run import Run, RunFacts
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.last_inventory import (
    LastInventory,
    last_inventory_of,
    read_last_inventory,
    write_last_inventory,
)
from confluence_to_twig.staging.layout import ROOT_VARIABLE, SourceStaging, staging_root
from confluence_to_twig.tasks import change_trigger, site_watch
from confluence_to_twig.tasks.change_trigger import ChangeTrigger
from confluence_to_twig.tasks.looks import look_at_each
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.spaces import QUICK, numbered_space, settings_of, small_space

SOURCE = Source(name="docs", space_key="PROD", on_change=True)
SOON = 8.0  # seconds in which an event must come
LATER = 0.8  # seconds without one that count as none


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxConfluence]:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    with serve(small_space()) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        yield served


@pytest.fixture
def runs(sandbox: SandboxConfluence) -> Iterator[Callable[[Source], Callable[[], str]]]:
    """What a run of a source does as far as the trigger sees it: it looks. Returns the kind of look."""
    with ConfluenceClient(settings_of(sandbox), patience=QUICK) as client:

        def run_of(source: Source) -> Callable[[], str]:
            def look() -> str:
                facts = RunFacts("asset_triggered", datetime.now(UTC))
                of_run = Run(source, "run", facts, RunParams(), "discover", 1)
                if source.spaces:
                    spaces, _ = chosen_spaces(source.spaces, client.api.all_spaces(), archived=False)
                else:
                    spaces = [client.space(source.space_key)]
                looks = look_at_each(of_run, client, spaces, Record())
                looks.write(of_run)
                return str(looks.summary()["kind"])

            return look

        yield run_of


@pytest.fixture
def run(runs: Callable[[Source], Callable[[], str]]) -> Callable[[], str]:
    return runs(SOURCE)


def trigger(source: str = "docs", *spaces: str, **fields: Any) -> ChangeTrigger:
    arguments = {"archived": False, "poll_every": 0.1, "quiet_for": 0.0, "sweep_every": None} | fields
    return ChangeTrigger(source, "confluence_default", list(spaces) or ["PROD"], ["page", "blogpost"], **arguments)


async def next_event(events: AsyncIterator[TriggerEvent], seconds: float = SOON) -> str | None:
    """Why the next event comes; None: none comes."""
    waiting = asyncio.ensure_future(anext(events))
    done, _ = await asyncio.wait([waiting], timeout=seconds)
    if not done:
        waiting.cancel()
        await asyncio.wait([waiting])
        return None
    return str(waiting.result().payload["why"])


def why(seconds: float = SOON, **fields: Any) -> str | None:
    """What a trigger that starts now fires for."""
    return asyncio.run(next_event(trigger(**fields).run(), seconds))


def test_it_comes_back_from_the_database_as_it_was() -> None:
    path, arguments = trigger().serialize()
    assert path == "confluence_to_twig.tasks.change_trigger.ChangeTrigger"
    again = ChangeTrigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_nothing_fires_before_the_first_run_and_while_nothing_changes(
    sandbox: SandboxConfluence, run: Callable[[], str]
) -> None:
    assert why(LATER) is None
    run()
    assert why(LATER) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sandbox: sandbox.edit("guide", storage="<p>Edited.</p>"), "pages are new or changed"),
        (lambda sandbox: sandbox.new_page("PROD", "New", "<p>New.</p>"), "pages are new or changed"),
        (lambda sandbox: sandbox.new_page("PROD", "Newer", "<p>.</p>", kind="blogpost"), "pages are new or changed"),
        (lambda sandbox: sandbox.trash("linux"), "search counts -1 pages"),
    ],
    ids=["edit", "new page", "new blog post", "trash"],
)
def test_a_change_fires_once_until_a_run_has_looked(
    change: Callable[[SandboxConfluence], object], reason: str, sandbox: SandboxConfluence, run: Callable[[], str]
) -> None:
    run()

    async def watch() -> None:
        events = trigger().run()
        pending = asyncio.ensure_future(next_event(events))
        await asyncio.sleep(0.3)
        change(sandbox)
        # A look that is under way may see it in the total alone.
        assert await pending in (reason, "search counts +1 pages")

    asyncio.run(watch())
    assert why(LATER) is None  # a triggerer that starts anew, or a second one
    run()
    if reason.startswith("search"):
        assert why() == reason  # the next look has to confirm it
        assert run() == "sweep"
    assert why(LATER) is None


def test_what_came_while_a_run_was_under_way_fires_again(sandbox: SandboxConfluence, run: Callable[[], str]) -> None:
    run()
    sandbox.edit("guide", storage="<p>Edited.</p>")
    assert why() is not None
    run()
    sandbox.edit("guide", storage="<p>Edited again.</p>")
    assert why() is not None


def test_a_run_that_never_looked_is_started_again(
    sandbox: SandboxConfluence, run: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    sandbox.edit("guide", storage="<p>Edited.</p>")
    assert why() is not None
    monkeypatch.setattr(change_trigger, "STARTED_IN_VAIN", timedelta())
    assert why() is not None


def test_a_sweep_that_is_due_fires(sandbox: SandboxConfluence, run: Callable[[], str]) -> None:
    run()
    path = last_inventory_of(SourceStaging(staging_root(), "docs"), str(sandbox.space("PROD").id))
    last = read_last_inventory(path)
    assert last is not None
    state = replace(last.state, swept_at=last.state.swept_at - timedelta(minutes=61))
    write_last_inventory(path, LastInventory(last.table, state))
    assert why(sweep_every=7_200.0, seconds=LATER) is None
    assert why() == "a full sweep is due"
    assert run() == "sweep"
    assert why(LATER) is None


def test_a_burst_of_edits_is_one_event(sandbox: SandboxConfluence, run: Callable[[], str]) -> None:
    run()

    async def watch() -> None:
        events = trigger(quiet_for=0.5).run()
        pending = asyncio.ensure_future(next_event(events))
        for number in range(6):
            sandbox.edit("guide", storage=f"<p>Edit {number}.</p>")
            await asyncio.sleep(0.2)
            assert not pending.done()
        assert await pending is not None
        assert sandbox.find("guide").version.number == 7
        assert await next_event(events, LATER) is None

    asyncio.run(watch())


def test_a_site_that_is_down_and_a_token_that_expires_are_waited_out(
    sandbox: SandboxConfluence, run: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    sandbox.edit("guide", storage="<p>Edited.</p>")
    good = sandbox.connection()

    async def watch() -> None:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(good | {"password": "expired"}))
        outage = sandbox.fail(faults.Refuse(503), times=3)
        pending = asyncio.ensure_future(next_event(trigger().run(), 20))
        await asyncio.sleep(1.0)
        assert not pending.done()
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(good))
        assert await pending == "pages are new or changed"
        assert outage.hits

    asyncio.run(watch())


def test_triggers_of_one_site_fire_each_for_its_own_space_also_after_the_site_was_down(
    sandbox: SandboxConfluence, runs: Callable[[Source], Callable[[], str]]
) -> None:
    sandbox.add_space(numbered_space(3, "TWO"))
    sandbox.add_space(SeedSpace("THREE", "Three", "", (SeedPage("three", "Three", "<p>.</p>"),)))
    for key in ("PROD", "TWO", "THREE"):
        runs(SOURCE.model_copy(update={"name": key, "space_key": key}))()
    sandbox.edit("guide", storage="<p>Edited.</p>")
    sandbox.new_page("THREE", "New", "<p>New.</p>")

    async def watch() -> None:
        outage = sandbox.fail(faults.Refuse(503), times=4)
        events = [trigger(key, key).run() for key in ("PROD", "TWO", "THREE")]
        found = await asyncio.gather(*(next_event(event, 4.0) for event in events))
        assert [why is not None for why in found] == [True, False, True]
        assert outage.hits

    asyncio.run(watch())


MANY = Source(name="many", spaces=["*"], on_change=True)


@pytest.fixture
def run_of_many(sandbox: SandboxConfluence, runs: Callable[[Source], Callable[[], str]]) -> Iterator[Callable[[], str]]:
    """A source with three spaces."""
    sandbox.add_space(numbered_space(3, "TWO"))
    sandbox.add_space(SeedSpace("THREE", "Three", "", (SeedPage("three", "Three", "<p>.</p>"),)))
    yield runs(MANY)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sandbox: sandbox.edit("p2", storage="<p>Edited.</p>"), "pages are new or changed in TWO"),
        (lambda sandbox: sandbox.new_page("THREE", "New", "<p>.</p>"), "pages are new or changed in THREE"),
        (lambda sandbox: sandbox.trash("p2"), "search counts -1 pages in TWO"),
    ],
    ids=["edit", "new page", "trash"],
)
def test_a_change_in_one_of_many_spaces_fires_once_and_names_it(
    change: Callable[[SandboxConfluence], object],
    reason: str,
    sandbox: SandboxConfluence,
    run_of_many: Callable[[], str],
) -> None:
    run_of_many()
    many = ["many", "*"]
    assert asyncio.run(next_event(trigger(*many).run(), LATER)) is None
    change(sandbox)
    assert asyncio.run(next_event(trigger(*many).run())) == reason
    assert asyncio.run(next_event(trigger(*many).run(), LATER)) is None
    run_of_many()
    if "search" in reason:  # the next look has to confirm it
        assert asyncio.run(next_event(trigger(*many).run())) == reason
        run_of_many()
    assert asyncio.run(next_event(trigger(*many).run(), LATER)) is None


def test_a_new_space_that_fits_is_watched_once_a_run_has_taken_it_up(
    sandbox: SandboxConfluence, run_of_many: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_trigger, "SPACES_HOLD_S", 0.2)
    monkeypatch.setattr(site_watch, "SPACES_HOLD_S", 0.1)
    run_of_many()

    async def watch() -> None:
        pending = asyncio.ensure_future(next_event(trigger("many", "*").run()))
        sandbox.add_space(SeedSpace("FOUR", "Four", "", (SeedPage("four", "Four", "<p>.</p>"),)))
        await asyncio.sleep(0.6)
        assert not pending.done()
        await asyncio.to_thread(run_of_many)
        sandbox.edit("four", storage="<p>Edited.</p>")
        assert await pending == "pages are new or changed in FOUR"

    asyncio.run(watch())


def test_sweeps_that_are_due_in_many_spaces_are_one_event(
    sandbox: SandboxConfluence, run_of_many: Callable[[], str]
) -> None:
    run_of_many()
    reason = asyncio.run(next_event(trigger("many", "*", sweep_every=0.1).run()))
    assert reason == "a full sweep is due in PROD, THREE, TWO"
    assert asyncio.run(next_event(trigger("many", "*", sweep_every=0.1).run(), LATER)) is None
