"""What goes wrong on purpose, as a client sees it."""

from __future__ import annotations

import email.utils
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.confluence import (
    ODD_ANSWERS,
    Cut,
    Delay,
    Drip,
    DropNext,
    DropResults,
    EmptyObject,
    EmptyPage,
    ForeignLinks,
    LimitRate,
    OddRow,
    Redirect,
    Refuse,
    RepeatCursor,
    Reset,
    Rewrite,
    SandboxConfluence,
    ShrinkTotal,
    Truncate,
    serve,
)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 404, 410])
def test_a_refusal_strikes_once_and_is_over(confluence: SandboxConfluence, client: Any, status: int) -> None:
    fault = confluence.fail(Refuse(status), "/pages")
    assert client.get("/api/v2/spaces").status_code == 200
    assert client.get("/api/v2/pages").status_code == status
    assert client.get("/api/v2/pages").status_code == 200
    assert (fault.seen, fault.hits) == (2, 1)


def test_faults_can_skip_and_repeat_and_look_at_the_query(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Refuse(503), r"/pages\?.*body-format", skip=1, times=2)
    statuses = [client.get("/api/v2/pages", body_format="storage").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    confluence.fail(Refuse(500), times=None)
    assert {client.get("/api/v2/spaces").status_code for _ in range(3)} == {500}
    confluence.faults.clear()
    assert client.get("/api/v2/spaces").status_code == 200


def test_a_fault_can_be_meant_for_one_method(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Refuse(500), "users-bulk", method="POST")
    assert client.get("/api/v2/users-bulk").status_code == 405
    url = f"{confluence.site_url}/api/v2/users-bulk"
    assert requests.post(url, json={}, auth=client.auth, timeout=30).status_code == 500


def test_a_refusal_can_bring_its_own_body(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Refuse(200, "<html>Log in</html>", {"X-Login": "yes"}), "/spaces")
    answer = client.get("/api/v2/spaces")
    assert (answer.text, answer.headers["X-Login"]) == ("<html>Log in</html>", "yes")
    assert answer.headers["Content-Type"].startswith("text/html")
    confluence.fail(Refuse(400, {"errors": []}), "/spaces")
    assert client.get("/api/v2/spaces").json() == {"errors": []}


@pytest.mark.parametrize(("wait", "seconds"), [(0.2, "1"), (7, "7"), (7.1, "8")])
def test_a_rate_limit_names_whole_seconds(
    confluence: SandboxConfluence, client: Any, wait: float, seconds: str
) -> None:
    confluence.fail(LimitRate(wait), "/spaces")
    answer = client.get("/api/v2/spaces")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, seconds)


