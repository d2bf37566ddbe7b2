from __future__ import annotations

import json
from typing import Any

import pytest

from confluence_to_twig.twig.client import DataSourceGone
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.pruner import Deletion, prune
from confluence_to_twig.twig.verifier import Verdict, verify
from sandbox.twig import Fault
from tests.twig.world import Page, World, answering

SUBJECTS = [
    "pump",
    "valve",
    "boiler",
    "turbine",
    "rotor",
    "stator",
    "gasket",
    "flange",
    "piston",
    "bearing",
    "sensor",
    "relay",
]
PAGES = [
    Page(
        str(number),
        (f"How to mount the {subject}. Turn it twice.", f"Spare parts of the {subject}: ask zz{number}{subject}."),
    )
    for number, subject in enumerate(SUBJECTS)
]
GONE = Deletion("3", PAGES[3].name, PAGES[3].url, 1, "trashed")


@pytest.fixture
def loaded(world: World) -> World:
    """All pages loaded and processed."""
    world.load(*PAGES, run_id="run")
    process(world)
    return world


def process(world: World) -> None:
    with world.client() as client:
        start_processing(client, world.source(client), world.manifest)


def check(world: World, **options: Any) -> Verdict:
    run = world.staging.run("run")
    files = {"documents": [run.documents(0)], "chunks": [run.chunks(0)]}
    with world.client() as client:
        return verify(client, world.source(client), world.manifest, **files | options)


def remove(world: World, *deletions: Deletion) -> None:
    with world.client() as client:
        prune(client, world.source(client), deletions, world.manifest, world.audit, "run")


def write(world: World, document: dict[str, Any]) -> None:
    """Behind the pipeline's back."""
    with world.client() as client:
        source = world.source(client)
        client.write_documents(source.id, json.dumps({"upserts": [document]}), "by-hand")
        client.process(source.id)


def test_is_green_when_twig_holds_and_finds_everything(loaded: World) -> None:
    verdict = check(loaded, changed=[page.page_id for page in PAGES])
    assert verdict.ok
    assert (verdict.checked, verdict.documents_found, verdict.chunks_found) == (12, 12, 24)
    assert str(verdict) == "Twig holds 12 pages and 24 chunks as it should"
    assert verdict.as_dict()["ok"] is True


def test_searches_a_sample_only(loaded: World) -> None:
    assert check(loaded, changed=[page.page_id for page in PAGES], sample=5).checked == 5


def test_a_run_without_changes_only_compares_counts(loaded: World) -> None:
    loaded.twig.log.clear()
    assert check(loaded).ok
    assert [record.method for record in loaded.twig.log.records()] == ["GET", "GET"]


def test_is_red_when_twig_holds_another_number(loaded: World) -> None:
    loaded.twig.forget_document(loaded.source().id, "3")
    verdict = check(loaded)
    assert not verdict.ok
    assert "Twig holds 11 pages, the manifest 12" in str(verdict)
    assert "repair" in str(verdict)


def test_counts_are_not_compared_while_another_run_writes(loaded: World) -> None:
    """Between a run's *begin* and Twig's processing, the manifest names pages that Twig does not count yet."""
    row = loaded.manifest.view().row("1")
    assert row is not None
    other = loaded.manifest.begin(
        loaded.manifest.view(), run_id="other", rows=[row | {"document_id": "100", "page_id": "100"}]
    )
    verdict = check(loaded)
    assert verdict.ok
    assert verdict.documents_expected != verdict.documents_found
    assert "another run is writing" in verdict.warnings[0]
    loaded.manifest.end(other, done=["100"])
    assert "another run is writing" in check(loaded).warnings[0]
    loaded.manifest.processed(loaded.manifest.view())
    assert not check(loaded).ok


def test_names_the_page_that_search_does_not_find(loaded: World) -> None:
    loaded.twig.alter_document(loaded.source().id, "3")
    with loaded.twig.store.transaction() as db:
        db.execute("DELETE FROM passages WHERE rowid IN (SELECT number FROM indexed_chunks WHERE doc = '3')")
    verdict = check(loaded, changed=["2", "3"])
    assert [(entry.page_id, entry.title) for entry in verdict.mismatches] == [("3", "Page 3")]
    assert "'Page 3' (3): a search for its own rarest words does not cite it" in str(verdict)


