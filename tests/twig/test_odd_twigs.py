"""Verify over HTTP, against Twigs that search in another way, or do not do what they say."""

from __future__ import annotations

import random
from typing import Any

import pytest

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.twig.models import HeldDocument
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.verifier import Before, Loaded, Verdict, verify
from sandbox.twig import Fault
from tests.proofs import size
from tests.twig.fake_twig import any_page
from tests.twig.world import Page, World, answering

TEMPLATE = (
    "Weekly meeting of the platform group. Agenda: state of the release, open incidents, budget, holidays. The minutes are "
    "approved when nobody objects within a week. Present were the usual people, and the room was the usual one. Actions "
    "are in the tracker. Next meeting in a week at the same time. Number"
)
GENERATED = size(300, 1_000)
NOTES = [Page(str(number), (f"{TEMPLATE} {number}.",), title=f"Notes {number}") for number in range(40)]


def loaded_and_verified(world: World, *pages: Page, before: Before | None = None, **load: Any) -> Verdict:
    """Load, process and verify as a run does."""
    world.load(*pages, run_id="run", **load)
    run = world.staging.run("run")
    with world.client() as client:
        source = world.source(client)
        start_processing(client, source, world.manifest)
        loaded = Loaded([page.page_id for page in pages], (), [run.documents(0)], [run.chunks(0)])
        return verify(client, source, world.manifest, loaded, before, run_id="run")


@pytest.mark.parametrize("search", ["words", "likeness"])
def test_forty_notes_from_one_template_accuse_nobody(world: World, search: str) -> None:
    world.twig.settings.search = search
    verdict = loaded_and_verified(world, *NOTES)
    assert verdict.clean, str(verdict)
    assert (verdict.held.compared, len(verdict.excused)) == (40, 40)


@pytest.mark.parametrize("search", ["words", "likeness"])
def test_an_edited_note_accuses_nobody_when_the_others_are_not_at_hand(world: World, search: str) -> None:
    world.twig.settings.search = search
    world.load(*NOTES)
    verdict = loaded_and_verified(world, NOTES[7].edited(sections=(f"{TEMPLATE} 7, corrected.",)))
    assert verdict.clean, str(verdict)
    assert verdict.cited + len(verdict.excused) == 1


@pytest.mark.proofs(f"{GENERATED:,} generated pages in one load, all held to be there; accused: 0")
@pytest.mark.parametrize("search", ["words", "likeness"])
def test_generated_pages_accuse_nobody(world: World, search: str) -> None:
    world.twig.settings.search = search
    chance = random.Random(5)
    families = ["generated", "patchwork", "distinct", "note", "table"]
    verdict = loaded_and_verified(
        world, *(any_page(chance, str(10_000 + number), families[number % 5]) for number in range(GENERATED))
    )
    assert verdict.clean, str(verdict)
    assert (verdict.held.compared, verdict.checked, verdict.cited) == (GENERATED, 20, 20)


def test_documents_that_are_acknowledged_and_not_stored_are_named(world: World) -> None:
    world.load(*NOTES[:3])
    world.twig.settings.stores_writes = False
    verdict = loaded_and_verified(world, NOTES[0].edited(sections=("Another text of the first note",)), NOTES[5])
    kinds = {(finding.kind, finding.page_id) for finding in verdict.findings if finding.is_proven}
    assert {("changed", "0"), ("missing", "5")} <= kinds
    assert not verdict.ok


def test_a_status_that_stays_pending_is_no_failure_by_itself(world: World) -> None:
    world.twig.settings.stays_pending = True
    assert loaded_and_verified(world, *NOTES[:3]).ok
    world.twig.forget_document(world.source().id, "1")
    with world.client() as client:
        verdict = verify(client, world.source(client), world.manifest)
    assert "its status is 'pending', although it was told to process" in str(verdict)
    assert not verdict.ok


def test_a_slow_twig_is_told_with_its_host_and_the_time(world: World) -> None:
    world.load(NOTES[0])
    world.twig.inject(Fault(kind="delay", seconds=2, path="data-specs", times=None))
    with (
        world.client(timeout_s=1) as client,
        pytest.raises(
            TransientError, match=r"No answer from Twig at 127\.0\.0\.1:\d+, .*: No answer within 1 s"
        ) as caught,
    ):
        client.get_data_source("ds_1")
    assert "raise `timeout_s` in the extra of the Twig connection" in caught.value.remedy


def test_a_listing_that_never_ends_is_told_and_not_followed(world: World) -> None:
    """A Twig that does not read the cursor, and makes a new one each time."""
    document = {"id": "1", "version": 1, "contentHash": "h", "chunkIds": [], "chunkHashes": [], "chunkCount": 0}
    with (
        answering({"items": [document], "nextCursor": "c"}) as base_url,
        world.client(base_url=base_url) as client,
        pytest.raises(PermanentError, match="goes in circles"),
    ):
        list(client.list_documents("ds_1"))


def test_a_listing_that_tells_neither_hashes_nor_counts_accuses_nobody(world: World) -> None:
    told = HeldDocument.read({"id": "1"})
    assert (told.chunk_count, told.content_hash, told.chunk_hashes) == (None, "", ())
    world.load(NOTES[1])

    class Silent:
        """Twig's client, whose listing has ids only."""

        def __init__(self, client: Any) -> None:
            self.client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self.client, name)

        def list_documents(self, data_source_id: str) -> Any:
            return [HeldDocument.read({"id": entry.id}) for entry in self.client.list_documents(data_source_id)]

    with world.client() as client:
        start_processing(client, world.source(client), world.manifest)
        verdict = verify(Silent(client), world.source(client), world.manifest, before=Before(whole=True))
    assert verdict.clean
