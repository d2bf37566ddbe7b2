from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from sandbox.confluence import SandboxConfluence, serve


class Control:
    def __init__(self, confluence: SandboxConfluence) -> None:
        self.root = f"{confluence.base_url}/_sandbox"

    def __call__(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.root + path, json=body, timeout=30)

    def change(self, **change: Any) -> Any:
        answer = self("POST", "/changes", change)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


@pytest.fixture
def control(confluence: SandboxConfluence) -> Control:
    return Control(confluence)


def test_the_sandbox_describes_itself(confluence: SandboxConfluence, control: Control) -> None:
    found = control("GET", "").json()
    assert found["site_url"] == confluence.site_url
    assert [space["key"] for space in found["spaces"]] == ["DOCS"]
    assert found["deployment"] == "cloud"
    contents = {row["ref"]: row for row in control("GET", "/contents?space=DOCS").json()}
    assert (contents["secret"]["restricted"], contents["old"]["status"]) == (True, "archived")
    assert control("GET", "/contents?space=NOPE").status_code == 400


def test_every_kind_of_change_works_over_http(confluence: SandboxConfluence, control: Control, client: Any) -> None:
    assert control.change(change="edit", page="step", title="New", at="2026-04-01T00:00:00Z") == 2
    assert confluence.find("step").version.created_at.isoformat() == "2026-04-01T00:00:00+00:00"
    control.change(change="label", page="step", names=["a", "b"])
    control.change(change="unlabel", page="step", names=["a"])
    assert confluence.find("step").labels == ("b",)
    content = base64.b64encode(b"xyz").decode()
    control.change(change="attach", page="home", file_name="f.txt", content=content, media_type="text/plain")
    assert confluence.store.attachments_of(int(confluence.id_of("home")))[0].content == b"xyz"
    comment = control.change(change="comment", page="home", storage="<p>Hi</p>")
    control.change(change="delete_comment", comment=comment)
    control.change(change="restrict", page="step", users=["712020:ben"])
    assert confluence.find("step").read_users == ("712020:ben",)
    control.change(change="move", page="step", parent="home")
    control.change(change="new_page", space_key="DOCS", title="Fresh", storage="")
    seed = {"ref": "r", "title": "Seeded", "storage": "<p/>", "modified_at": "2026-01-01T00:00:00Z", "labels": ["x"]}
    assert control.change(change="add_page", space_key="DOCS", seed=seed) == confluence.id_of("r")
    space = {"key": "NEW", "name": "New", "description": "", "pages": [seed | {"ref": "home"}]}
    assert control.change(change="add_space", seed=space) == str(confluence.space("NEW").id)
    control.change(change="set_user", user="reader@example.com", product_access=False)
    control.change(change="revoke_token", token="sandbox-confluence-token")
    assert client.get("/api/v2/spaces").status_code == 401


def test_a_list_of_changes_is_applied_in_order(control: Control) -> None:
    changes = [{"change": "rename", "page": "step", "title": title} for title in ("One", "Two")]
    assert control("POST", "/changes", changes).json() == {"results": [2, 3]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"change": "explode"}, "unknown change"),
        ({"change": "_set_status", "page": "step", "status": "x"}, "unknown change"),
        ({}, "unknown change"),
        ({"change": "edit"}, "page"),
        ({"change": "edit", "page": "step", "colour": "red"}, "colour"),
        ({"change": "edit", "page": "step", "at": "soon"}, "at|date"),
        ({"change": "trash", "page": "nope"}, "nope"),
        ({"change": "label", "page": "step"}, "names"),
        ({"change": "add_token", "user": "ada@example.com", "value": "x", "kind": "magic"}, "magic"),
    ],
)
def test_a_wrong_change_is_a_400_that_says_why(control: Control, change: dict[str, Any], reason: str) -> None:
    answer = control("POST", "/changes", change)
    assert answer.status_code == 400
    assert any(word in answer.json()["error"] for word in reason.split("|"))