def test_a_citation_with_another_address_is_not_enough(loaded: World) -> None:
    chunks = [
        {
            "id": chunk["chunk_id"],
            "ordinal": chunk["ordinal"],
            "hash": "h",
            "text": chunk["text"],
            "url": "page-3.md",
            "tokenCount": 1,
        }
        for chunk in PAGES[3].chunks()
    ]
    write(
        loaded,
        {"id": "3", "version": 1, "contentHash": "h", "title": "page-3.md", "url": "page-3.md", "chunks": chunks},
    )
    assert [entry.page_id for entry in check(loaded, changed=["3"]).mismatches] == ["3"]


def test_what_was_not_processed_is_not_found(world: World) -> None:
    world.load(*PAGES, run_id="run")
    verdict = check(world, changed=["1"])
    assert not verdict.ok
    assert [entry.page_id for entry in verdict.mismatches] == ["1"]


def test_pages_with_the_same_text_do_not_accuse_each_other(world: World) -> None:
    twins = [Page(str(number), ("The very same text on every one of these pages.",)) for number in range(30)]
    world.load(*twins, run_id="run")
    process(world)
    assert check(world, changed=[page.page_id for page in twins]).ok


def test_a_page_that_twig_refused_is_not_searched_for_what_it_does_not_hold(loaded: World) -> None:
    loaded.twig.refuse_documents(["3"])
    loaded.load(PAGES[3].edited(sections=("Nothing of this was taken qqqq",)), run_id="run")
    verdict = check(loaded, changed=["3"])
    assert (verdict.ok, verdict.checked) == (True, 0)


def test_pages_without_chunks_are_not_searched(world: World) -> None:
    world.load(Page("1", ()), run_id="run")
    process(world)
    verdict = check(world, changed=["1"])
    assert (verdict.ok, verdict.checked) == (True, 0)


def test_a_deleted_page_is_no_longer_cited(loaded: World) -> None:
    remove(loaded, GONE)
    verdict = check(loaded, deleted=[GONE])
    assert (verdict.ok, verdict.checked_deleted) == (True, 1)


def test_a_deleted_page_that_is_still_cited_is_named(loaded: World) -> None:
    remove(loaded, GONE)
    chunk = {"id": "copy", "ordinal": 0, "hash": "h", "text": PAGES[3].name, "url": GONE.url, "tokenCount": 1}
    write(
        loaded,
        {"id": "copy", "version": 1, "contentHash": "h", "title": GONE.title, "url": GONE.url, "chunks": [chunk]},
    )
    verdict = check(loaded, deleted=[GONE])
    assert "it was deleted and is still cited" in str(verdict)
    assert [entry.page_id for entry in verdict.mismatches] == ["3"]


def test_a_page_that_came_back_since_may_be_cited(loaded: World) -> None:
    assert check(loaded, deleted=[GONE]).ok


def test_says_what_it_could_not_check_without_an_organisation_id(loaded: World) -> None:
    loaded.changes["org_id"] = None
    verdict = check(loaded, changed=["1"])
    assert verdict.ok
    assert "no organisation id" in verdict.warnings[0]


def test_says_what_it_could_not_compare_when_twig_does_not_count(loaded: World) -> None:
    source = loaded.source()
    with (
        answering({"id": source.id, "name": "docs", "status": "Active"}) as base_url,
        loaded.client(base_url=base_url) as client,
    ):
        verdict = verify(client, source, loaded.manifest)
    assert verdict.ok
    assert verdict.warnings == ["Not compared: this Twig does not tell how many pages or chunks it holds."]


def test_a_data_source_that_is_gone_is_an_error(loaded: World) -> None:
    source = loaded.source()
    with loaded.client() as client:
        client.delete_data_source(source.id)
        with pytest.raises(DataSourceGone):
            verify(client, source, loaded.manifest)


def test_no_page_text_is_logged(loaded: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    loaded.twig.inject(Fault(kind="status", status=500, message="no zz3turbine", path="search"))
    check(loaded, changed=[page.page_id for page in PAGES])
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("confluence_to_twig.twig")
    )
    assert "mount" not in ours
