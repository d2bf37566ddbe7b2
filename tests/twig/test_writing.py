"""Two runs that write the same page, one of them slow or dead at the worst moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from confluence_to_twig.errors import PipelineError, TransientError
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.twig.batching import body_of, prepare
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.delta import Package, decide
from confluence_to_twig.twig.loader import load
from confluence_to_twig.twig.writing import NOTHING, Writer
from tests.twig.world import Page, World, answering, expected

PAGE = Page("1", ("Text",))
RELABELLED = replace(PAGE, labels=("new",))  # the same version: Twig takes whichever comes last


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    with world.client() as client:
        yield client


def body_and_row(world: World, page: Page) -> tuple[str, dict[str, Any]]:
    package = Package(page.document(), tuple(page.chunks()))
    decision = decide(package, world.manifest.view().standing(page.page_id))
    return body_of([prepare(package, decision)]), package.manifest_row()


def labels(world: World) -> list[str]:
    labels: list[str] = world.twig.documents(world.source().id)["1"].metadata["labels"]
    return labels


def test_a_request_that_outlives_its_run_changes_nothing_after_another_runs_write(
    world: World, client: TwigClient
) -> None:
    source = world.source(client)
    body, row = body_and_row(world, PAGE)
    died = world.manifest.begin(world.manifest.view(), run_id="died", rows=[row])
    world.load(RELABELLED, run_id="other")
    with suppress(PipelineError):
        client.write_documents(source.id, body, died.token)

    assert labels(world) == ["new"]
    known = world.manifest.view().standing("1")
    assert (known.in_doubt, (known.row or {})["labels"]) == (False, ["new"])


def test_a_request_that_arrived_before_another_runs_write_leaves_no_doubt(world: World, client: TwigClient) -> None:
    source = world.source(client)
    body, row = body_and_row(world, PAGE)
    died = world.manifest.begin(world.manifest.view(), run_id="died", rows=[row])
    client.write_documents(source.id, body, died.token)
    world.load(RELABELLED, run_id="other")

    assert labels(world) == ["new"]
    assert not world.manifest.view().standing("1").in_doubt


def test_pages_of_a_dead_write_that_nobody_wrote_again_stay_in_doubt(world: World, client: TwigClient) -> None:
    world.load(PAGE)
    row = body_and_row(world, RELABELLED)[1]
    world.manifest.begin(world.manifest.view(), run_id="died", rows=[row])
    before = len(world.writes())
    world.load()  # a run with nothing to send

    assert [(record.upserts, record.deletes) for record in world.writes()[before:]] == [((), ())]
    assert world.manifest.view().under_way() == []
    assert world.manifest.view().standing("1").in_doubt


class Overtaken(ManifestStore):
    """Its writer is slow: another run takes each of its first writes for dead before it is sent."""

    def __init__(self, world: World, client: TwigClient, times: int) -> None:
        super().__init__(world.staging)
        self.other = Writer(client, world.source(client), world.manifest, "other")
        self.times = times

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().begin(*args, **kwargs)
        if self.times:
            self.times -= 1
            self.other.put_an_end_to([operation])
        return operation


def test_a_living_write_that_was_taken_for_dead_begins_anew(world: World, client: TwigClient) -> None:
    slow = Writer(client, world.source(client), Overtaken(world, client, 1), "slow")
    body, row = body_and_row(world, PAGE)
    assert slow.write(world.manifest.view(), body, rows=[row]) is None
    written = slow.write(world.manifest.view(), body, rows=[row])
    assert written is not None
    world.manifest.end(written[0], done=written[1].accepted)

    assert world.held() == expected(PAGE)
    assert not world.manifest.view().standing("1").in_doubt


def test_a_load_goes_on_when_one_of_its_writes_was_taken_for_dead(world: World, client: TwigClient) -> None:
    report = load(client, world.source(client), *world.shards(PAGE), Overtaken(world, client, 2), "slow")
    assert (report.documents_sent, report.refused) == (1, [])
    assert world.held() == expected(PAGE)
    assert not world.manifest.view().standing("1").in_doubt


def test_a_load_that_is_overtaken_again_and_again_fails_for_now(world: World, client: TwigClient) -> None:
    with pytest.raises(TransientError, match="Other runs wrote the same pages"):
        load(client, world.source(client), *world.shards(PAGE), Overtaken(world, client, 99), "slow")
    assert world.load(PAGE).refused == []
    assert world.held() == expected(PAGE)


def test_a_twig_that_refuses_empty_requests_can_be_written_to_all_the_same(world: World) -> None:
    row = body_and_row(world, PAGE)[1]
    world.source()
    world.manifest.begin(world.manifest.view(), run_id="died", rows=[row])
    refusal = {"error": {"code": "invalid_request", "message": "Nothing to do"}, "status": "error"}
    with answering(refusal, 400) as base_url, world.client(base_url=base_url) as client:
        Writer(client, world.source(), world.manifest, "run").put_an_end_to(world.manifest.view().under_way())
    assert world.manifest.view().under_way() == []


def test_an_empty_request_is_one_that_twig_takes(world: World, client: TwigClient) -> None:
    outcome = client.write_documents(world.source(client).id, NOTHING, "key")
    assert (outcome.accepted, outcome.deleted, outcome.refused) == (frozenset(), frozenset(), ())
