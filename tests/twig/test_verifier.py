from __future__ import annotations

import json
from typing import Any

import pytest

from confluence_to_twig.twig.client import DataSourceGone
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.pruner import Deletion, prune
from confluence_to_twig.twig.verifier import Before, Loaded, Verdict, verify
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
    world.twig.data_specs()  # whoever looks first settles it
    return world


def process(world: World) -> None:
    with world.client() as client:
        start_processing(client, world.source(client), world.manifest)


def check(world: World, *, before: Before | None = None, sample: int = 20, **loaded: Any) -> Verdict:
    run = world.staging.run("run")
    files = {"documents": [run.documents(0)], "chunks": [run.chunks(0)]}
    with world.client() as client:
        source = world.source(client)
        return verify(client, source, world.manifest, Loaded(**files | loaded), before, run_id="run", sample=sample)


def found(verdict: Verdict) -> list[tuple[str, str]]:
    """Kind and page of everything that is open."""
    return [(finding.kind, finding.page_id) for finding in verdict.findings]


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
    assert verdict.clean
    assert (verdict.checked, verdict.cited, verdict.held.pages_found, verdict.held.chunks_found) == (12, 12, 12, 24)
    assert str(verdict) == "Twig holds 12 pages and 24 chunks as it should"
    assert verdict.figures()["compared"] == 12


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


def test_a_run_that_is_writing_excuses_a_difference_and_the_next_run_does_not(loaded: World) -> None:
    """Between a run's *begin* and Twig's processing, the manifest names pages that Twig does not count yet."""
    loaded.twig.forget_document(loaded.source().id, "3")
    row = loaded.manifest.view().row("1")
    assert row is not None
    loaded.manifest.begin(loaded.manifest.view(), run_id="other", rows=[row | {"document_id": "100", "page_id": "100"}])
    verdict = check(loaded)
    assert verdict.ok
    assert "another run of this source is writing" in verdict.warnings[0]
    assert not verdict.held.audited

    later = check(loaded, before=Before(excuses=verdict.held.excuses))
    assert ("missing", "3") in found(later)
    assert not later.ok


def test_a_page_that_another_run_may_have_brought_does_not_turn_the_counts_red(loaded: World) -> None:
    row = loaded.manifest.view().row("1")
    assert row is not None
    loaded.manifest.begin(loaded.manifest.view(), run_id="dead", rows=[row | {"document_id": "100", "page_id": "100"}])
    assert check(loaded, before=Before(whole=True)).clean


def test_a_run_that_died_excuses_once(loaded: World) -> None:
    loaded.twig.forget_document(loaded.source().id, "3")
    row = loaded.manifest.view().row("1")
    assert row is not None
    loaded.manifest.begin(loaded.manifest.view(), run_id="dead", rows=[row])
    first = check(loaded)
    assert first.ok
    assert not check(loaded, before=Before(excuses=first.held.excuses)).ok


def test_a_page_that_search_does_not_find_is_a_warning_with_its_evidence(loaded: World) -> None:
    with loaded.twig.store.transaction() as db:
        db.execute("DELETE FROM passages WHERE rowid IN (SELECT number FROM indexed_chunks WHERE doc = '3')")
    verdict = check(loaded, changed=["2", "3"])
    assert verdict.ok
    (finding,) = verdict.findings
    assert (finding.kind, finding.page_id, finding.title, finding.is_proven) == ("uncited", "3", "Page 3", False)
    assert "asked for in 3 ways and again, it is not cited; cited instead: 'Page " in finding.evidence
    assert len(finding.questions) == 3


def test_what_was_found_open_is_asked_for_again_without_the_text_of_its_run(loaded: World) -> None:
    with loaded.twig.store.transaction() as db:
        db.execute("DELETE FROM passages WHERE rowid IN (SELECT number FROM indexed_chunks WHERE doc = '3')")
    first = check(loaded, changed=["3"])
    again = check(loaded, before=Before(first.findings), documents=(), chunks=())
    assert found(again) == [("uncited", "3")]
    assert again.findings[0].key == first.findings[0].key

    loaded.load(PAGES[3].edited(sections=("How to grease the turbine zz3turbine.",)), run_id="next")
    process(loaded)
    healed = check(loaded, before=Before(again.findings), documents=(), chunks=())
    assert healed.clean


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
    loaded.twig.data_specs()
    verdict = check(loaded, changed=["3"])
    assert found(verdict) == [("changed", "3"), ("uncited", "3")]
    assert "its document is cited under another address, page-3.md" in verdict.findings[1].evidence


def test_a_page_that_is_cited_with_another_text_is_told(loaded: World) -> None:
    with loaded.twig.store.transaction() as db:
        db.execute("UPDATE indexed_chunks SET text = 'Something else altogether was put here.' WHERE doc = '3'")
    verdict = check(loaded, changed=["3"])
    assert found(verdict) == [("other text", "3")]
    assert verdict.ok


