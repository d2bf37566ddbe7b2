"""``/_sandbox``: other processes can do what tests do with the object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Caller


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def test_settings_are_changed_all_or_none(api: Caller) -> None:
    changed = api.call("PATCH", "/_sandbox/settings", body={"processing_seconds": 3, "envelope": "bare"}).json()
    assert (changed["processing_seconds"], changed["envelope"]) == (3, "bare")
    refused = api.call("PATCH", "/_sandbox/settings", body={"processing_seconds": 5, "envelope": "torn"})
    assert (refused.status_code, api.twig.settings.processing_seconds) == (400, 3)
    assert "envelope" in refused.json()["error"]["message"]
    assert api.call("PATCH", "/_sandbox/settings", body={"unknown": 1}).status_code == 400
    assert api.get("/_sandbox/settings").json() == changed


def test_faults_are_planned_listed_and_cleared(api: Caller) -> None:
    planned = api.post("/_sandbox/faults", {"kind": "status", "status": 500, "path": "data-specs", "times": 2})
    assert planned.status_code == 200
    assert api.get("/api/data-specs").status_code == 500
    assert [fault["times"] for fault in api.get("/_sandbox/faults").json()] == [1]
    api.call("DELETE", "/_sandbox/faults")
    assert api.get("/api/data-specs").status_code == 200
    assert api.post("/_sandbox/faults", {"kind": "status", "status": 99}).status_code == 400


def test_documents_can_be_refused_until_cleared(api: Caller, spec: str) -> None:
    api.post("/_sandbox/refuse-documents", {"ids": ["1"], "code": "too_secret", "message": "No"})
    assert api.write(spec, api.document("1"))["rejected"] == [{"id": "1", "code": "too_secret", "message": "No"}]
    api.call("DELETE", "/_sandbox/faults")
    assert api.write(spec, api.document("1"))["rejected"] == []


def test_a_processing_can_be_made_to_fail(api: Caller, spec: str) -> None:
    api.post("/_sandbox/fail-processing", {"message": "Boom", "log_lines": ["before"]})
    api.post(f"/api/data-specs/{spec}/process")
    [seen] = api.get("/_sandbox/data-specs").json()
    assert (seen["status"], seen["error"]) == ("failed", "Boom")


def test_keys_are_made_and_revoked(api: Caller) -> None:
    made = api.post("/_sandbox/keys", {"scopes": ["Read"], "org": "org_x"}).json()
    api.key = made["key"]
    assert api.get("/api/data-specs").json()["data"]["items"] == []
    api.post("/_sandbox/keys/revoke", {"key": made["key"]})
    assert api.get("/api/data-specs").status_code == 401


def test_drift_shows_in_the_listing_and_is_mended_by_sending_again(api: Caller, spec: str) -> None:
    kept = [api.document("1", api.chunk("a", "one")), api.document("2", api.chunk("b", "two"))]
    api.load(spec, *kept)
    api.post("/_sandbox/drift/forget", {"dataSpecId": spec, "documentId": "1"})
    api.post("/_sandbox/drift/alter", {"dataSpecId": spec, "documentId": "2"})
    [item] = api.get(f"/api/data-specs/{spec}/documents").json()["data"]["items"]
    assert (item["id"], item["version"], item["contentHash"], item["chunkHashes"]) == ("2", 1, "altered", ["altered"])
    assert api.post("/_sandbox/drift/alter", {"dataSpecId": spec, "documentId": "1"}).status_code == 404
    api.load(spec, *kept)
    assert [document.chunks[0].text for document in api.twig.documents(spec).values()] == ["one", "two"]


def test_what_is_held_and_what_was_sent_can_be_read(api: Caller, spec: str) -> None:
    api.write(spec, api.document("1", api.chunk("a", "one")))
    [held] = api.get(f"/_sandbox/data-specs/{spec}/documents").json()
    assert (held["id"], held["chunks"][0]["text"], held["searchable"]) == ("1", "one", False)
    assert api.get("/_sandbox/sent").json()["texts"] == {spec: {"a": 1}}
    assert [record["status"] for record in api.get("/_sandbox/requests").json()] == [201, 200]
    assert api.get("/_sandbox/stats").json()["requests"] == 2
    api.call("DELETE", "/_sandbox/requests")
    assert api.get("/_sandbox/stats").json()["requests"] == 0
