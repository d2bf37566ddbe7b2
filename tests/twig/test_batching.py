from __future__ import annotations

import gzip
import json

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.twig.batching import Batch, body_of, completed, prepare
from confluence_to_twig.twig.delta import Decision, Package
from tests.twig.world import Page


def package(page: Page) -> Package:
    return Package(page.document(), tuple(page.chunks()))


def pages(*texts: str) -> list[Package]:
    return [package(Page(str(number), (text,))) for number, text in enumerate(texts)]


def test_the_body_is_one_request_with_all_documents() -> None:
    prepared = [prepare(entry, Decision("send")) for entry in pages("one", "two")]
    body = json.loads(body_of(prepared))
    assert [document["id"] for document in body["upserts"]] == ["0", "1"]
    assert body["deletes"] == []


@given(st.lists(st.text(max_size=3_000), min_size=1, max_size=20), st.integers(500, 5_000))
def test_a_batch_of_several_documents_never_exceeds_its_limit(texts: list[str], limit: int) -> None:
    batch = Batch(limit)
    for entry in pages(*texts):
        prepared = prepare(entry, Decision("send"))
        if not batch.has_room_for(prepared):
            batch = Batch(limit)
        batch.add(prepared)
        if len(batch.documents) > 1:
            assert len(gzip.compress(body_of(batch.documents).encode(), 6)) <= limit + 50


def test_an_empty_batch_takes_a_document_of_any_size() -> None:
    assert Batch(1).has_room_for(prepare(pages("x" * 10_000)[0], Decision("send")))


def test_cuts_at_the_same_places_for_the_same_documents() -> None:
    def cuts() -> list[int]:
        batch, found = Batch(1_500), []
        for number, entry in enumerate(pages(*(f"text {n} " * 50 for n in range(20)))):
            prepared = prepare(entry, Decision("send"))
            if not batch.has_room_for(prepared):
                found.append(number)
                batch = Batch(1_500)
            batch.add(prepared)
        return found

    assert cuts() == cuts() != []


def test_texts_that_twig_lacks_are_added_and_then_all() -> None:
    entry = package(Page("1", ("one", "two", "three")))
    ids = [chunk["chunk_id"] for chunk in entry.chunks]
    first = prepare(entry, Decision("send", frozenset(ids)))
    second = completed(first, [ids[1]])
    assert second is not None
    assert (second.decision.kept, second.texts_sent, second.attempt) == ({ids[0], ids[2]}, 1, 2)
    third = completed(second, [ids[0]])
    assert third is not None
    assert (third.decision.kept, third.texts_sent) == (frozenset(), 3)
    assert completed(third, [ids[0]]) is None
