from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.client import DataSourceGone, TwigClient
from confluence_to_twig.twig.process import (
    ProcessState,
    Started,
    check,
    poll_interval_s,
    processing_timeout,
    start_processing,
)
from confluence_to_twig.twig.rebuild import rebuild
from sandbox.twig import Fault, ProcessFailure
from tests.twig.world import Page, World

PAGE = Page("1", ("Some text",))


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    with world.client() as client:
        yield client


def triggers(world: World) -> int:
    return sum(record.path.endswith("/process") for record in world.twig.log.records())


def test_triggers_once_after_a_load_and_not_again(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    source = world.source(client)
    assert start_processing(client, source, world.manifest) is not None
    assert start_processing(client, source, world.manifest) is None
    world.load(PAGE)
    assert start_processing(client, source, world.manifest) is None
    assert triggers(world) == 1


def test_triggers_for_what_a_dead_run_left_behind(world: World, client: TwigClient) -> None:
    world.load(PAGE)  # and died before it could trigger
    world.load(PAGE)
    assert start_processing(client, world.source(client), world.manifest) is not None


def test_triggers_after_a_rebuild_which_can_not_know_whether_twig_processed_all(
    world: World, client: TwigClient
) -> None:
    world.load(PAGE)
    source = world.source(client)
    assert start_processing(client, source, world.manifest) is not None
    assert rebuild(client, source, world.manifest, "rebuild").documents == 1
    assert start_processing(client, source, world.manifest) is not None
    assert start_processing(client, source, world.manifest) is None
    assert triggers(world) == 2


def test_triggers_again_when_the_last_processing_failed(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    source = world.source(client)
    world.twig.fail_processing()
    started = start_processing(client, source, world.manifest)
    assert started is not None
    assert check(client, source.id, started.process_id).state == "failed"
    assert start_processing(client, source, world.manifest) is not None
    assert check(client, source.id).state == "done"


def test_waits_while_twig_processes(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    source = world.source(client)
    world.twig.settings.processing_seconds = 3_600
    started = start_processing(client, source, world.manifest)
    assert started is not None
    state = check(client, source.id, started.process_id)
    assert (state.state, state.status, state.is_over) == ("waiting", "processing", False)


@pytest.mark.parametrize("capitalised", [False, True])
def test_is_done_when_twig_is_active(world: World, client: TwigClient, capitalised: bool) -> None:
    world.twig.settings.capitalised_status = capitalised
    world.load(PAGE)
    source = world.source(client)
    started = start_processing(client, source, world.manifest)
    assert started is not None
    assert check(client, source.id, started.process_id).state == "done"
    assert check(client, source.id).state == "done"


def test_a_failure_shows_twigs_log_lines(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    source = world.source(client)
    world.twig.fail_processing(
        ProcessFailure("Embedding failed", ("Worker 3 lost", f"Key {world.served.api_key} used"))
    )
    started = start_processing(client, source, world.manifest)
    assert started is not None
    state = check(client, source.id, started.process_id)

    with pytest.raises(PermanentError, match="could not process the data source: Embedding failed") as caught:
        state.require_success()
    assert "Worker 3 lost" in caught.value.remedy
    assert world.served.api_key not in caught.value.remedy


def test_a_failure_is_told_where_twig_has_no_logs(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    source = world.source(client)
    world.twig.fail_processing()
    start_processing(client, source, world.manifest)
    world.twig.answer_with(404, path="-logs", times=10)
    state = check(client, source.id, "proc_1")
    assert state.state == "failed"
    with pytest.raises(PermanentError, match="no lines"):
        state.require_success()


def test_a_data_source_that_is_gone_is_told(world: World, client: TwigClient) -> None:
    source = world.source(client)
    client.delete_data_source(source.id)
    with pytest.raises(DataSourceGone):
        check(client, source.id)


def test_a_lost_answer_to_the_trigger_does_no_harm(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    world.twig.settings.processing_seconds = 0.2
    world.twig.inject(Fault(kind="reset", applied=True, path="/process$"))
    started = start_processing(client, world.source(client), world.manifest)
    assert started is not None
    assert started == Started(started.process_id, ours=False)


def test_more_chunks_may_take_longer() -> None:
    assert processing_timeout(0) == timedelta(minutes=15)
    assert processing_timeout(1_200) == timedelta(minutes=95)
    assert processing_timeout(1_000_000) == timedelta(hours=24)


def test_looks_less_often_the_longer_it_takes() -> None:
    assert [poll_interval_s(waited) for waited in (0, 5, 60, 600, 36_000)] == [1, 1, 6, 30, 30]


def test_states_can_be_sent_as_events() -> None:
    from dataclasses import asdict

    assert ProcessState(**asdict(ProcessState("done", "active"))) == ProcessState("done", "active")
