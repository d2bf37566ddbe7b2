from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.twig import loader as load_module
from confluence_to_twig.twig.batching import body_of
from confluence_to_twig.twig.client import KeyConflict
from confluence_to_twig.twig.loader import load
from sandbox.twig import Fault, ServedTwig
from tests.staging.stores import remembering
from tests.twig.world import Page, World, expected

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]


def page(number: int, sections: int = 3, **changes: Any) -> Page:
    return Page(str(number), tuple(f"Section {part} of page {number}" for part in range(sections)), **changes)


def large_page(number: int, seed: int = 0) -> Page:
    """About 500 tokens a section that hardly compress."""
    letters = random.Random(f"{number} {seed}")

    def section() -> str:
        return " ".join("".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(340))

    return Page(str(number), tuple(section() for _ in range(4)))


PAGES = [page(number) for number in range(20)]


def test_loads_everything_the_first_time_and_nothing_the_second_time(world: World) -> None:
    first = world.load(*PAGES)
    second = world.load(*PAGES)

    assert (first.documents_sent, first.chunks_sent, first.batches) == (20, 60, 1)
    assert (second.unchanged, second.documents_sent, second.writes, second.requests) == (20, 0, 0, 0)
    assert world.held() == expected(*PAGES)
    assert len(world.writes()) == 1


def test_sends_the_text_of_changed_chunks_only(world: World) -> None:
    world.load(*PAGES)
    edited = PAGES[0].edited(sections=("Section 0 of page 0", "something new", "Section 2 of page 0"))
    report = world.load(edited)

    assert (report.chunks_sent, report.chunks_kept, report.metadata_only) == (1, 2, 0)
    assert world.held() == expected(edited, *PAGES[1:])


def test_unchanged_chunks_keep_their_ids(world: World) -> None:
    world.load(PAGES[0])
    before = world.twig.documents(world.source().id)["0"].chunks
    world.load(PAGES[0].edited(sections=("new", *PAGES[0].sections[1:])))
    after = world.twig.documents(world.source().id)["0"].chunks

    assert [chunk.id for chunk in after[1:]] == [chunk.id for chunk in before[1:]]


@pytest.mark.parametrize("change", [{"labels": ("new",)}, {"ancestors": ("Elsewhere",)}, {"title": "Renamed"}])
def test_a_change_of_metadata_sends_no_text(world: World, change: dict[str, Any]) -> None:
    world.load(*PAGES)
    changed = replace(PAGES[0], **change)
    report = world.load(changed)

    assert (report.documents_sent, report.metadata_only, report.chunks_sent) == (1, 1, 0)
    document = world.twig.documents(world.source().id)["0"]
    assert (document.title, document.url) == (changed.name, changed.url)
    assert (tuple(document.metadata["labels"]), tuple(document.metadata["ancestors"])) == (
        changed.labels,
        changed.ancestors,
    )


def test_a_changed_address_alone_reaches_twig(world: World) -> None:
    world.load(*PAGES)
    world.load(replace(PAGES[0], space="RENAMED"))
    document = world.twig.documents(world.source().id)["0"]
    assert "/RENAMED/" in document.url
    assert "/RENAMED/" in document.chunks[0].url


def test_a_higher_version_with_the_same_content_writes_nothing_but_is_remembered(world: World) -> None:
    world.load(*PAGES)
    report = world.load(replace(PAGES[0], version=9))
    assert (report.unchanged, report.writes) == (1, 0)
    assert (world.manifest.view().row("0") or {})["version"] == 9


def test_loads_pages_without_chunks(world: World) -> None:
    empty = Page("7", ())
    assert world.load(empty).documents_sent == 1
    assert world.load(empty).unchanged == 1
    assert world.held() == {"7": (1, [])}


def test_never_replaces_a_newer_version(world: World) -> None:
    newer = PAGES[0].edited(sections=("newer",))
    world.load(newer)
    report = world.load(PAGES[0])
    assert (report.older, report.documents_sent, report.writes) == (1, 0, 0)
    assert world.held() == expected(newer)


