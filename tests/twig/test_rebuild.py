from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from confluence_to_twig.staging.binding import read_binding, write_binding
from confluence_to_twig.staging.journal import IN_DOUBT
from confluence_to_twig.staging.manifest_files import ManifestCorruptError
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.drift import audit
from confluence_to_twig.twig.models import HeldDocument
from confluence_to_twig.twig.rebuild import rebuild, rebuild_if_lost, row_of, start_over
from tests.twig.world import Page, World, expected

PAGES = [
    Page(
        str(number), (f"Text of page {number}", "Second part"), version=number + 1, labels=("a",), ancestors=("Guides",)
    )
    for number in range(6)
] + [Page("empty", (), includes=("1@2",))]


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    world.load(*PAGES)
    with world.client() as client:
        yield client


def rows(world: World) -> list[dict[str, Any]]:
    kept = world.manifest.read().drop_columns(["loaded_at", "run_id"]).to_pylist()
    return sorted(kept, key=lambda row: row["page_id"])


@pytest.mark.parametrize("state", ["intact", "damaged", "lost"])
def test_the_rebuilt_manifest_equals_the_lost_one(world: World, client: TwigClient, state: str) -> None:
    world.manifest.compact()
    before = rows(world)
    if state == "damaged":
        world.staging.manifest.open("wb").write(b"damaged")
        with pytest.raises(ManifestCorruptError):
            world.manifest.read()
    elif state == "lost":
        world.manifest.discard()
    result = rebuild(client, world.source(client), world.manifest, "rebuild")

    assert (result.documents, result.incomplete, result.listed) == (7, 0, True)
    assert rows(world) == before
    assert world.load(*PAGES).writes == 0
    assert not audit(client, world.source(client), world.manifest).found


def test_a_full_reload_without_listing_ends_without_duplicates(world: World, client: TwigClient) -> None:
    world.twig.settings.listing_status = 405
    world.staging.manifest.open("wb").write(b"damaged")
    result = rebuild(client, world.source(client), world.manifest, "rebuild")
    assert not result.listed

    report = world.load(*PAGES)
    assert report.documents_sent == 7
    assert world.held() == expected(*PAGES)
    assert len(rows(world)) == 7


def test_a_lost_manifest_is_noticed_and_rebuilt(world: World, client: TwigClient) -> None:
    source = world.source(client)
    assert rebuild_if_lost(client, source, world.manifest, "run") is None
    for path in (world.staging.home / "manifest.d").iterdir():
        path.unlink()
    world.staging.manifest.unlink()
    result = rebuild_if_lost(client, source, world.manifest, "run")
    assert result is not None
    assert result.documents == 7


def test_a_new_data_source_is_not_taken_for_a_lost_manifest(world: World) -> None:
    with world.client() as client:
        assert rebuild_if_lost(client, world.source(client), world.manifest, "run") is None
        world.twig.settings.listing_status = 404
        assert rebuild_if_lost(client, world.source(client), world.manifest, "run") is None


def test_starting_over_removes_everything_and_records_it(world: World, client: TwigClient) -> None:
    world.load(*PAGES)
    old = world.source(client)
    for _ in range(2):  # the second time as if the first had been interrupted before it could forget
        binding = read_binding(world.staging)
        assert start_over(client, old.id, world.manifest, world.audit, "start_over__1", "ada") in {len(PAGES), 0}
        assert binding is not None
        write_binding(world.staging, binding)
    assert world.twig.data_specs() == []
    assert world.manifest.read().num_rows == 0
    assert [row["approved_by"] for row in world.audit.read().to_pylist()] == ["ada"] * len(PAGES)

    world.load(*PAGES)
    assert world.source(client).id != old.id
    assert world.held() == expected(*PAGES)


@pytest.mark.parametrize(
    "incomplete",
    [
        {"metadata": {}},
        {"content_hash": ""},
        {"chunk_hashes": ()},
        {"chunk_ids": (), "chunk_hashes": (), "chunk_count": 2},
    ],
)
def test_what_twig_does_not_tell_puts_a_row_in_doubt(incomplete: dict[str, Any]) -> None:
    document = HeldDocument("1", 3, "abc.1234", "T", "https://x", {"converterVersion": "1"}, ("a",), ("h",), 1)
    assert row_of(document, "run", "one")["converter_version"] == "1"
    assert row_of(document, "run", "one")["content_hash"] == "abc"
    assert row_of(replace(document, **incomplete), "run", "one")["converter_version"] == IN_DOUBT
