from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from confluence_to_twig.errors import PermanentError, TransientError
from confluence_to_twig.twig.client import (
    BadBatch,
    BatchTooLarge,
    DataSourceGone,
    KeyConflict,
    RouteNotOffered,
    TwigClient,
)
from confluence_to_twig.twig.models import DataSource
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.twig import Fault, Settings, serve
from tests.http.raw_server import dripping_body, dripping_headers, raw_server
from tests.twig.world import World

EMPTY = '{"upserts":[],"deletes":[]}'


@pytest.fixture
def client(world: World) -> Iterator[TwigClient]:
    with world.client() as client:
        yield client


@pytest.fixture
def source(client: TwigClient) -> DataSource:
    return client.create_data_source("docs", "FILE", "", "key-1")


def body(page_id: str = "1", text: str = "Hello") -> str:
    chunk = {"id": f"{page_id}-a", "ordinal": 0, "hash": "a", "text": text, "url": "", "tokenCount": 1}
    document = {"id": page_id, "version": 1, "contentHash": "a", "title": "T", "url": "", "chunks": [chunk]}
    return json.dumps({"upserts": [document]})


def test_makes_no_request_before_it_is_asked_something() -> None:
    with TwigClient(TwigSettings("http://127.0.0.1:9", "key")) as client:
        assert client.figures.requests == 0


def test_writes_lists_and_deletes_documents(client: TwigClient, source: DataSource) -> None:
    outcome = client.write_documents(source.id, body(), "k1")
    assert (outcome.accepted, outcome.refused, outcome.missing) == (frozenset("1"), (), {})

    (document,) = client.list_documents(source.id)
    assert (document.id, document.version, document.chunk_ids, document.chunk_hashes) == ("1", 1, ("1-a",), ("a",))

    outcome = client.write_documents(source.id, '{"deletes":[{"id":"1"},{"id":"2"}]}', "k2")
    assert outcome.deleted == frozenset("12")
    assert list(client.list_documents(source.id)) == []


def test_lists_more_documents_than_fit_on_a_page(world: World, client: TwigClient, source: DataSource) -> None:
    upserts = [json.loads(body(str(number)))["upserts"][0] for number in range(1_203)]
    client.write_documents(source.id, json.dumps({"upserts": upserts}), "k1")

    assert {document.id for document in client.list_documents(source.id)} == {str(number) for number in range(1_203)}


def test_lists_more_data_sources_than_fit_on_a_page(client: TwigClient) -> None:
    for number in range(205):
        client.create_data_source(f"source {number}", "FILE", "", f"key-{number}")

    assert len({found.id for found in client.list_data_sources()}) == 205
    assert [found.name for found in client.list_data_sources("source 20")] == [
        f"source {n}" for n in (20, 200, 201, 202, 203, 204)
    ]


@pytest.mark.parametrize("envelope", ["documented", "wrapped", "bare"])
@pytest.mark.parametrize("errors", ["documented", "object", "numbered", "string"])
def test_accepts_every_envelope_and_error_shape(world: World, client: TwigClient, envelope: str, errors: str) -> None:
    world.twig.settings.envelope = envelope
    world.twig.settings.errors = errors
    source = client.create_data_source("docs", "FILE", "", "key-1")
    client.write_documents(source.id, body(), "k1")
    process_id, ours = client.process(source.id)

    assert ours
    assert process_id
    assert [found.id for found in client.list_data_sources("docs")] == [source.id]
    assert (client.get_data_source(source.id) or source).status == "active"
    assert [citation.document_id for citation in client.search("Hello", [source.id])] == ["1"]
    assert client.get_data_source("ds_none") is None
    with pytest.raises(DataSourceGone):
        client.write_documents("ds_none", EMPTY, "k2")


def test_reads_a_status_with_a_capital(world: World, client: TwigClient, source: DataSource) -> None:
    world.twig.settings.capitalised_status = True
    assert (client.get_data_source(source.id) or source).status == "pending"