def test_a_newer_version_that_only_twig_knows_is_reported(world: World) -> None:
    world.load(PAGES[0].edited(sections=("newer",)))
    world.manifest.rebuild(world.manifest.view().data_source_id, [])
    report = world.load(PAGES[0])
    assert [(entry["page_id"], entry["code"]) for entry in report.refused] == [("0", "stale_version")]


def test_a_newer_version_that_another_run_loads_at_the_last_moment_is_no_problem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = PAGES[0].edited(sections=("newer",))

    def another_run_first(ready: Any) -> str:
        monkeypatch.setattr(load_module, "body_of", body_of)
        world.load(newer, run_id="other")
        return body_of(ready)

    monkeypatch.setattr(load_module, "body_of", another_run_first)
    report = world.load(*PAGES, run_id="this")
    assert (report.refused, report.older, report.documents_sent) == ([], 1, 19)
    assert world.held() == expected(newer, *PAGES[1:])


def test_1200_chunks_take_at_most_three_requests(world: World) -> None:
    pages = [large_page(number) for number in range(300)]
    report = world.load(*pages)
    assert report.chunks_sent == 1_200
    assert report.writes <= 3
    assert all(record.bytes_sent <= 4 * 1024 * 1024 for record in world.writes())


def test_500_chunks_that_hardly_compress_fit_into_one_request(world: World) -> None:
    assert world.load(*(large_page(number) for number in range(125))).writes == 1


def test_a_change_of_one_page_in_a_hundred_sends_at_most_two_percent_of_the_bytes(world: World) -> None:
    pages = [large_page(number) for number in range(200)]
    full = world.load(*pages).bytes
    edited = [pages[number].edited(sections=(*pages[number].sections[:3], "edited")) for number in (50, 150)]
    assert 0 < world.load(*edited).bytes <= full * 0.02


def test_batches_are_cut_by_size(world: World) -> None:
    world.changes["batch_bytes"] = 20_000
    pages = [large_page(number) for number in range(20)]
    report = world.load(*pages)
    assert report.batches > 3
    assert all(record.bytes_sent <= 20_000 for record in world.writes())
    assert world.held() == expected(*pages)


def test_a_document_larger_than_a_batch_goes_alone(world: World) -> None:
    world.changes["batch_bytes"] = 1_000
    pages = [page(1), large_page(2), page(3)]
    world.load(*pages)
    assert world.held() == expected(*pages)
    assert [record.upserts for record in world.writes()] == [("1",), ("2",), ("3",)]


def test_halves_a_batch_that_twig_finds_too_large(world: World) -> None:
    world.twig.settings.max_body_bytes = 30_000
    pages = [large_page(number) for number in range(20)]
    report = world.load(*pages)
    assert world.held() == expected(*pages)
    assert report.refused == []
    assert world.load(*pages).writes == 0


def test_sends_no_batch_again_as_large_as_one_that_twig_found_too_large(world: World) -> None:
    world.changes["batch_bytes"] = 40_000
    world.twig.settings.max_body_bytes = 25_000
    pages = [large_page(number) for number in range(40)]
    world.load(*pages)
    assert world.held() == expected(*pages)
    assert sum(record.status == 413 for record in world.writes()) == 1


def test_a_body_that_is_not_compressed_is_measured_as_it_is(world: World) -> None:
    world.changes |= {"batch_bytes": 30_000, "compress": False}
    pages = [large_page(number) for number in range(10)]
    world.load(*pages)
    assert world.held() == expected(*pages)
    assert all(record.bytes_sent <= 30_000 + 100 for record in world.writes())


def test_reports_a_document_that_is_too_large_by_itself_and_loads_the_others(world: World) -> None:
    world.twig.settings.max_body_bytes = 3_000
    run = world.staging.run("run")
    pages = [page(1), large_page(2), page(3)]
    report = world.load(*pages, run_id="run", quarantine_path=run.quarantine("load", 0))

    assert world.held() == expected(page(1), page(3))
    assert [(entry["page_id"], entry["code"]) for entry in report.refused] == [("2", "too_large")]
    (row,) = read_table(run.quarantine("load", 0)).to_pylist()
    assert (row["page_id"], row["stage"], row["error_type"]) == ("2", "load", "too_large")


