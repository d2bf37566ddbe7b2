"""The document rules of docs/twig-api-contract.md, section 6: over HTTP, and their invariants in random histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twig import documents
from sandbox.twig.behind import held_documents
from sandbox.twig.models import DocumentsWrite
from sandbox.twig.store import Store
from tests.proofs import examples

if TYPE_CHECKING:
    from conftest import Caller

    from sandbox.twig import HeldDocument


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def texts(held: HeldDocument) -> dict[str, str]:
    return {chunk.id: chunk.text for chunk in held.chunks}


def test_holds_a_document_as_it_was_sent(api: Caller, spec: str) -> None:
    sent = api.document("1", api.chunk("a", "one", headingPath=["H"]), metadata={"labels": ["x"], "n": 1, "o": None})
    outcome = api.write(spec, sent)
    assert outcome == {
        "accepted": [{"id": "1", "version": 1}],
        "rejected": [],
        "deleted": [],
        "missingChunks": {},
    }
    held = api.twig.documents(spec)["1"]
    assert (held.title, held.url, held.metadata) == (
        "Page 1",
        "https://c.example/1",
        {"labels": ["x"], "n": 1, "o": None},
    )
    [chunk] = held.chunks
    assert (chunk.text, chunk.heading_path, chunk.token_count) == ("one", ("H",), 7)


def test_keeps_the_text_of_a_chunk_that_comes_without_it(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one"), api.chunk("b", "two", 1)))
    second = api.document(
        "1", api.chunk("b", None, 0, url="https://c.example/new"), api.chunk("c", "three", 1), version=2
    )
    assert api.write(spec, second)["accepted"] == [{"id": "1", "version": 2}]
    held = api.twig.documents(spec)["1"]
    assert texts(held) == {"b": "two", "c": "three"}
    assert held.chunks[0].url == "https://c.example/new"


@pytest.mark.parametrize("fields", [{}, {"hash": "another"}], ids=["unknown id", "another hash"])
def test_leaves_a_document_as_it_was_when_a_chunk_without_text_is_not_held(
    api: Caller, spec: str, fields: dict[str, Any]
) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one")))
    before = api.twig.documents(spec)
    asked = api.chunk("a" if fields else "z", None, 1, **fields)
    outcome = api.write(spec, api.document("1", api.chunk("n", "new"), asked, version=2), api.document("2"))
    assert outcome["missingChunks"] == {"1": [asked["id"]]}
    assert outcome["accepted"] == [{"id": "2", "version": 1}]
    assert api.twig.documents(spec)["1"] == before["1"]


def test_refuses_to_replace_a_newer_version(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "new"), version=5))
    outcome = api.write(spec, api.document("1", api.chunk("a", "old", hash="old"), version=4))
    assert [(entry["id"], entry["code"]) for entry in outcome["rejected"]] == [("1", "stale_version")]
    assert texts(api.twig.documents(spec)["1"]) == {"a": "new"}


def test_an_equal_document_sent_again_changes_nothing_and_needs_no_processing(api: Caller, spec: str) -> None:
    sent = api.document("1", api.chunk("a", "one"))
    api.load(spec, sent)
    before = api.twig.documents(spec)["1"]
    assert api.write(spec, sent)["accepted"] == [{"id": "1", "version": 1}]
    assert api.twig.documents(spec)["1"].updated_at == before.updated_at
    assert api.get(f"/api/data-specs/{spec}").json()["data"]["status"] == "active"


def test_a_metadata_change_of_an_equal_version_is_taken_without_texts(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one")))
    relabelled = api.document(
        "1", api.chunk("a", None), contentHash="labels", title="Renamed", metadata={"labels": ["l"]}
    )
    assert api.write(spec, relabelled)["accepted"] == [{"id": "1", "version": 1}]
    held = api.twig.documents(spec)["1"]
    assert (held.title, held.metadata, texts(held)) == ("Renamed", {"labels": ["l"]}, {"a": "one"})


def test_orders_chunks_by_ordinal_whatever_order_they_come_in(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("b", "two", 1), api.chunk("a", "one", 0)))
    [item] = api.get(f"/api/data-specs/{spec}/documents").json()["data"]["items"]
    assert item["chunkIds"] == ["a", "b"]
    assert item["chunkHashes"] == ["hash-a", "hash-b"]


def test_a_document_without_chunks_is_held(api: Caller, spec: str) -> None:
    api.load(spec, api.document("empty"))
    assert api.get(f"/api/data-specs/{spec}").json()["data"]["documentCount"] == 1


def test_deleting_is_idempotent_and_answers_every_id(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one")))
    assert api.write(spec, deletes=({"id": "1"}, {"id": "never"}))["deleted"] == ["1", "never"]
    assert api.write(spec, deletes=({"id": "1"},))["deleted"] == ["1"]
    assert api.twig.documents(spec) == {}


def test_a_delete_with_an_older_version_spares_the_document(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", version=3))
    outcome = api.write(spec, deletes=({"id": "1", "version": 2},))
    assert outcome["deleted"] == []
    assert outcome["rejected"][0]["code"] == "stale_version"
    assert api.write(spec, deletes=({"id": "1", "version": 3},))["deleted"] == ["1"]


def test_nothing_is_remembered_of_a_deleted_document(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one"), version=9))
    api.write(spec, deletes=({"id": "1"},))
    assert api.write(spec, api.document("1", api.chunk("a", None), version=1))["missingChunks"] == {"1": ["a"]}
    assert api.write(spec, api.document("1", api.chunk("a", "one"), version=1))["accepted"] == [
        {"id": "1", "version": 1}
    ]


def test_an_id_that_is_twice_in_a_request_is_not_applied(api: Caller, spec: str) -> None:
    api.write(spec, api.document("both", version=2))
    outcome = api.write(
        spec, api.document("twice"), api.document("twice"), api.document("both"), deletes=({"id": "both"},)
    )
    assert [(entry["id"], entry["code"]) for entry in outcome["rejected"]] == [
        ("both", "duplicate_document"),
        ("twice", "duplicate_document"),
    ]
    assert list(api.twig.documents(spec)) == ["both"]


def test_a_bad_document_does_not_stop_the_others(api: Caller, spec: str) -> None:
    api.write(spec, api.document("owner", api.chunk("owned", "text")))
    api.twig.refuse_documents(["secret"], "content_policy", "Contains personal data")
    outcome = api.write(
        spec,
        api.document("taken", api.chunk("owned", "text")),
        api.document("twins", api.chunk("t", "a"), api.chunk("t", "b")),
        api.document("long", api.chunk("l", "x" * 65_537)),
        api.document("secret"),
        api.document("good", api.chunk("g", "x" * 65_536)),
    )
    assert outcome["accepted"] == [{"id": "good", "version": 1}]
    assert {entry["id"]: entry["code"] for entry in outcome["rejected"]} == {
        "taken": "chunk_id_conflict",
        "twins": "duplicate_chunk",
        "long": "chunk_too_large",
        "secret": "content_policy",
    }


def test_a_write_touches_no_other_data_source(api: Caller, spec: str) -> None:
    other = api.create("other")
    for one in (spec, other):
        api.load(one, api.document("1", api.chunk("a", f"words of {one}")))
    before = api.twig.documents(other)
    api.write(spec, api.document("1", api.chunk("b", "changed"), version=2))
    api.write(spec, deletes=({"id": "1"},))
    assert api.twig.documents(other) == before
    assert [hit["data_source_id"] for hit in api.search("words")] == [other]


def test_listing_goes_through_all_documents_while_they_come_and_go(api: Caller, spec: str) -> None:
    api.write(spec, *(api.document(f"{number:03}") for number in range(25)))
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = api.get(f"/api/data-specs/{spec}/documents", limit=10, cursor=cursor).json()["data"]
        seen += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        api.write(spec, api.document("000a"), deletes=({"id": "005"},))
    assert seen == [f"{number:03}" for number in range(25)]
    assert page["total"] == 25


@pytest.mark.parametrize("status", [404, 405, 501])
def test_listing_can_be_unsupported(api: Caller, spec: str, status: int) -> None:
    api.twig.settings.listing_status = status
    answer = api.get(f"/api/data-specs/{spec}/documents")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "not_supported")


def test_a_cursor_of_somebody_elses_making_is_refused(api: Caller, spec: str) -> None:
    assert api.get(f"/api/data-specs/{spec}/documents", cursor="nonsense!").status_code == 400


def test_a_body_may_be_gzip(api: Caller, spec: str) -> None:
    answer = api.post_gzip(
        f"/api/data-specs/{spec}/documents", {"upserts": [api.document("1", api.chunk("a", "x" * 50_000))]}
    )
    assert answer.json()["data"]["accepted"] == [{"id": "1", "version": 1}]
    [record] = [record for record in api.twig.log.records() if record.path.endswith("/documents")]
    assert record.bytes_sent < 1_000 < 50_000 < record.bytes_decoded


def test_a_body_above_a_limit_is_413_and_nothing_is_applied(api: Caller, spec: str) -> None:
    body = {"upserts": [api.document("1", api.chunk("a", "x" * 5_000))]}
    path = f"/api/data-specs/{spec}/documents"
    api.twig.settings.max_decoded_bytes = 4_000
    zipped = api.post_gzip(path, body)
    api.twig.settings.max_body_bytes = 2_000
    plain = api.post(path, body)
    assert [answer.status_code for answer in (zipped, plain)] == [413, 413]
    assert [answer.json()["error"]["details"]["limitBytes"] for answer in (zipped, plain)] == [4_000, 2_000]
    assert api.twig.documents(spec) == {}


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip", 400),
        ({"Content-Encoding": "br"}, b"{}", 415),
        ({}, b"", 400),
        ({}, b"[]", 400),
        ({}, b'{"upserts": [{"id": "1"}]}', 400),
        ({}, b'{"deletes": [{"id": "\\ud800"}]}', 400),
        ({}, b'{"deletes": [{"id": ""}]}', 400),
        ({}, b'{"deletes": [{"id": 7}]}', 400),
    ],
)
def test_a_body_that_is_not_the_contracts_is_refused_as_a_whole(
    api: Caller, spec: str, headers: dict[str, str], data: bytes, status: int
) -> None:
    answer = api.call("POST", f"/api/data-specs/{spec}/documents", data=data, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_an_unknown_data_source_is_404(api: Caller) -> None:
    assert api.post("/api/data-specs/ds_unknown/documents", {}).status_code == 404
    assert api.get("/api/data-specs/ds_unknown/documents").json()["error"]["code"] == "not_found"


# Random histories: two documents, few chunk ids and versions, so that everything collides with everything.

_CHUNKS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from("abcd"),
            "ordinal": st.integers(0, 3),
            "hash": st.sampled_from("xy"),
            "url": st.just("u"),
            "tokenCount": st.just(1),
        },
        optional={"text": st.text(max_size=3)},
    ),
    max_size=4,
)
_DOCUMENTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from("12"),
        "version": st.integers(1, 4),
        "contentHash": st.sampled_from("pq"),
        "title": st.just("t"),
        "url": st.just("u"),
        "chunks": _CHUNKS,
    }
)
_DELETIONS = st.fixed_dictionaries({"id": st.sampled_from("12")}, optional={"version": st.none() | st.integers(1, 4)})
_WRITES = st.fixed_dictionaries(
    {"upserts": st.lists(_DOCUMENTS, max_size=3), "deletes": st.lists(_DELETIONS, max_size=1)}
)


@examples(40, 4_000)
@given(history=st.lists(_WRITES, min_size=1, max_size=12))
def test_documents_are_replaced_whole_or_not_at_all_and_versions_never_go_back(history: list[dict[str, Any]]) -> None:
    store = Store()
    for number, body in enumerate(history):
        write = DocumentsWrite.model_validate(body)
        with store.transaction() as db:
            before = held_documents(db, "ds")
            outcome = documents.write(db, "ds", write, float(number), {})
            after = held_documents(db, "ds")
        accepted = {entry["id"] for entry in outcome.accepted}
        placed = [*accepted, *(e["id"] for e in outcome.rejected), *outcome.deleted, *outcome.missing]
        assert sorted(placed) == sorted({d.id for d in write.upserts} | {d.id for d in write.deletes})
        assert after.keys() == (before.keys() | accepted) - set(outcome.deleted)
        for document_id, held in after.items():
            if document_id not in accepted:
                assert held == before[document_id]
                continue
            [sent] = [one for one in write.upserts if one.id == document_id]
            kept = {chunk.id: chunk.text for chunk in before[document_id].chunks} if document_id in before else {}
            if document_id in before:
                assert held.version >= before[document_id].version
            if document_id in before and held == before[document_id]:
                continue  # accepted without a change
            expected = [
                (c.id, c.hash, kept[c.id] if c.text is None else c.text)
                for c in sorted(sent.chunks, key=lambda c: c.ordinal)
            ]
            assert (held.version, held.content_hash) == (sent.version, sent.contentHash)
            assert [(c.id, c.hash, c.text) for c in held.chunks] == expected
    store.close()