@pytest.mark.parametrize("status", [404, 405])
def test_finds_a_data_source_where_there_is_no_route_for_one(
    world: World, client: TwigClient, source: DataSource, status: int
) -> None:
    world.twig.settings.by_id_status = status
    assert (client.get_data_source(source.id) or source).name == "docs"
    assert client.get_data_source("ds_none") is None


@pytest.mark.parametrize("status", [404, 405, 501])
def test_says_when_twig_cannot_list(world: World, client: TwigClient, source: DataSource, status: int) -> None:
    world.twig.settings.listing_status = status
    with pytest.raises(RouteNotOffered, match="full"):
        list(client.list_documents(source.id))


def test_says_when_the_data_source_is_gone(client: TwigClient, source: DataSource) -> None:
    client.delete_data_source(source.id)
    client.delete_data_source(source.id)
    with pytest.raises(DataSourceGone):
        list(client.list_documents(source.id))


def test_sends_large_bodies_compressed_and_small_ones_as_they_are(
    world: World, client: TwigClient, source: DataSource
) -> None:
    text = "The same sentence again and again. " * 500
    client.write_documents(source.id, body(text=text), "k1")
    client.write_documents(source.id, EMPTY, "k2")

    large, small = world.writes()
    assert large.bytes_sent < large.bytes_decoded / 10
    assert large.bytes_sent == len(gzip.compress(body(text=text).encode(), 6))
    assert small.bytes_sent == small.bytes_decoded == len(EMPTY)
    assert world.held_by(source.id)["1"] == text


def test_does_not_compress_when_told_so(world: World, source: DataSource) -> None:
    with world.client(compress=False) as client:
        client.write_documents(source.id, body(text="a" * 5_000), "k1")
    assert world.writes()[-1].bytes_sent == world.writes()[-1].bytes_decoded


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500),
        Fault(kind="status", status=502, body="html"),
        Fault(kind="status", status=503, body="empty", headers={"Retry-After": "2"}),
        Fault(kind="status", status=504, applied=True),
        Fault(kind="reset"),
        Fault(kind="reset", applied=True),
    ],
    ids=lambda fault: fault.name,
)
def test_repeats_a_request_that_failed_in_passing_with_the_same_key(
    world: World, client: TwigClient, source: DataSource, fault: Fault
) -> None:
    fault.path = "/documents$"
    world.twig.inject(fault)

    outcome = client.write_documents(source.id, body(), "k1")

    first, second = world.writes()
    assert outcome.accepted == frozenset("1")
    assert first.fault is not None
    assert second.idempotency_key == "k1"
    assert second.replayed == fault.applied


def test_gives_up_after_bounded_attempts(world: World, client: TwigClient, source: DataSource) -> None:
    world.twig.answer_with(503, path="/documents$", times=100)
    with pytest.raises(TransientError, match="given up after attempt 6"):
        client.write_documents(source.id, body(), "k1")
    assert len(world.writes()) == 6


def test_times_out_when_twig_does_not_answer(world: World, source: DataSource) -> None:
    world.twig.inject(Fault(kind="delay", seconds=0.4, path="/documents$", times=1))
    with world.client(timeout_s=0.1) as client:
        assert client.write_documents(source.id, body(), "k1").accepted == frozenset("1")
        assert client.figures.writes == 2


@pytest.mark.parametrize("drip", [dripping_headers, dripping_body], ids=lambda drip: drip.__name__)
def test_a_twig_that_drips_is_given_up_within_its_time(drip: Callable[[], tuple[list[bytes], float]]) -> None:
    start = time.monotonic()
    with (
        raw_server(*drip()) as url,
        TwigClient(TwigSettings(url, "key", timeout_s=1), patience_s=0) as client,
        pytest.raises(TransientError, match=r"while trying to list the data sources"),
    ):
        list(client.list_data_sources())
    assert 0.9 < time.monotonic() - start < 3