def test_reports_refused_documents_and_loads_the_others(world: World) -> None:
    world.twig.refuse_documents(
        ["3", "5"], "content_policy", f"Not allowed: {PAGES[3].sections[0]} {PAGES[3].sections[1]}"
    )
    run = world.staging.run("run")
    report = world.load(*PAGES, run_id="run", quarantine_path=run.quarantine("load", 0))

    assert world.held().keys() == {str(number) for number in range(20)} - {"3", "5"}
    assert {entry["page_id"]: entry["code"] for entry in report.refused} == {
        "3": "content_policy",
        "5": "content_policy",
    }
    assert "Section 0 of page 3" not in str(report.refused)
    assert read_table(run.quarantine("load", 0)).num_rows == 2

    world.twig.accept_documents()
    again = world.load(*PAGES)
    assert (again.documents_sent, again.unchanged) == (2, 18)
    assert world.held() == expected(*PAGES)


def test_a_refused_document_keeps_its_former_state(world: World) -> None:
    world.load(*PAGES)
    world.twig.refuse_documents(["3"])
    world.load(PAGES[3].edited(sections=("new",)))
    assert world.held() == expected(*PAGES)
    assert (world.manifest.view().row("3") or {})["version"] == 1


def test_finds_the_one_document_that_twig_does_not_understand(world: World) -> None:
    bad = page(7, title="x" * 1_001)
    pages = [page(number) if number != 7 else bad for number in range(20)]
    report = world.load(*pages)
    assert [(entry["page_id"], entry["code"]) for entry in report.refused] == [("7", "invalid_request")]
    assert world.held() == expected(*(entry for entry in pages if entry is not bad))


def test_some_documents_that_twig_does_not_understand_do_not_stop_a_good_load(world: World) -> None:
    good, bad = PAGES[:10], [page(number, title="x" * 1_001) for number in range(10, 14)]
    report = world.load(*good, *bad)
    assert report.documents_sent == 10
    assert {entry["page_id"]: entry["code"] for entry in report.refused} == dict.fromkeys(
        ("10", "11", "12", "13"), "invalid_request"
    )
    assert world.held() == expected(*good)


def test_a_load_that_begins_with_documents_that_twig_does_not_understand_goes_on(world: World) -> None:
    bad = [page(number, title="x" * 1_001) for number in range(12)]
    good = [page(number) for number in range(12, 30)]
    report = world.load(*bad, *good)
    assert report.documents_sent == 18
    assert {entry["page_id"] for entry in report.refused} == {str(number) for number in range(12)}
    assert world.held() == expected(*good)


def test_stops_when_twig_understands_nothing_at_all(world: World) -> None:
    world.twig.inject(Fault(kind="status", status=400, path="/documents$", times=None))
    with pytest.raises(PermanentError, match="400 Bad Request"):
        world.load(*PAGES)
    assert len(world.writes()) < 15


@pytest.mark.parametrize("what", ["everything", "text"])
def test_sends_texts_that_twig_lost(world: World, what: str) -> None:
    world.load(*PAGES)
    source = world.source().id
    (world.twig.forget_document if what == "everything" else world.twig.alter_document)(source, "0")
    edited = PAGES[0].edited(sections=("Section 0 of page 0", "something new", "Section 2 of page 0"))
    report = world.load(edited, PAGES[1])

    assert report.refused == []
    assert world.held() == expected(edited, *PAGES[1:])
    assert world.load(edited).writes == 0


def test_a_lost_acknowledgement_is_repeated_and_applied_once(world: World) -> None:
    world.twig.lose_acknowledgements(path="/documents$")
    report = world.load(*PAGES)
    first, second = world.writes()
    assert first.idempotency_key == second.idempotency_key
    assert second.replayed
    assert report.documents_sent == 20
    assert world.load(*PAGES).writes == 0


