from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.twig.data_source import find_or_create, oldest
from confluence_to_twig.twig.models import DataSource
from sandbox.twig import Fault
from tests.twig.world import Page, World, expected, local_staging


def names(world: World) -> list[str]:
    return [spec["name"] for spec in world.twig.data_specs()]


def creations(world: World) -> int:
    records = world.twig.log.records()
    return sum(record.method == "POST" and record.path.endswith("/data-specs") for record in records)


def test_creates_the_data_source_once_and_remembers_it(world: World) -> None:
    with world.client() as client:
        first = find_or_create(client, "docs", staging=world.staging, description="Space PROD")
        assert find_or_create(client, "docs", staging=world.staging) == first
    (spec,) = world.twig.data_specs()
    assert (spec["name"], spec["type"], spec["description"]) == ("docs", "FILE", "Space PROD")
    binding = read_binding(world.staging)
    assert binding is not None
    assert binding.data_source_id == first.id


def test_finds_one_that_exists_by_exact_name_and_type(world: World, tmp_path: Path) -> None:
    with world.client() as client:
        client.create_data_source("docs-old", "FILE", "", "k1")
        client.create_data_source("docs", "WEBSITE", "", "k2")
        wanted = client.create_data_source("docs", "FILE", "", "k3")
        assert find_or_create(client, "docs", staging=world.staging).id == wanted.id
    assert creations(world) == 3


def test_uses_the_oldest_of_several_with_the_same_name(world: World) -> None:
    with world.client() as client:
        first = client.create_data_source("docs", "FILE", "", "k1")
        client.create_data_source("docs", "FILE", "", "k2")
        assert find_or_create(client, "docs", staging=world.staging).id == first.id


def test_the_oldest_is_the_same_for_everybody() -> None:
    one, two, three = (
        DataSource("ds_2", "n", "t", created_at="2026-01-01T00:00:00Z"),
        DataSource("ds_1", "n", "t", created_at="2026-01-02T00:00:00Z"),
        DataSource("ds_3", "n", "t", created_at="2026-01-01T00:00:00Z"),
    )
    assert oldest([three, two, one]) == oldest([one, two, three]) == one
    assert oldest([]) is None


def test_many_runs_that_create_at_once_end_with_one(world: World, tmp_path: Path) -> None:
    found: list[str] = []

    def run(number: int) -> None:
        staging = local_staging(tmp_path / str(number))
        with world.client() as client:
            found.append(find_or_create(client, "docs", staging=staging).id)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert names(world) == ["docs"]


def test_gives_way_to_one_that_another_client_created_meanwhile(world: World) -> None:
    world.twig.inject(Fault(kind="delay", seconds=0.3, method="POST", path="/data-specs$"))
    chosen: list[str] = []

    def ours() -> None:
        with world.client() as client:
            chosen.append(find_or_create(client, "docs", staging=world.staging).id)

    thread = threading.Thread(target=ours)
    thread.start()
    while not any(record for record in world.twig.log.records()):
        pass  # ours has looked and found nothing
    while world.twig.faults.pending():
        pass  # ours is about to create
    with world.client() as client:
        theirs = client.create_data_source("docs", "FILE", "", "their-key")
    thread.join()

    assert chosen == [theirs.id]
    assert [spec["id"] for spec in world.twig.data_specs()] == [theirs.id]


def test_makes_a_new_one_when_the_remembered_one_was_deleted(world: World) -> None:
    page = Page("1", ("Some text",))
    world.load(page)
    with world.client() as client:
        old = world.source(client)
        client.delete_data_source(old.id)
        new = world.source(client)
    assert new.id != old.id
    assert world.manifest.read().num_rows == 0

    assert world.load(page).documents_sent == 1
    assert world.held() == expected(page)


def test_makes_a_new_one_when_it_was_deleted_and_forgotten(world: World) -> None:
    with world.client() as client:
        old = world.source(client)
        client.delete_data_source(old.id)
        (world.staging.home / "twig.json").unlink()
        assert world.source(client).id != old.id
    assert len(names(world)) == 1


def test_keeps_the_one_it_knows_when_somebody_renamed_it_in_twig(world: World) -> None:
    with world.client() as client:
        ours = world.source(client)
        with world.twig.store.transaction() as db:
            db.execute("UPDATE data_specs SET name = 'renamed'")
        assert world.source(client).id == ours.id


def test_looks_anew_when_the_source_names_another_one(world: World) -> None:
    with world.client() as client:
        first = find_or_create(client, "docs", staging=world.staging)
        second = find_or_create(client, "manual", staging=world.staging)
        assert first.id != second.id
        binding = read_binding(world.staging)
        assert binding is not None
        assert binding.data_source_id == second.id


def test_an_id_of_another_twig_means_nothing(world: World) -> None:
    world.source()
    binding = read_binding(world.staging)
    assert binding is not None
    from confluence_to_twig.staging.binding import write_binding

    write_binding(world.staging, replace(binding, base_url="https://api.twig.so"))
    with world.client() as client:
        assert world.source(client).id == binding.data_source_id


@pytest.mark.parametrize("lost", ["answer", "request"])
def test_a_lost_answer_does_not_create_twice(world: World, lost: str) -> None:
    fault = Fault(kind="reset", applied=lost == "answer", method="POST", path="/data-specs$")
    world.twig.inject(fault)
    world.source()
    assert len(names(world)) == 1
