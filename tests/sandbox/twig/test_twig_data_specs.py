"""Data sources, keys and organizations: docs/twig-api-contract.md, sections 2 and 5."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Caller


def test_a_new_data_source_is_pending_and_empty(api: Caller) -> None:
    answer = api.post("/api/data-specs", {"name": "product-docs", "type": "FILE", "description": "Space PROD"})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["status"], made["documentCount"], made["chunkCount"], made["lastSync"]) == ("pending", 0, 0, None)
    assert api.get(f"/api/data-specs/{made['id']}").json()["data"] == made


def test_two_creates_of_one_name_make_two_data_sources(api: Caller) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(api.create, ["same"] * 4))
    found = api.get("/api/data-specs", search="same").json()["data"]
    assert found["total"] == 4
    assert {item["id"] for item in found["items"]} == ids


def test_racing_creates_with_one_idempotency_key_make_one_data_source(api: Caller) -> None:
    body = {"name": "same", "type": "FILE"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.post("/api/data-specs", body, Idempotency_Key="create-same"), range(4)))
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == ["", "true", "true", "true"]


def test_search_finds_a_part_of_the_name_in_any_case(api: Caller) -> None:
    for name in ("Product-Docs", "runbooks", "product-faq"):
        api.create(name)
    names = [item["name"] for item in api.get("/api/data-specs", search="PRODUCT").json()["data"]["items"]]
    assert names == ["Product-Docs", "product-faq"]
    assert api.get("/api/data-specs", search="%").json()["data"]["items"] == []


def test_listing_pages_by_limit_and_offset(api: Caller) -> None:
    ids = [api.create(f"source {number}") for number in range(5)]
    first = api.get("/api/data-specs", limit=3).json()["data"]
    second = api.get("/api/data-specs", limit=3, offset=3).json()["data"]
    assert [item["id"] for item in first["items"] + second["items"]] == ids
    assert (first["total"], second["limit"], second["offset"]) == (5, 3, 3)


def test_deleting_a_data_source_takes_its_content_with_it_and_no_other(api: Caller) -> None:
    spec, other = api.create(), api.create()
    for one in (spec, other):
        api.load(one, api.document("1", api.chunk("a", "shared words")))
    answer = api.call("DELETE", f"/api/data-specs/{spec}")
    assert answer.json()["data"] == {"id": spec, "deletedDocuments": 1}
    assert api.call("DELETE", f"/api/data-specs/{spec}").status_code == 404
    assert [hit["data_source_id"] for hit in api.search("shared")] == [other]
    assert list(api.twig.documents(other)) == ["1"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic dHdpZ3NrX3Rlc3Rfc2FuZGJveA=="])
def test_without_a_known_key_the_answer_is_401_in_the_string_shape(api: Caller, header: str) -> None:
    answer = requests.get(f"{api.base_url}/api/data-specs", headers={"Authorization": header}, timeout=30)
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid API key", "status": 401})


def test_a_revoked_key_is_401(api: Caller) -> None:
    api.key = api.twig.keys.add(("Read", "Write"))
    assert api.get("/api/data-specs").status_code == 200
    api.twig.keys.revoke(api.key)
    assert api.get("/api/data-specs").status_code == 401


def test_a_key_without_the_scope_is_403_and_says_which(api: Caller) -> None:
    spec = api.create()
    api.key = api.twig.keys.add(("Read",))
    assert api.get(f"/api/data-specs/{spec}").status_code == 200
    assert api.post("/api/v1/semantic-search", {"query": "x", "org_id": "org_sandbox"}).status_code == 200
    refused = [
        api.post("/api/data-specs", {"name": "x", "type": "FILE"}),
        api.post(f"/api/data-specs/{spec}/documents", {}),
        api.post(f"/api/data-specs/{spec}/process"),
        api.call("DELETE", f"/api/data-specs/{spec}"),
        api.post("/api/v1/query", {"agent_id": "agent_sandbox", "query": "x"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert [answer.json()["error"]["message"] for answer in refused] == ["API key lacks Write scope"] * 4 + [
        "API key lacks Execute scope"
    ]


def test_another_organization_sees_nothing(api: Caller) -> None:
    spec = api.create()
    api.load(spec, api.document("1", api.chunk("a", "secret words")))
    process = api.get(f"/api/data-specs/{spec}").json()["data"]["processId"]
    api.key = api.twig.keys.add(("Admin",), org="org_other")
    assert api.get("/api/data-specs").json()["data"]["items"] == []
    assert api.get(f"/api/data-specs/{spec}").status_code == 404
    assert api.post(f"/api/data-specs/{spec}/documents", {"deletes": [{"id": "1"}]}).status_code == 404
    assert api.get(f"/api/process-logs/{process}").status_code == 404
    assert api.get("/api/lambda-logs", processId=process).json()["data"]["items"] == []
    assert api.post("/api/v1/semantic-search", {"query": "secret", "org_id": "org_sandbox"}).status_code == 403
    assert api.post("/api/v1/semantic-search", {"query": "secret", "org_id": "org_other"}).json()["results"] == []


def test_a_twig_without_the_by_id_route_still_lists(api: Caller) -> None:
    spec = api.create()
    api.twig.settings.by_id_status = 405
    assert api.get(f"/api/data-specs/{spec}").status_code == 405
    assert api.get("/api/data-specs").json()["data"]["items"][0]["id"] == spec
