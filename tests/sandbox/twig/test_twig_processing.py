"""Statuses, counts, logs and what search finds when: docs/twig-api-contract.md, sections 5, 8 and 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.twig import ProcessFailure
from sandbox.twig.search import match_expression

if TYPE_CHECKING:
    from conftest import Caller


class Clock:
    """Unix time that only moves when told to."""

    def __init__(self, api: Caller) -> None:
        self.now = 1_700_000_000.0
        api.twig.now = lambda: self.now


@pytest.fixture
def clock(api: Caller) -> Clock:
    return Clock(api)


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def described(api: Caller, spec: str) -> dict[str, Any]:
    return dict(api.get(f"/api/data-specs/{spec}").json()["data"])


def test_status_goes_from_pending_over_processing_to_active(api: Caller, spec: str, clock: Clock) -> None:
    api.twig.settings.processing_seconds = 10
    api.write(spec, api.document("1", api.chunk("a", "one"), api.chunk("b", "two", 1)))
    assert described(api, spec)["status"] == "pending"
    started = api.post(f"/api/data-specs/{spec}/process")
    assert (started.status_code, started.json()["data"]["status"]) == (202, "processing")
    clock.now += 9.9
    during = described(api, spec)
    assert (during["status"], during["documentCount"], during["chunkCount"]) == ("processing", 0, 0)
    clock.now += 0.1
    after = described(api, spec)
    assert (after["status"], after["documentCount"], after["chunkCount"]) == ("active", 1, 2)
    assert after["lastSync"] == "2023-11-14T22:13:30.000Z"


def test_a_second_process_is_409_while_one_runs(api: Caller, spec: str, clock: Clock) -> None:
    api.twig.settings.processing_seconds = 10
    first = api.post(f"/api/data-specs/{spec}/process").json()["data"]["processId"]
    second = api.post(f"/api/data-specs/{spec}/process")
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "already_processing"
    assert second.json()["error"]["details"] == {"processId": first}
    clock.now += 10
    assert api.post(f"/api/data-specs/{spec}/process").status_code == 202


def test_search_finds_the_former_text_until_the_new_one_is_processed(api: Caller, spec: str) -> None:
    api.load(spec, api.document("1", api.chunk("a", "former words")))
    api.write(spec, api.document("1", api.chunk("b", "newer words"), version=2))
    assert [hit["text"] for hit in api.search("words", spec)] == ["former words"]
    assert described(api, spec)["status"] == "pending"
    api.post(f"/api/data-specs/{spec}/process")
    assert [hit["text"] for hit in api.search("words", spec)] == ["newer words"]


def test_what_came_during_a_processing_stays_due(api: Caller, spec: str, clock: Clock) -> None:
    api.twig.settings.processing_seconds = 10
    api.write(spec, api.document("1", api.chunk("a", "first")))
    api.post(f"/api/data-specs/{spec}/process")
    api.write(spec, api.document("2", api.chunk("b", "second")))
    clock.now += 10
    after = described(api, spec)
    assert (after["status"], after["documentCount"]) == ("pending", 1)
    api.post(f"/api/data-specs/{spec}/process")
    clock.now += 10
    after = described(api, spec)
    assert (after["status"], after["documentCount"]) == ("active", 2)


def test_a_deleted_document_is_not_found_any_more_and_the_status_stays(api: Caller, spec: str) -> None:
    api.load(spec, api.document("1", api.chunk("a", "gone words")), api.document("2", api.chunk("b", "kept words")))
    api.write(spec, deletes=({"id": "1"},))
    assert [hit["document_id"] for hit in api.search("words", spec)] == ["2"]
    after = described(api, spec)
    assert (after["status"], after["documentCount"], after["chunkCount"]) == ("active", 1, 1)


def test_a_failed_processing_shows_its_error_and_log_and_leaves_search_as_it_was(api: Caller, spec: str) -> None:
    api.load(spec, api.document("1", api.chunk("a", "former words")))
    api.write(spec, api.document("1", api.chunk("b", "newer words"), version=2))
    api.twig.fail_processing(ProcessFailure("Out of memory", ("Slow embedding",)))
    process = api.post(f"/api/data-specs/{spec}/process").json()["data"]["processId"]
    after = described(api, spec)
    assert (after["status"], after["error"], after["processId"]) == ("failed", "Out of memory", process)
    log = api.get(f"/api/process-logs/{process}").json()["data"]
    assert (log["status"], log["error"], log["dataSpecId"]) == ("failed", "Out of memory", spec)
    lines = api.get("/api/lambda-logs", processId=process).json()["data"]["items"]
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "Processing started"),
        ("WARNING", "Slow embedding"),
        ("ERROR", "Out of memory"),
    ]
    assert [hit["text"] for hit in api.search("words", spec)] == ["former words"]
    api.post(f"/api/data-specs/{spec}/process")
    healed = described(api, spec)
    assert (healed["status"], healed["error"]) == ("active", None)
    assert [hit["text"] for hit in api.search("words", spec)] == ["newer words"]


def test_only_new_texts_are_embedded_again(api: Caller, spec: str) -> None:
    api.load(spec, api.document("1", api.chunk("a", "one"), api.chunk("b", "two", 1)), api.document("2"))
    api.load(spec, api.document("1", api.chunk("a", None), api.chunk("c", "three", 1), version=2))
    process = described(api, spec)["processId"]
    log = api.get(f"/api/process-logs/{process}").json()["data"]
    assert (log["status"], log["documents"], log["chunks"]) == ("completed", 1, 1)


def test_a_result_cites_the_chunks_url_or_else_the_documents(api: Caller, spec: str) -> None:
    api.load(
        spec, api.document("1", api.chunk("a", "alpha", url="https://c.example/1#h"), api.chunk("b", "beta", 1, url=""))
    )
    [alpha], [beta] = api.search("alpha", spec), api.search("beta", spec)
    assert alpha["document_url"] == "https://c.example/1#h"
    assert beta["document_url"] == "https://c.example/1"
    assert (alpha["chunk_id"], alpha["document_id"], alpha["document_title"]) == ("a", "1", "Page 1")


def test_search_ranks_the_chunk_with_more_of_the_words_first(api: Caller, spec: str) -> None:
    api.load(
        spec,
        api.document("1", api.chunk("a", "rotate the signing certificate of the gateway")),
        api.document("2", api.chunk("b", "the gateway has a log")),
        api.document("3", api.chunk("c", "nothing of the sort")),
    )
    hits = api.search("rotate gateway certificate", spec)
    assert [hit["document_id"] for hit in hits] == ["1", "2"]
    assert 1 >= hits[0]["similarity"] > hits[1]["similarity"] >= 0


def test_search_keeps_to_the_data_sources_asked_for(api: Caller, spec: str) -> None:
    other = api.create("other")
    for one in (spec, other):
        api.load(one, api.document("1", api.chunk("a", "words")))
    assert {hit["data_source_id"] for hit in api.search("words")} == {spec, other}
    assert [hit["data_source_id"] for hit in api.search("words", other)] == [other]
    assert api.search("words", "ds_unknown") == []


def test_search_understands_unspaced_scripts_and_no_operators(api: Caller, spec: str) -> None:
    api.load(
        spec,
        api.document("1", api.chunk("a", "접근제어 정책을 설정합니다"), api.chunk("b", 'NEAR AND NOT "quoted*"', 1)),
    )
    assert [hit["chunk_id"] for hit in api.search("정책", spec)] == ["a"]
    assert [hit["chunk_id"] for hit in api.search('NOT "quoted* (AND', spec)] == ["b"]
    assert api.search("?!*", spec) == []
    assert match_expression("?!*") == ""


def test_query_answers_from_the_best_chunk_with_citations_or_says_that_it_does_not_know(api: Caller, spec: str) -> None:
    api.load(spec, api.document("1", api.chunk("a", "Refunds take five days")))
    answer = api.post("/api/v1/query", {"agent_id": "agent_sandbox", "query": "refunds", "session_id": "s1"}).json()
    assert (answer["response"], answer["session_id"]) == ("Refunds take five days", "s1")
    assert [(source["chunk_id"], source["document_url"]) for source in answer["sources"]] == [
        ("a", "https://c.example/a")
    ]
    unknown = api.post("/api/v1/query", {"agent_id": "agent_sandbox", "query": "zeppelin"}).json()
    assert (unknown["response"], unknown["sources"]) == ("I don't have information about that", [])
    assert api.post("/api/v1/query", {"agent_id": "agent_other", "query": "x"}).status_code == 404


def test_the_agent_reads_only_data_that_was_processed(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "unprocessed")))
    assert api.search("unprocessed", spec) == []