def test_faults_are_armed_listed_and_cleared(control: Control, client: Any) -> None:
    action = {"type": "refuse", "status": 503, "body": {"no": "luck"}}
    control("POST", "/faults", {"path": "/pages", "action": action, "times": None})
    assert client.get("/api/v2/pages").json() == {"no": "luck"}
    (fault,) = control("GET", "/faults").json()
    assert (fault["action"], fault["hits"], fault["times"]) == ("Refuse", 1, None)
    control("DELETE", "/faults")
    assert client.get("/api/v2/pages").status_code == 200


@pytest.mark.parametrize(
    "action",
    [
        {"type": "limit_rate", "retry_after_s": 3, "form": "date"},
        {"type": "redirect", "location": "http://localhost:1/"},
        {"type": "delay", "seconds": 0.01},
        {"type": "drip", "pieces": 2, "pause_s": 0.01},
        {"type": "truncate"},
        {"type": "repeat_cursor"},
        {"type": "empty_page"},
        {"type": "drop_next"},
        {"type": "drop_results", "count": 1},
        {"type": "foreign_links", "origin": "http://localhost:1"},
    ],
)
def test_every_fault_can_be_armed_over_http(control: Control, client: Any, action: dict[str, Any]) -> None:
    assert control("POST", "/faults", {"path": "/pages", "action": action}).status_code == 200
    client.get("/api/v2/pages", limit=2)
    assert control("GET", "/faults").json()[0]["hits"] == 1


def test_a_change_in_the_middle_of_a_walk_can_be_armed_over_http(control: Control, client: Any) -> None:
    changes = [{"change": "trash", "page": "step"}, {"change": "rename", "page": "inside", "title": "Changed"}]
    control("POST", "/faults", {"path": "/pages", "skip": 1, "action": {"type": "change", "changes": changes}})
    assert "First step" in client.titles("/api/v2/pages")
    titles = client.titles("/api/v2/pages")
    assert "First step" not in titles
    assert "Changed" in titles


@pytest.mark.parametrize("fault", [{}, {"action": {"type": "magic"}}, {"action": {"type": "reset"}, "often": 3}])
def test_a_wrong_fault_is_a_400(control: Control, fault: dict[str, Any]) -> None:
    assert control("POST", "/faults", fault).status_code == 400


def test_the_log_is_read_and_reset(control: Control, client: Any) -> None:
    client.get("/api/v2/pages")
    client.get("/api/v2/spaces")
    found = control("GET", "/requests?last=1").json()
    assert found["requests"] == 2
    assert [request["path"] for request in found["log"]] == ["/wiki/api/v2/spaces"]
    control("DELETE", "/requests")
    assert control("GET", "/requests").json()["requests"] == 0


def test_switches_are_set_over_http(confluence: SandboxConfluence, control: Control, client: Any) -> None:
    found = control("PATCH", "/site", {"anonymous_access": True, "latency_ms": 1, "rate": 0.01, "burst": 1}).json()
    assert (found["anonymous_access"], found["latency_ms"]) == (True, 1)
    assert [client.get("/api/v2/spaces", auth=None).status_code for _ in range(2)] == [200, 429]
    control("PATCH", "/site", {"rate": None, "fixed_now": "2026-01-01T00:00:00Z"})
    assert client.get("/api/v2/spaces", auth=None).status_code == 200
    assert confluence.site.now().isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "switches",
    [
        {"colour": 1},
        {"deployment": "datacenter"},
        {"anonymous_access": "perhaps"},
        {"latency_ms": 9, "rate": "fast"},
        {"latency_ms": 9, "colour": 1},
    ],
)
def test_a_wrong_switch_is_a_400_and_changes_nothing(control: Control, switches: dict[str, Any]) -> None:
    before = control("GET", "/site").json()
    assert control("PATCH", "/site", switches).status_code == 400
    assert control("GET", "/site").json() == before


def test_the_control_api_is_never_slowed_down_or_spoiled() -> None:
    from sandbox.confluence import Refuse

    with serve(rate=0.01, burst=1) as site:
        site.fail(Refuse(500), times=None)
        control = Control(site)
        assert {control("GET", "").status_code for _ in range(3)} == {200}
        assert site.log.requests == []