def test_an_answer_of_twig_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confluence_to_twig.twig.transport.MAX_BYTES", 1_000_000)
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 100_000] * 1_000]
    with (
        raw_server(endless) as url,
        TwigClient(TwigSettings(url, "key")) as client,
        pytest.raises(TransientError, match="larger than 1,000,000 bytes"),
    ):
        list(client.list_data_sources())
    assert client.figures.requests == 1


def test_a_twig_that_cannot_be_reached_is_a_transient_error() -> None:
    with (
        TwigClient(TwigSettings("http://127.0.0.1:9", "key"), sleep=lambda _: None) as client,
        pytest.raises(TransientError, match=r"No answer from Twig at 127\.0\.0\.1:9"),
    ):
        list(client.list_data_sources())


def test_waits_as_long_as_twig_says_and_counts_it(world: World, source: DataSource) -> None:
    slept: list[float] = []
    world.twig.inject(Fault(kind="status", status=429, headers={"Retry-After": "7"}, path="/documents$"))
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    with TwigClient(world.settings(), clock=lambda: now, sleep=sleep) as client:
        client.write_documents(source.id, body(), "k1")
        assert client.figures.seconds_waited == pytest.approx(7)
        assert client.requests_refused == 1
    assert slept == pytest.approx([7])


def test_a_rate_limit_is_waited_for_as_often_as_its_patience_allows(world: World, source: DataSource) -> None:
    world.twig.inject(Fault(kind="status", status=429, headers={"Retry-After": "20"}, path="/documents$", times=30))
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    with TwigClient(world.settings(), clock=lambda: now, sleep=sleep) as client:
        client.write_documents(source.id, body(), "k1")
        assert client.figures.seconds_waited == pytest.approx(600)


def test_does_not_wait_beyond_its_patience(world: World, source: DataSource) -> None:
    world.twig.inject(
        Fault(kind="status", status=429, headers={"Retry-After": "86400"}, path="/documents$", times=None)
    )
    with world.client() as client, pytest.raises(TransientError, match="86,400 s"):
        client.write_documents(source.id, body(), "k1")
    assert len(world.writes()) == 1


def test_keeps_to_the_write_budget_of_a_twig_that_enforces_it() -> None:
    with serve(settings=Settings(write_per_minute=1_200, write_burst=3)) as served:
        world = World(served, staging=None)  # type: ignore[arg-type]
        with TwigClient(world.settings()) as client:
            source = client.create_data_source("docs", "FILE", "", "key-1")
            for number in range(12):
                client.write_documents(source.id, EMPTY, f"k{number}")
            assert client.figures.seconds_waited > 0
        assert [record.status for record in world.writes()] == [200] * 12


