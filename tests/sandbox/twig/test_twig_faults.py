"""Rate limits, error shapes, envelopes and injected faults: docs/twig-api-contract.md, sections 3 and 4."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests
from pydantic import ValidationError

from sandbox.twig import Fault, Settings
from sandbox.twig.wire import ApiError, enveloped, error_response

if TYPE_CHECKING:
    from conftest import Caller


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def test_the_write_budget_is_ten_a_minute_with_a_burst_of_fifteen() -> None:
    assert (Settings().write_per_minute, Settings().write_burst) == (10, 15)


def test_a_spent_write_budget_is_429_in_the_documented_words(api: Caller, spec: str) -> None:
    api.twig.settings.write_per_minute = 10
    path = f"/api/data-specs/{spec}/documents"
    answers = [api.post(path, {}) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers] == [*range(14, -1, -1), 0]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"10"}
    assert [int(answer.headers["X-RateLimit-Used"]) for answer in answers[:7]] == [0, 0, 0, 0, 0, 1, 2]
    refused = answers[-1]
    wait = refused.json()["error"]["retryAfter"]
    assert refused.json() == {
        "error": {
            "code": "rate_limit_exceeded",
            "message": f"Rate limit exceeded. Retry after {wait} seconds.",
            "retryAfter": wait,
        },
        "status": 429,
    }
    assert 1 <= wait <= 6
    assert refused.headers["Retry-After"] == str(wait)
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - time.time() - wait) < 3


def test_reading_does_not_draw_on_the_write_budget(api: Caller, spec: str) -> None:
    api.twig.settings.write_per_minute, api.twig.settings.write_burst = 1, 1
    assert api.post(f"/api/data-specs/{spec}/process").headers["X-RateLimit-Remaining"] == "0"
    assert api.post(f"/api/data-specs/{spec}/process").status_code == 429
    read = api.get(f"/api/data-specs/{spec}")
    assert (read.status_code, read.headers["X-RateLimit-Limit"]) == (200, "200")
    searched = api.post("/api/v1/semantic-search", {"query": "x", "org_id": "org_sandbox"})
    assert (searched.status_code, searched.headers["X-RateLimit-Limit"]) == (200, "100")


def test_each_key_has_its_own_budget(api: Caller, spec: str) -> None:
    api.twig.settings.write_per_minute, api.twig.settings.write_burst = 1, 1
    path = f"/api/data-specs/{spec}/documents"
    assert [api.post(path, {}).status_code for _ in range(2)] == [200, 429]
    api.key = api.twig.keys.add(("Write",))
    assert api.post(path, {}).status_code == 200


def test_a_429_can_come_without_retry_after(api: Caller, spec: str) -> None:
    api.twig.settings.write_per_minute, api.twig.settings.write_burst = 1, 1
    api.twig.settings.retry_after = False
    refused = [api.post(f"/api/data-specs/{spec}/documents", {}) for _ in range(2)][1]
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    assert refused.json()["error"]["retryAfter"] >= 1


def test_without_limits_there_are_no_limit_headers(api: Caller) -> None:
    assert not [name for name in api.get("/api/data-specs").headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("object", {"error": {"code": "not_found", "message": "M", "details": {"a": 1}}, "status": "error"}),
        ("numbered", {"error": {"code": "not_found", "message": "M", "details": {"a": 1}}, "status": 404}),
        ("string", {"error": "M", "status": 404}),
    ],
)
def test_each_error_shape_can_be_chosen_for_all_routes(api: Caller, shape: str, body: dict[str, object]) -> None:
    error = ApiError(404, "M", extra={"details": {"a": 1}})
    assert requests.models.complexjson.loads(error_response(error, shape).body) == body
    api.twig.settings.errors = shape
    answer = api.get("/api/data-specs/ds_unknown").json()
    assert (type(answer["error"]), answer["status"]) == (type(body["error"]), body["status"])


def test_each_envelope_can_be_chosen_for_all_routes(api: Caller, spec: str) -> None:
    search = {"query": "x", "org_id": "org_sandbox"}
    listings, described, found = [], [], []
    for envelope in ("documented", "wrapped", "bare"):
        api.twig.settings.envelope = envelope
        listings.append(api.get("/api/data-specs").json())
        described.append(api.get(f"/api/data-specs/{spec}").json())
        found.append(api.post("/api/v1/semantic-search", search).json())
    assert (
        listings[0]
        == listings[1]
        == {"data": {"items": listings[2], "total": 1, "limit": 50, "offset": 0}, "status": "success"}
    )
    assert described[0] == described[1] == {"data": described[2], "status": "success"}
    assert found[0].keys() == {"results", "latency_ms"}
    assert found[1].keys() == {"data", "status"}
    assert found[2].keys() == {"sources", "latency_ms"}
    assert enveloped({"a": 1}, "documented", v1=True) == {"a": 1}


def test_status_can_be_capitalised(api: Caller, spec: str) -> None:
    api.twig.settings.capitalised_status = True
    assert api.get(f"/api/data-specs/{spec}").json()["data"]["status"] == "Pending"
    assert api.get("/api/data-specs").json()["data"]["items"][0]["status"] == "Pending"


def test_a_forced_status_applies_nothing(api: Caller, spec: str) -> None:
    api.twig.answer_with(503, path="documents", times=2)
    path, body = f"/api/data-specs/{spec}/documents", {"upserts": [api.document("1")]}
    assert [api.post(path, body).status_code for _ in range(2)] == [503, 503]
    assert api.twig.documents(spec) == {}
    assert api.post(path, body).status_code == 200


def test_a_dropped_connection_applies_nothing(api: Caller, spec: str) -> None:
    api.twig.drop_connections(path="documents")
    with pytest.raises(requests.ConnectionError):
        api.write(spec, api.document("1"))
    assert api.twig.documents(spec) == {}
    api.write(spec, api.document("1"))


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 504, "body": "html"}])
def test_a_fault_after_applying_leaves_the_effect(api: Caller, spec: str, fault: dict[str, object]) -> None:
    api.twig.inject(Fault(applied=True, path="documents", **fault))
    try:
        assert api.post(f"/api/data-specs/{spec}/documents", {"upserts": [api.document("1")]}).status_code == 504
    except requests.ConnectionError:
        assert fault["kind"] == "reset"
    assert list(api.twig.documents(spec)) == ["1"]


def test_a_fault_strikes_only_what_it_names_and_after_what_it_skips(api: Caller, spec: str) -> None:
    api.twig.inject(Fault(kind="status", status=500, method="GET", path=r"/data-specs/ds_\w+$", skip=1, times=2))
    assert api.get("/api/data-specs").status_code == 200
    assert api.post(f"/api/data-specs/{spec}/documents", {}).status_code == 200
    assert [api.get(f"/api/data-specs/{spec}").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_lasting_fault_ends_when_faults_are_cleared(api: Caller) -> None:
    api.twig.inject(Fault(kind="status", status=502, times=None, body="empty"))
    assert [api.get("/api/data-specs").status_code for _ in range(3)] == [502] * 3
    api.twig.clear_faults()
    assert api.get("/api/data-specs").status_code == 200


def test_a_delay_answers_all_the_same(api: Caller) -> None:
    api.twig.inject(Fault(kind="delay", seconds=0.2))
    with pytest.raises(requests.Timeout):
        requests.get(f"{api.base_url}/api/data-specs", timeout=0.05)
    assert api.get("/api/data-specs").status_code == 200


def test_a_forced_status_may_have_headers_of_its_own(api: Caller) -> None:
    api.twig.inject(Fault(kind="status", status=429, retry_after="3"))
    assert api.get("/api/data-specs").headers["Retry-After"] == "3"
    api.twig.inject(Fault(kind="status", status=302, headers={"Location": "http://127.0.0.1:9/"}, body="empty"))
    answer = api.call("GET", "/api/data-specs", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/")


def test_fields_that_nobody_knows_can_be_added_to_every_answer(api: Caller, spec: str) -> None:
    api.twig.settings.unknown_fields = True
    listed = api.get("/api/data-specs").json()
    written = api.post(f"/api/data-specs/{spec}/documents", {"upserts": [api.document("1")]}).json()
    found = api.post("/api/v1/semantic-search", {"query": "x", "org_id": "org_sandbox"}).json()
    assert "futureField" in listed["data"]["items"][0]
    assert "futureField" in written["data"]
    assert "futureField" in found


def test_all_routes_can_live_below_another_path(api: Caller, spec: str) -> None:
    api.twig.settings.below = "/gateway/twig"
    assert api.get(f"/api/data-specs/{spec}").status_code == 404
    assert api.get(f"/gateway/twig/api/data-specs/{spec}").json()["data"]["id"] == spec
    assert api.get("/_sandbox/settings").json()["below"] == "/gateway/twig"


@pytest.mark.parametrize("wrong", [{"kind": "boom"}, {"kind": "status", "status": 99}, {"kind": "reset", "path": "("}])
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault(**wrong)


def test_unknown_routes_and_methods_answer_in_an_error_shape(api: Caller) -> None:
    assert api.get("/api/nothing").json()["error"]["code"] == "not_found"
    refused = api.call("PUT", "/api/data-specs/ds_1/documents")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST")
    assert refused.json()["error"]["code"] == "not_supported"