def test_goes_on_behind_the_last_acknowledged_batch(world: World) -> None:
    world.changes["batch_bytes"] = 20_000
    pages = [large_page(number) for number in range(20)]
    world.twig.inject(Fault(kind="reset", applied=True, path="/documents$", skip=2, times=6))
    with pytest.raises(TransientError):
        world.load(*pages, run_id="run")
    failed = world.writes()[2:]
    before = len(world.writes())
    world.load(*pages, run_id="run")
    retried = world.writes()[before:]

    assert world.held() == expected(*pages)
    assert len({record.idempotency_key for record in failed}) == 1
    assert retried[1].upserts == failed[0].upserts
    acknowledged = {page_id for record in world.writes()[:2] for page_id in record.upserts}
    assert acknowledged.isdisjoint(page_id for record in retried for page_id in record.upserts)


@pytest.mark.parametrize("applied", [True, False])
def test_a_batch_whose_answer_was_never_seen_is_sent_again_and_can_not_arrive_late(world: World, applied: bool) -> None:
    world.twig.inject(Fault(kind="reset", applied=applied, path="/documents$", times=6))
    with pytest.raises(TransientError):
        world.load(*PAGES, run_id="run")
    assert world.manifest.view().standing("0").in_doubt
    (lost,) = world.manifest.view().under_way()
    newer = [page.edited(labels=("newer",)) for page in PAGES]
    report = world.load(*newer, run_id="other")

    assert report.writes == 2  # one of them uses up the key of the lost one
    assert not world.manifest.view().standing("0").in_doubt
    with world.client() as client, pytest.raises(KeyConflict):
        client.write_documents(world.source().id, '{"upserts":[],"deletes":[{"id":"0"}]}', lost.token)
    assert world.held() == expected(*newer)


def test_a_refusal_that_is_only_replayed_is_asked_for_again(world: World) -> None:
    world.twig.refuse_documents(["3"])
    world.twig.inject(Fault(kind="reset", applied=True, path="/documents$", times=6))
    with pytest.raises(TransientError):
        world.load(*PAGES, run_id="run")
    world.twig.clear_faults()
    report = world.load(*PAGES, run_id="run")
    assert report.refused == []
    assert world.held() == expected(*PAGES)


def test_a_content_that_returns_within_a_day_is_applied_again(world: World) -> None:
    labelled = replace(PAGES[0], labels=("x",))
    for state in (PAGES[0], labelled, PAGES[0], labelled):
        world.load(state)
        assert tuple(world.twig.documents(world.source().id)["0"].metadata["labels"]) == state.labels


def test_the_same_run_cleared_after_others_ran_loads_what_is_missing(world: World) -> None:
    world.load(*PAGES, run_id="first")
    with world.client() as client:
        client.write_documents(world.source(client).id, '{"deletes":[{"id":"0"}]}', "by-hand")
    manifest = world.manifest
    manifest.end(manifest.begin(manifest.view(), run_id="other", deletes=["0"]), done=["0"])
    report = world.load(*PAGES, run_id="first")
    assert report.documents_sent == 1
    assert world.held() == expected(*PAGES)


def test_a_key_that_twig_used_for_something_else_is_replaced_by_a_new_one(world: World) -> None:
    world.twig.inject(Fault(kind="status", status=409, path="/documents$"))
    assert world.load(*PAGES).documents_sent == 20
    first, second = world.writes()
    assert first.idempotency_key != second.idempotency_key
    assert not world.manifest.view().standing("0").in_doubt