def test_threads_share_the_write_budget() -> None:
    with serve(settings=Settings(write_per_minute=1_200, write_burst=3)) as served:
        world = World(served, staging=None)  # type: ignore[arg-type]
        with TwigClient(world.settings()) as client:
            source = client.create_data_source("docs", "FILE", "", "key-1")
            threads = [
                threading.Thread(target=client.write_documents, args=(source.id, body(str(n)), f"k{n}"))
                for n in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(world.held_by(source.id)) == 8


@pytest.mark.parametrize(("setting", "value"), [("max_body_bytes", 100), ("max_decoded_bytes", 100)])
def test_a_batch_that_is_too_large_is_told_apart(
    world: World, client: TwigClient, source: DataSource, setting: str, value: int
) -> None:
    setattr(world.twig.settings, setting, value)
    with pytest.raises(BatchTooLarge):
        client.write_documents(source.id, body(), "k1")


def test_a_batch_that_is_not_understood_is_told_apart(client: TwigClient, source: DataSource) -> None:
    with pytest.raises(BadBatch, match="400 Bad Request"):
        client.write_documents(source.id, '{"upserts":[{"id":7}]}', "k1")


def test_a_key_that_came_with_another_body_is_told_apart(client: TwigClient, source: DataSource) -> None:
    client.write_documents(source.id, body("1"), "k1")
    with pytest.raises(KeyConflict):
        client.write_documents(source.id, body("2"), "k1")


def test_bad_credentials_are_permanent_and_tried_once(world: World) -> None:
    with (
        world.client(api_key="twigsk_live_wrong") as client,
        pytest.raises(PermanentError, match="401 Unauthorized") as caught,
    ):
        list(client.list_data_sources())
    assert "Create a new API key" in caught.value.remedy
    assert "twigsk_live_wrong" not in str(caught.value)
    assert len(world.twig.log.records()) == 1


def test_a_missing_scope_is_permanent_and_named(world: World) -> None:
    with (
        world.client(api_key=world.twig.keys.add(("Read",))) as client,
        pytest.raises(PermanentError, match=r"403 Forbidden.*lacks Write scope"),
    ):
        client.create_data_source("docs", "FILE", "", "key")


def test_another_organisations_id_is_permanent(world: World, source: DataSource) -> None:
    with world.client(org_id="org_other") as client, pytest.raises(PermanentError, match="organisation id"):
        client.search("hello", [source.id])


def test_searching_needs_the_organisation_id(world: World, source: DataSource) -> None:
    with world.client(org_id=None) as client, pytest.raises(PermanentError, match="Organisation id"):
        client.search("hello", [source.id])


def test_does_not_follow_a_redirect(world: World, client: TwigClient) -> None:
    world.twig.inject(Fault(kind="status", status=301, headers={"Location": "https://elsewhere.example.com/?k=1"}))
    with pytest.raises(PermanentError, match="301 Moved Permanently") as caught:
        list(client.list_data_sources())
    assert "https://elsewhere.example.com:" in caught.value.remedy
    assert len(world.twig.log.records()) == 1


def test_works_below_a_gateways_path(world: World) -> None:
    world.twig.settings.below = "/gateway"
    with world.client(base_url=f"{world.served.base_url}/gateway") as client:
        assert list(client.list_data_sources()) == []


def test_ignores_fields_that_it_does_not_know(world: World, client: TwigClient, source: DataSource) -> None:
    world.twig.settings.unknown_fields = True
    assert client.write_documents(source.id, body(), "k1").accepted == frozenset("1")
    assert [document.id for document in client.list_documents(source.id)] == ["1"]
    assert [found.id for found in client.list_data_sources()] == [source.id]


def test_neither_key_nor_page_text_reaches_a_log_or_an_error(
    world: World, client: TwigClient, source: DataSource, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "The launch code of the blue rocket is four zeros"
    caplog.set_level(logging.DEBUG)
    for message in (f"Text refused: {secret}", f"Key {world.served.api_key} refused"):
        world.twig.inject(Fault(kind="status", status=500, message=message, path="/documents$"))
        world.twig.inject(Fault(kind="status", status=400, message=message, path="/documents$"))
        with pytest.raises(BadBatch) as caught:
            client.write_documents(source.id, body(text=secret), f"k{len(message)}")
        assert "rocket" not in str(caught.value)
        assert world.served.api_key not in str(caught.value)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("confluence_to_twig.")]
    assert ours
    assert not any("rocket" in line or world.served.api_key in line for line in ours)


def test_an_answer_that_is_no_json_is_not_taken_for_success(world: World, client: TwigClient) -> None:
    world.twig.inject(Fault(kind="status", status=200, body="html"))
    with pytest.raises(PermanentError, match="could not be understood"):
        list(client.list_data_sources())


def test_counts_what_it_did(world: World, client: TwigClient, source: DataSource) -> None:
    client.write_documents(source.id, body(), "k1")
    client.search("hello", [source.id])

    stats = world.twig.log.stats()
    assert (client.figures.requests, client.figures.writes) == (stats["requests"], stats["writes"]) == (3, 2)
    assert client.figures.bytes_sent == stats["bytesSent"]
