from __future__ import annotations

from collections.abc import Iterator

import pytest

from confluence_to_twig.staging.journal import IN_DOUBT
from confluence_to_twig.twig.client import RouteNotOffered, TwigClient
from confluence_to_twig.twig.drift import FOREIGN_REASON, Drift, audit, repair
from tests.twig.world import Page, World, expected

PAGES = [Page(str(number), (f"Text of page {number}", "Second part")) for number in range(6)]


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    world.load(*PAGES)
    with world.client() as client:
        yield client


def find(world: World, client: TwigClient) -> Drift:
    return audit(client, world.source(client), world.manifest)


def test_finds_nothing_when_nothing_drifted(world: World, client: TwigClient) -> None:
    drift = find(world, client)
    assert not drift.found
    assert str(drift) == "Twig holds exactly what the manifest says"
    assert world.load(*PAGES).writes == 0


def test_finds_what_is_missing_changed_and_unknown(world: World, client: TwigClient) -> None:
    source = world.source(client).id
    world.twig.forget_document(source, "1")
    world.twig.alter_document(source, "2")
    client.write_documents(
        source, '{"upserts":[{"id":"x","version":1,"contentHash":"h","title":"By hand","url":"","chunks":[]}]}', "k"
    )
    drift = find(world, client)

    assert (drift.missing, drift.changed) == ({"1": "Page 1"}, {"2": "Page 2"})
    assert [(entry.page_id, entry.reason) for entry in drift.foreign] == [("x", FOREIGN_REASON)]
    assert "1 missing in Twig: 'Page 1' (1)" in str(drift)
    assert drift.as_dict()["found"] is True


def test_repair_mends_all_of_it(world: World, client: TwigClient) -> None:
    source = world.source(client)
    world.twig.forget_document(source.id, "1")
    world.twig.alter_document(source.id, "2")
    client.write_documents(
        source.id, '{"upserts":[{"id":"x","version":1,"contentHash":"h","title":"By hand","url":"","chunks":[]}]}', "k"
    )
    repair(client, source, world.manifest, world.audit, find(world, client), "run-r")

    rows = {row["page_id"]: row["converter_version"] for row in world.manifest.read().to_pylist()}
    assert {page_id for page_id, converter in rows.items() if converter == IN_DOUBT} == {"1", "2"}
    assert find(world, client).in_doubt == 2
    world.load(*PAGES)  # the plan fetches pages whose row no converter made
    assert world.held() == expected(*PAGES)
    assert not find(world, client).found
    assert [(row["page_id"], row["run_id"]) for row in world.audit.read().to_pylist()] == [("x", "run-r")]


def test_so_many_unknown_documents_that_the_manifest_must_be_wrong_are_not_deleted(world: World) -> None:
    pages = [Page(str(number), ()) for number in range(25)]
    world.load(*pages)
    world.manifest.rebuild(world.manifest.view().data_source_id, [])
    with world.client() as client:
        drift = find(world, client)
        assert len(drift.foreign) == drift.listed == 25
        repaired = repair(client, world.source(client), world.manifest, world.audit, drift, "run")
    assert (repaired.deleted, repaired.kept) == (0, 25)
    assert len(world.held()) == 25


def test_a_page_that_is_loaded_meanwhile_is_no_drift(world: World, client: TwigClient) -> None:
    """Another run loads between the two looks at the manifest, before the listing is read."""
    source = world.source(client)
    store = world.manifest
    seen = store.view()
    views = iter([seen])
    original = store.view
    store.view = lambda *_: next(views, None) or original()  # type: ignore[method-assign]
    world.load(PAGES[0].edited(sections=("new",)), Page("9", ("also new",)))

    assert not audit(client, source, store).found


def test_says_when_twig_cannot_list(world: World, client: TwigClient) -> None:
    world.twig.settings.listing_status = 501
    with pytest.raises(RouteNotOffered):
        find(world, client)


def test_shows_the_first_fifty_pages(world: World) -> None:
    drift = Drift(missing={str(number): f"Page {number}" for number in range(60)})
    assert "'Page 49' (49) and 10 more" in str(drift)
