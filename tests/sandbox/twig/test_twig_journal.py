"""The request log: what was sent and how often, never keys or texts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Caller


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def test_a_record_tells_what_came_without_key_and_texts(api: Caller, spec: str) -> None:
    body = {
        "upserts": [api.document("1", api.chunk("a", "secret words"), api.chunk("b", None, 1))],
        "deletes": [{"id": "2"}],
    }
    api.post(f"/api/data-specs/{spec}/documents", body, Idempotency_Key="run-1")
    record = api.twig.log.records()[-1]
    assert (record.method, record.path, record.status) == ("POST", f"/api/data-specs/{spec}/documents", 200)
    assert (record.upserts, record.deletes, record.texts, record.idempotency_key) == (("1",), ("2",), 1, "run-1")
    assert record.bytes_sent == record.bytes_decoded == len(json.dumps(body).encode())
    everything = json.dumps(asdict(record))
    assert "secret" not in everything
    assert api.key not in everything


def test_counts_each_document_and_text_as_often_as_it_was_sent(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one")))
    api.write(spec, api.document("1", api.chunk("a", "one"), api.chunk("b", "two", 1), version=2))
    api.write(spec, api.document("1", api.chunk("a", None), version=3), deletes=({"id": "9"},))
    sent = api.twig.log.sent()
    assert sent.documents == {(spec, "1"): 3}
    assert sent.texts == {(spec, "a"): 2, (spec, "b"): 1}
    assert sent.deletes == {(spec, "9"): 1}


def test_replays_refusals_and_lost_answers_are_told_apart(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    api.twig.answer_with(503, path="documents")
    api.post(path, {}, Idempotency_Key="k")
    api.twig.lose_acknowledgements(path="documents")
    with pytest.raises(requests.ConnectionError):
        api.post(path, {}, Idempotency_Key="k")
    api.post(path, {}, Idempotency_Key="k")
    last = api.twig.log.records()[-3:]
    told = [(record.status, record.fault, record.replayed) for record in last]
    assert told == [(503, "status 503", False), (0, "reset after applying", False), (200, None, True)]
    assert [record.idempotency_key for record in last] == ["k", "k", "k"]


def test_totals_tell_writes_from_reads(api: Caller, spec: str) -> None:
    api.twig.log.clear()
    api.write(spec, api.document("1", api.chunk("a", "one")))
    api.post(f"/api/data-specs/{spec}/process")
    api.get(f"/api/data-specs/{spec}")
    api.search("one")
    stats = api.twig.log.stats()
    assert (stats["requests"], stats["writes"], stats["documentWrites"]) == (4, 2, 1)
    assert (stats["documentsSent"], stats["textsSent"], stats["mostOftenSentText"]) == (1, 1, 1)
    assert stats["statuses"] == {"200": 3, "202": 1}
