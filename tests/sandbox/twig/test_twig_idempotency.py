"""Idempotency keys: docs/twig-api-contract.md, section 7."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Caller


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def test_the_same_key_and_body_is_answered_again_and_not_applied_again(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    a = {"upserts": [api.document("1", api.chunk("a", "A"), contentHash="A")]}
    first = api.post(path, a, Idempotency_Key="run-1/batch-1")
    api.write(spec, api.document("1", api.chunk("b", "B"), contentHash="B"))
    again = api.post(path, a, Idempotency_Key="run-1/batch-1")
    assert again.json() == first.json()
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert api.twig.documents(spec)["1"].content_hash == "B"
    assert api.post(path, a, Idempotency_Key="run-2/batch-1").headers.get("Idempotency-Replayed") is None
    assert api.twig.documents(spec)["1"].content_hash == "A"


def test_compression_does_not_make_another_body(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    api.call("POST", path, data=b'{"deletes":[]}', headers={"Idempotency-Key": "k"})
    zipped = {"Idempotency-Key": "k", "Content-Encoding": "gzip"}
    again = api.call("POST", path, data=gzip.compress(b'{"deletes":[]}'), headers=zipped)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    api.post(path, {"upserts": [api.document("1")]}, Idempotency_Key="k")
    refused = api.post(path, {"upserts": [api.document("2")]}, Idempotency_Key="k")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_conflict")
    assert list(api.twig.documents(spec)) == ["1"]


def test_a_key_belongs_to_its_route_and_organization(api: Caller, spec: str) -> None:
    other = api.create("other")
    for one in (spec, other):
        answer = api.post(f"/api/data-specs/{one}/documents", {"upserts": []}, Idempotency_Key="k")
        assert "Idempotency-Replayed" not in answer.headers


def test_an_error_is_not_remembered(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    body = {"upserts": [api.document("1")]}
    api.twig.answer_with(503, path="documents")
    assert api.post(path, body, Idempotency_Key="k").status_code == 503
    answer = api.post(path, body, Idempotency_Key="k")
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (200, None)


def test_an_answer_is_forgotten_after_a_day(api: Caller, spec: str) -> None:
    now = api.twig.now()
    path = f"/api/data-specs/{spec}/documents"
    api.post(path, {}, Idempotency_Key="k")
    api.twig.now = lambda: now + 24 * 3600 + 60
    assert "Idempotency-Replayed" not in api.post(path, {}, Idempotency_Key="k").headers


def test_a_lost_acknowledgement_is_made_good_by_the_retry(api: Caller, spec: str) -> None:
    path = f"/api/data-specs/{spec}/documents"
    body = {"upserts": [api.document("1", api.chunk("a", "text"))]}
    api.twig.lose_acknowledgements(path="documents")
    with pytest.raises(requests.ConnectionError):
        api.post(path, body, Idempotency_Key="k")
    assert list(api.twig.documents(spec)) == ["1"]
    retry = api.post(path, body, Idempotency_Key="k")
    assert retry.headers["Idempotency-Replayed"] == "true"
    assert retry.json()["data"]["accepted"] == [{"id": "1", "version": 1}]


@pytest.mark.parametrize("key", ["", "with space", "x" * 256])
def test_a_key_that_is_no_key_is_refused(api: Caller, spec: str, key: str) -> None:
    assert api.post(f"/api/data-specs/{spec}/documents", {}, Idempotency_Key=key).status_code == 400