def test_two_runs_at_once_lose_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run loads newer versions of some pages between two batches of this one."""
    world.changes["batch_bytes"] = 20_000
    pages = [large_page(number) for number in range(20)]
    newer = [pages[number].edited(sections=("newer",)) for number in (0, 10, 19)]
    interfered: list[int] = []

    def interfere(report: Any) -> None:
        if report.batches == 2 and not interfered:
            interfered.append(1)
            world.load(*newer, run_id="other")

    report = world.load(*pages, run_id="this", on_batch=interfere)
    newest = {entry.page_id: entry for entry in [*pages, *newer]}.values()
    assert world.held() == expected(*newest)
    assert report.older >= 1
    versions = {row["page_id"]: row["version"] for row in world.manifest.read().to_pylist()}
    assert versions == {entry.page_id: entry.version for entry in newest}


def test_pages_that_another_run_wrote_at_the_same_moment_are_settled(world: World) -> None:
    """The other run's operation stays open while ours is sent, and ends behind it: nobody knows which came last."""
    newer = PAGES[0].edited(sections=("newer",))
    manifest = world.manifest
    world.source()
    documents, chunks = world.shards(newer, run_id="this")
    row = dict(load_module.packages(documents, chunks).__next__().manifest_row())
    older_row = row | {"version": 1, "content_hash": "older"}
    other = manifest.begin(manifest.view(), run_id="other", rows=[older_row])

    def other_ends(report: Any) -> None:
        if report.batches == 1:
            manifest.end(other, done=["0"])

    with world.client() as client:
        report = load(client, world.source(client), documents, chunks, world.manifest, "this", on_batch=other_ends)
    assert report.batches == 2
    assert not world.manifest.view().standing("0").in_doubt
    assert world.held() == expected(newer)


def test_sources_of_one_organisation_do_not_touch_each_other(world: World, tmp_path: Any) -> None:
    from tests.twig.world import local_staging

    other = World(world.served, local_staging(tmp_path, "other"))
    world.load(*PAGES)
    with other.client() as client:
        from confluence_to_twig.twig.data_source import find_or_create

        source = find_or_create(client, "other", staging=other.staging)
        documents, chunks = other.shards(page(0, sections=1), run_id="run")
        load(client, source, documents, chunks, other.manifest, "run")
        client.write_documents(source.id, '{"deletes":[{"id":"5"}]}', "k")
    assert world.held() == expected(*PAGES)
    assert len(world.twig.documents(source.id)) == 1


def test_a_key_without_the_write_scope_fails_at_once(world: World) -> None:
    world.source()
    world.changes["api_key"] = world.twig.keys.add(("Read",))
    with pytest.raises(PermanentError, match="lacks Write scope"):
        world.load(*PAGES)


def test_says_which_task_to_run_again_when_staging_is_incomplete(world: World) -> None:
    documents, chunks = world.shards(*PAGES, run_id="run")
    chunks[0].unlink()
    with world.client() as client, pytest.raises(PermanentError, match="transform task"):
        load(client, world.source(client), documents, chunks, world.manifest, "run")


def test_documents_and_chunks_that_do_not_belong_together_are_an_error(world: World) -> None:
    documents, _ = world.shards(*PAGES, run_id="run")
    _, chunks = world.shards(*PAGES[:5], run_id="other")
    with world.client() as client, pytest.raises(PermanentError, match="do not belong together"):
        load(client, world.source(client), documents, chunks, world.manifest, "run")


def test_no_page_text_and_no_key_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    world.twig.refuse_documents(["3"], message=f"bad: {PAGES[3].sections[0]} and more, and {PAGES[3].sections[2]}")
    world.twig.answer_with(500, path="/documents$")
    world.load(*PAGES)
    everything = "\n".join(record.getMessage() for record in caplog.records)  # that of libraries too
    assert "Page 3 was refused" in everything
    assert "Section 0 of page 3" not in everything
    assert world.served.api_key not in everything


def test_a_batch_costs_at_most_ten_calls_to_an_object_store(served: ServedTwig) -> None:
    def calls(pages: int) -> int:
        root, store = remembering()
        world = World(served, SourceStaging(root, "product-docs"), {"batch_bytes": 1})  # a batch for each page
        documents, chunks = world.shards(*(Page(f"{pages}-{number}", ("Some text",)) for number in range(pages)))
        store.calls.clear()
        with world.client() as client:
            report = load(client, world.source(client), documents, chunks, world.manifest, "run")
        assert report.batches == pages
        return store.calls.total()

    assert 0 < calls(12) - calls(2) <= 10 * 10