def test_what_was_not_processed_is_not_found(world: World) -> None:
    world.load(*PAGES, run_id="run")
    verdict = check(world, changed=["1"])
    assert verdict.held.excuses == {"unprocessed 2"}
    again = check(world, changed=["1"], before=Before(excuses=verdict.held.excuses))
    assert not again.ok
    assert ("uncited", "1") in found(again)
    assert "its status is 'pending', although it was told to process" in str(again)


def test_pages_with_the_same_text_do_not_accuse_each_other(world: World) -> None:
    twins = [Page(str(number), ("The very same text on every one of these pages.",)) for number in range(30)]
    world.load(*twins, run_id="run")
    process(world)
    verdict = check(world, changed=[page.page_id for page in twins])
    assert verdict.clean
    assert (verdict.checked, len(verdict.excused)) == (0, 30)


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
    assert "it was deleted and is still cited (chunk copy)" in str(verdict)
    assert ("still cited", "3") in found(verdict)


def test_a_page_that_came_back_since_may_be_cited(loaded: World) -> None:
    assert check(loaded, deleted=[GONE]).ok


def test_a_new_page_at_the_address_of_a_deleted_one_may_be_cited(loaded: World) -> None:
    """Data Center's addresses are made of space and title."""
    remove(loaded, GONE)
    chunk = {"id": "new-1", "ordinal": 0, "hash": "h", "text": PAGES[3].name, "url": GONE.url, "tokenCount": 1}
    new = {"id": "new", "version": 1, "contentHash": "h", "title": GONE.title, "url": GONE.url, "chunks": [chunk]}
    write(loaded, new)
    row = loaded.manifest.view().row("1")
    assert row is not None
    loaded.manifest.note(loaded.manifest.view(), [], "run")
    with loaded.client() as client:
        rows = [row | {"document_id": "new", "page_id": "new", "url": GONE.url, "title": GONE.title}]
        operation = loaded.manifest.begin(loaded.manifest.view(), run_id="run", rows=rows)
        loaded.manifest.end(operation, done=["new"])
        verdict = verify(client, loaded.source(client), loaded.manifest, Loaded(deleted=[GONE]), run_id="run")
    assert "still cited" not in [kind for kind, _ in found(verdict)]


def test_says_what_it_could_not_check_without_an_organisation_id(loaded: World) -> None:
    loaded.changes["org_id"] = None
    verdict = check(loaded, changed=["1"])
    assert verdict.ok
    assert "no organisation id" in verdict.warnings[0]
    assert verdict.held.compared >= 1


def test_says_what_it_could_not_compare_when_twig_does_not_count(loaded: World) -> None:
    source = loaded.source()
    with (
        answering({"id": source.id, "name": "docs", "status": "Active"}) as base_url,
        loaded.client(base_url=base_url) as client,
    ):
        verdict = verify(client, source, loaded.manifest)
    assert verdict.ok
    assert verdict.warnings == ["Not compared: this Twig does not tell how many pages or chunks it holds."]


def test_a_search_that_does_not_answer_is_a_warning_and_is_asked_in_the_next_run(loaded: World) -> None:
    loaded.twig.inject(Fault(kind="status", status=503, path="semantic-search", times=None))
    verdict = check(loaded, changed=["1", "2"])
    assert (verdict.ok, verdict.checked) == (True, 0)
    assert {kind for kind, _ in found(verdict)} == {"unasked"}
    assert len([record for record in loaded.twig.log.records() if "search" in record.path]) == 6  # of one question
    loaded.twig.clear_faults()
    assert check(loaded, before=Before(verdict.findings), documents=(), chunks=()).clean


def test_a_listing_that_skips_documents_is_read_twice_and_told(loaded: World) -> None:
    class Skipping:
        """Twig's client, whose first listing lacks a document."""

        def __init__(self, client: Any) -> None:
            self.client, self.times = client, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.client, name)

        def list_documents(self, data_source_id: str) -> Any:
            self.times += 1
            listed = list(self.client.list_documents(data_source_id))
            return listed[1:] if self.times == 1 else listed

    with loaded.client() as client:
        before = Before(whole=True)
        verdict = verify(Skipping(client), loaded.source(client), loaded.manifest, before=before)
    assert (verdict.ok, verdict.held.audited) == (True, False)
    assert "Twig listed 1 documents in one of two readings" in verdict.warnings[0]


def test_a_list_that_contradicts_the_count_is_a_warning(loaded: World) -> None:
    class Capped:
        """Twig's client, whose listing ends early."""

        def __init__(self, client: Any) -> None:
            self.client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self.client, name)

        def list_documents(self, data_source_id: str) -> Any:
            return list(self.client.list_documents(data_source_id))[:10]

    with loaded.client() as client:
        verdict = verify(Capped(client), loaded.source(client), loaded.manifest, before=Before(whole=True))
    assert verdict.ok
    assert {kind for kind, _ in found(verdict)} == {"unlisted"}
    assert len(verdict.findings) == 2


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