def test_a_rate_limit_can_name_a_date_or_nothing(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(LimitRate(30, "date"), "/spaces")
    date = email.utils.parsedate_to_datetime(client.get("/api/v2/spaces").headers["Retry-After"])
    assert date > datetime.now(UTC)
    confluence.fail(LimitRate(30, "absent"), "/spaces")
    assert "Retry-After" not in client.get("/api/v2/spaces").headers


@pytest.mark.parametrize("action", [Reset(), Cut()])
def test_a_broken_connection_is_an_error_of_the_client(confluence: SandboxConfluence, client: Any, action: Any) -> None:
    confluence.fail(action, "/pages")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get("/api/v2/pages")
    assert client.get("/api/v2/pages").status_code == 200


def test_a_truncated_answer_is_good_http_and_bad_json(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Truncate(), "/pages")
    answer = client.get("/api/v2/pages")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_a_drip_sends_everything_slowly(confluence: SandboxConfluence, client: Any) -> None:
    whole = client.get("/api/v2/pages").content
    confluence.fail(Drip(pieces=4, pause_s=0.05), "/pages")
    answer = client.get("/api/v2/pages")
    assert answer.content == whole
    confluence.fail(Drip(pieces=4, pause_s=0.4), "/pages")
    with (
        pytest.raises(requests.exceptions.ConnectionError, match="timed out"),
        requests.get(f"{confluence.site_url}/api/v2/pages", auth=client.auth, timeout=0.3, stream=True) as slow,
    ):
        slow.content  # noqa: B018 - reading it is the point


def test_a_delay_comes_before_the_answer(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Delay(2), "/pages")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{confluence.site_url}/api/v2/pages", auth=client.auth, timeout=0.2)


def test_a_redirect_points_where_it_is_told_to(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Redirect("http://localhost:1/else", status=307), "/pages")
    answer = client.get("/api/v2/pages")
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://localhost:1/else")


def cursor_of(page: dict[str, Any]) -> str:
    return parse_qs(urlsplit(page["_links"]["next"]).query)["cursor"][0]


def test_a_repeated_cursor_leads_back_to_the_same_page(confluence: SandboxConfluence, client: Any) -> None:
    cursor = cursor_of(client.json("/api/v2/pages", limit=2))
    confluence.fail(RepeatCursor(), "/pages")
    assert cursor_of(client.json("/api/v2/pages", limit=2, cursor=cursor)) == cursor


def test_a_repeated_first_cursor_begins_again(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(RepeatCursor(), "/pages")
    page = client.json("/api/v2/pages", limit=2)
    assert client.titles("/api/v2/pages", limit=2, cursor=cursor_of(page)) == [row["title"] for row in page["results"]]


def test_an_empty_page_still_has_a_next(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(EmptyPage(), "/pages", times=2)
    for limit in (2, 250):
        page = client.json("/api/v2/pages", limit=limit)
        assert page["results"] == []
        assert cursor_of(page)


def test_a_page_can_claim_to_be_the_last_or_lose_rows(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(DropNext(), "/pages")
    assert "next" not in client.json("/api/v2/pages", limit=2)["_links"]
    confluence.fail(DropResults(2), "/pages")
    assert len(client.results("/api/v2/pages", limit=5)) == 3


def test_a_total_can_shrink(confluence: SandboxConfluence, client: Any) -> None:
    total = client.json("/rest/api/search", cql="type = page")["totalSize"]
    confluence.fail(ShrinkTotal(3), "/search")
    assert client.json("/rest/api/search", cql="type = page")["totalSize"] == total - 3


def test_links_can_point_at_another_host(confluence: SandboxConfluence, client: Any) -> None:
    with serve() as other:
        confluence.fail(ForeignLinks(other.base_url), "/pages")
        page = client.json("/api/v2/pages", limit=2)
        assert page["_links"]["base"] == f"{other.base_url}/wiki"
        assert page["_links"]["next"].startswith(f"{other.base_url}/wiki/api/v2/pages?")


def test_any_answer_can_be_rewritten_in_process(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Rewrite(lambda page: page | {"extra": True}), "/pages")
    assert client.json("/api/v2/pages")["extra"] is True


def test_something_can_happen_just_before_the_nth_request(confluence: SandboxConfluence, client: Any) -> None:
    fault = confluence.when("/pages", lambda: confluence.edit("step", title="Changed"), nth=2)
    assert "First step" in client.titles("/api/v2/pages")
    assert "Changed" in client.titles("/api/v2/pages")
    assert fault.hits == 1


def test_several_faults_strike_together(confluence: SandboxConfluence, client: Any) -> None:
    confluence.when("/pages", lambda: confluence.rename("step", "Changed"))
    confluence.fail(DropResults(1), "/pages")
    assert client.titles("/api/v2/pages", title="Changed") == []
    assert client.titles("/api/v2/pages", title="Changed") == ["Changed"]


def test_the_rate_of_a_site_is_told_in_headers(make_space: Any, client_of: Any) -> None:
    with serve(make_space("DOCS"), rate=0.01, burst=6) as site:
        answers = [client_of(site).get("/api/v2/spaces") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["5", "4", "3", "2", "1", "0", "0"]
    assert ["X-RateLimit-NearLimit" in answer.headers for answer in answers] == [False] * 4 + [True] * 3
    assert int(answers[6].headers["Retry-After"]) > 90
    datetime.fromisoformat(answers[0].headers["X-RateLimit-Reset"])


def test_the_rate_can_be_changed_while_serving(confluence: SandboxConfluence, client: Any) -> None:
    confluence.limit_rate(0.01, burst=1)
    confluence.site.retry_after = "absent"
    assert [client.get("/api/v2/spaces").status_code for _ in range(2)] == [200, 429]
    assert "Retry-After" not in client.get("/api/v2/spaces").headers
    confluence.limit_rate(None)
    assert client.get("/api/v2/spaces").status_code == 200


def test_data_center_limits_with_its_own_headers_and_perhaps_403(client_of: Any) -> None:
    with serve(deployment="datacenter", rate=0.01, burst=1) as site:
        first = client_of(site).get("/rest/api/space")
        assert first.headers["X-RateLimit-FillRate"] == "0.01"
        assert client_of(site).get("/rest/api/space").status_code == 429
        site.site.rate_limit_status = 403
        assert client_of(site).get("/rest/api/space").status_code == 403


def test_a_fault_can_be_meant_for_one_id(confluence: SandboxConfluence, client: Any) -> None:
    step, guide = confluence.id_of("step"), confluence.id_of("guide")
    fault = confluence.fail(Refuse(500), times=None, naming=step)
    assert client.get(f"/api/v2/pages/{step}").status_code == 500
    assert client.get(f"/api/v2/pages/{guide}").status_code == 200
    assert client.get("/api/v2/pages", id=f"{guide},{step}").status_code == 500
    assert client.get("/api/v2/pages", id=guide).status_code == 200
    assert client.get("/rest/api/content/search", cql=f"id in ({guide},{step})").status_code == 500
    assert client.get(f"/api/v2/pages/{step}1").status_code == 404
    assert fault.hits == 3


def test_a_fault_can_be_meant_for_one_id_in_a_body(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Refuse(500), "users-bulk", times=None, naming="712020:ada")

    def status(*account_ids: str) -> int:
        url = f"{confluence.site_url}/api/v2/users-bulk"
        return requests.post(url, json={"accountIds": account_ids}, auth=client.auth, timeout=30).status_code

    assert status("712020:ben", "712020:ada") == 500
    assert status("712020:ben", "712020:adam") == 200


def test_an_answer_can_be_an_empty_object_or_have_an_odd_row(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(EmptyObject(), "/pages")
    assert client.json("/api/v2/pages") == {}
    confluence.fail(OddRow("version", "one", rows=2), "/pages")
    assert [row["version"] == "one" for row in client.results("/api/v2/pages", limit=3)] == [True, True, False]
    confluence.fail(OddRow(field=""), "/pages")
    assert client.results("/api/v2/pages")[0] is None
    confluence.fail(OddRow(), "/pages")
    assert client.json(f"/api/v2/pages/{confluence.id_of('step')}")["id"] is None


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_every_odd_answer_is_over_after_one_request(confluence: SandboxConfluence, client: Any, name: str) -> None:
    path = f"/api/v2/pages/{confluence.id_of('step')}"
    whole = client.get(path).content
    confluence.fail(ODD_ANSWERS[name], "/pages")
    try:
        answer = client.get(path)
        odd = answer.status_code != 200 or answer.content != whole
    except requests.RequestException:
        odd = True
    assert odd == (name != "drip")
    assert client.get(path).content == whole


def test_a_redirect_to_the_login_ends_in_a_web_page_of_the_same_host(
    confluence: SandboxConfluence, client: Any
) -> None:
    confluence.fail(ODD_ANSWERS["redirect"], "/pages")
    answer = requests.get(f"{confluence.site_url}/api/v2/pages", auth=client.auth, timeout=30)
    assert (answer.status_code, answer.url) == (200, f"{confluence.base_url}/login")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_faults_of_every_kind_come_through_the_control_api(confluence: SandboxConfluence, client: Any) -> None:
    control = f"{confluence.base_url}/_sandbox/faults"
    fault = {"action": {"type": "odd_row", "field": "title", "value": 7}, "path": "/pages", "times": None}
    named = fault | {"naming": confluence.id_of("step")}
    assert requests.post(control, json=named, timeout=30).json()["naming"]
    assert client.json(f"/api/v2/pages/{confluence.id_of('step')}")["title"] == 7
    assert client.json(f"/api/v2/pages/{confluence.id_of('guide')}")["title"] == "Guide & more"
