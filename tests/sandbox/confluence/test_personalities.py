"""Every personality and assumption does over HTTP what its document, or its question, says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.confluence import (
    ASSUMPTIONS,
    PERSONAL_ACCESS_TOKEN,
    PERSONALITIES,
    SCOPED_TOKEN,
    SYNC_EMAIL,
    SandboxConfluence,
    Site,
    serve,
)
from sandbox.confluence.__main__ import main
from sandbox.confluence.site import FIXED

SEARCH = "/rest/api/content/search"
ME = "/rest/api/user/current"


@pytest.fixture
def site_of(make_space: Any, client_of: Any) -> Any:
    """Serves a site with the personalities; gives the sandbox and a client of it."""

    @contextmanager
    def served(*names: str, **switches: Any) -> Iterator[tuple[SandboxConfluence, Any]]:
        with serve(make_space("DOCS"), personalities=names, switches=switches) as site:
            client = client_of(site)
            if not site.site.is_cloud:
                client.auth = Bearer()
            yield site, client

    return served


class Bearer(requests.auth.AuthBase):
    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {PERSONAL_ACCESS_TOKEN}"
        return request


@pytest.mark.parametrize("name", PERSONALITIES)
def test_each_names_its_source_and_can_be_taken_on(name: str, make_space: Any) -> None:
    personality = PERSONALITIES[name]
    assert personality.source.startswith("https://")
    assert personality.switches.keys() <= {field.name for field in fields(Site)} - set(FIXED)
    assert personality.switches or personality.furnish
    site = SandboxConfluence(make_space("DOCS"), personalities=[name]).site
    for switch, value in personality.switches.items():
        assert getattr(site, switch) == value


def test_several_combine_and_switches_come_last(make_space: Any) -> None:
    sandbox = SandboxConfluence(
        make_space("DOCS"), personalities=["no-total", "label-cap", "folders"], switches={"label_cap": 3}
    )
    assert (sandbox.site.search_total, sandbox.site.label_cap) == (False, 3)
    assert {"folder", "embed"} <= {row.kind for row in sandbox.store.contents.values()}


def test_the_deployment_follows_the_personality() -> None:
    assert SandboxConfluence(personalities=["dc-7.19", "no-total"]).site.deployment == "datacenter"
    assert SandboxConfluence(personalities=["no-total"]).site.deployment == "cloud"
    for names, deployment in ((["dc-7.19", "label-cap"], None), (["dc-7.19"], "cloud")):
        with pytest.raises(ValueError, match="not of one deployment"):
            SandboxConfluence(personalities=names, deployment=deployment)
    with pytest.raises(ValueError, match="unknown personality 'folder'"):
        SandboxConfluence(personalities=["folder"])
    with pytest.raises(ValueError, match="unknown switches"):
        SandboxConfluence(switches={"deployment": "cloud"})


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda assumption: assumption.switch)
def test_each_assumption_is_a_question_with_several_answers(assumption: Any) -> None:
    assert assumption.question.endswith("?")
    assert len(set(assumption.values)) > 1
    for value in assumption.values:
        assert getattr(SandboxConfluence(switches={assumption.switch: value}).site, assumption.switch) == value


def test_the_command_line_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--personalities"])
    printed = capsys.readouterr().out
    assert stopped.value.code == 0
    for name in (*PERSONALITIES, *(assumption.switch for assumption in ASSUMPTIONS)):
        assert f"\n{name} " in f"\n{printed}"


def test_the_documentation_has_them_all() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    for name, personality in PERSONALITIES.items():
        assert f"| `{name}` | {personality.description} |" in page
    for assumption in ASSUMPTIONS:
        assert f"| `{assumption.switch}` | {assumption.question} |" in page


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--personality", "folders,nobody"], "unknown personality"),
        (["--personality", "dc-7.19", "--deployment", "cloud"], "not of one deployment"),
        (["--switch", "label_cap"], "NAME=VALUE"),
        (["--switch", "label_cap=many"], "label_cap"),
        (["--switch", "no_such=1"], "unknown switches"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_clear_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--port", "0", *arguments])
    assert reason in f"{stopped.value} {capsys.readouterr().err}"


# ------------------------------------------------------------------------ Cloud


def test_folders_are_parents_of_pages(site_of: Any) -> None:
    with site_of("folders") as (_, client):
        kinds = {row["parentType"] for row in client.results("/api/v2/pages")}
        assert kinds >= {"page", "folder", "database", "whiteboard", "embed"}


def test_live_docs_and_their_empty_versions(site_of: Any) -> None:
    with site_of("live-docs", "empty-live-docs") as (site, client):
        live = client.results("/api/v2/pages", subtype="live", body_format="storage")
        assert len(live) >= 2
        site.edit(live[0]["id"], storage="<p>New</p>")
        (row,) = client.results("/api/v2/pages", id=live[0]["id"], body_format="storage")
        assert row["body"]["storage"]["value"] == ""


def test_an_archived_space_is_not_seen_by_cql(site_of: Any) -> None:
    with site_of("archived") as (_, client):
        assert client.results(SEARCH, cql="space = DOCS") == []
        assert client.results("/api/v2/spaces", keys="DOCS")[0]["status"] == "archived"
        assert client.results("/api/v2/pages")


@pytest.mark.parametrize("names", [["no-total"], ["no-total", "dc-8.5"]])
def test_content_search_is_a_content_array(site_of: Any, names: list[str]) -> None:
    with site_of(*names) as (_, client):
        page = client.json(SEARCH, cql="type = page", limit=2)
        assert page.keys() == {"results", "start", "limit", "size", "_links"}
        assert "totalSize" in client.json("/rest/api/search", cql="type = page")


def test_labels_are_cut_in_search_and_whole_by_page(site_of: Any) -> None:
    with site_of("label-cap") as (site, client):
        site.label("step", *(f"label-{number}" for number in range(230)))
        page_id = site.id_of("step")
        (row,) = client.results(SEARCH, cql=f"id = {page_id}", expand="metadata.labels")
        assert len(row["metadata"]["labels"]["results"]) == 200
        assert len(client.results(f"/api/v2/pages/{page_id}/labels", limit=250)) == 230


def test_users_in_bulk_can_be_strict(site_of: Any) -> None:
    wanted = {"accountIds": ["712020:ada", "8a7f808a6d1e2c3b016d1e2c3b010001"]}
    for names, status in (((), 200), (("strict-users",), 400)):
        with site_of(*names) as (site, client):
            answer = requests.post(f"{site.site_url}/api/v2/users-bulk", json=wanted, auth=client.auth, timeout=30)
            assert answer.status_code == status


def test_tokens_of_people_can_be_blocked(site_of: Any) -> None:
    with site_of("tokens-blocked") as (_, client):
        answer = client.get(ME)
        assert (answer.status_code, "policy" in answer.json()["message"]) == (403, True)


def test_the_classic_reads_can_be_gone_everywhere(site_of: Any) -> None:
    with site_of("v1-gone") as (_, client):
        assert client.get("/rest/api/content").status_code == 410
        assert client.get(SEARCH, cql="type = page").status_code == 200


def test_a_quota_names_itself(site_of: Any) -> None:
    with site_of("quota") as (site, client):
        site.limit_rate(0.01, burst=1)
        allowed, refused = client.get("/api/v2/spaces"), client.get("/api/v2/spaces")
        assert "RateLimit-Reason" not in allowed.headers
        assert (refused.status_code, refused.headers["RateLimit-Reason"]) == (429, "confluence-quota-global-based")


def test_a_429_can_come_without_a_time(site_of: Any) -> None:
    with site_of("no-retry-after") as (site, client):
        site.limit_rate(0.01, burst=1)
        assert [client.get("/api/v2/spaces").status_code for _ in range(2)] == [200, 429]
        assert "Retry-After" not in client.get("/api/v2/spaces").headers


def test_the_allow_list_and_the_public_site(site_of: Any) -> None:
    with site_of("ip-allow-list") as (_, client):
        assert "not on the allowed list" in client.get(ME).json()["errorMessages"][0]
    with site_of("public") as (_, client):
        assert client.json(ME, auth=(SYNC_EMAIL, "wrong"))["type"] == "anonymous"


# ------------------------------------------------------------------ assumptions


@pytest.mark.parametrize(("knows", "status"), [(True, 200), (False, 404)])
def test_v1_may_know_no_containers(site_of: Any, knows: bool, status: int) -> None:
    with site_of(v1_knows_containers=knows) as (site, client):
        path = f"/rest/api/content/{site.id_of('box')}/restriction/byOperation"
        assert client.get(path).status_code == client.get(f"{path}/read").status_code == status
        assert client.get(f"/rest/api/content/{site.id_of('inside')}/restriction/byOperation/read").status_code == 200


@pytest.mark.parametrize("finds", [True, False])
def test_search_may_find_no_containers(site_of: Any, finds: bool) -> None:
    with site_of(search_finds_containers=finds) as (site, client):
        cql = f"id in ({site.id_of('box')}, {site.id_of('inside')})"
        assert ("Box" in client.titles(SEARCH, cql=cql)) is finds
        assert "Inside" in client.titles(SEARCH, cql=cql)


def test_listings_of_bodies_may_be_capped(site_of: Any) -> None:
    with site_of(bodies_cap=2) as (_, client):
        page = client.json("/api/v2/pages", limit=250, body_format="storage")
        assert (len(page["results"]), "next" in page["_links"]) == (2, True)
        assert len(client.results("/api/v2/pages", limit=250)) > 2


def test_content_search_may_be_gone(site_of: Any) -> None:
    with site_of(search_gone=True) as (_, client):
        for gateway in (False, True):
            assert client.get(SEARCH, cql="type = page", gateway=gateway).status_code == 410
        assert client.get("/rest/api/search", cql="type = page").status_code == 200


@pytest.mark.parametrize(("answers", "status"), [(True, 200), (False, 404)])
def test_the_gateway_may_answer_without_wiki(site_of: Any, answers: bool, status: int) -> None:
    with site_of(gateway_without_wiki=answers) as (site, client):
        root = site.gateway_url.removesuffix("/wiki")
        for path in ("/api/v2/spaces", ME):
            scoped = {"auth": (SYNC_EMAIL, SCOPED_TOKEN), "timeout": 30}
            assert requests.get(root + path, **scoped).status_code == status
            assert requests.get(f"{root}/wiki{path}", **scoped).status_code == 200
        page = client.json("/api/v2/pages", limit=1)
        assert page["_links"]["next"].startswith("/wiki/api/v2/pages?")


CHANGES = {
    "trashing_modifies": lambda site: site.trash("inside"),
    "archiving_modifies": lambda site: site.archive("inside"),
    "moving_modifies": lambda site: site.move("inside", "guide"),
    "labelling_modifies": lambda site: site.label("inside", "new"),
    "restricting_modifies": lambda site: site.restrict("inside", users=[SYNC_EMAIL]),
}


@pytest.mark.parametrize("switch", CHANGES)
@pytest.mark.parametrize("modifies", [True, False])
def test_whether_a_change_sets_the_date_is_a_switch(site_of: Any, switch: str, modifies: bool) -> None:
    with site_of(**{switch: modifies}) as (site, client):
        path, statuses = f"/api/v2/pages/{site.id_of('inside')}", ["current", "archived", "trashed"]
        before = client.json(path, status=statuses)["version"]
        CHANGES[switch](site)
        after = client.json(path, status=statuses)["version"]
        assert (after["createdAt"] > before["createdAt"], after["number"]) == (modifies, before["number"])
        newest = client.titles("/api/v2/pages", sort="-modified-date", limit=1, status=statuses)
        assert (newest == ["Inside"]) is modifies


@pytest.mark.parametrize(
    ("value", "status", "kind"),
    [("absent", 404, "text/html"), ("web page", 200, "text/html"), ("error", 500, "text/html")],
)
@pytest.mark.parametrize("names", [(), ("dc-9.2",)])
def test_tenant_info_may_be_odd(site_of: Any, names: Any, value: str, status: int, kind: str) -> None:
    with site_of(*names, tenant_info=value) as (site, _):
        answer = requests.get(f"{site.base_url}/_edge/tenant_info", timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)


def test_the_scoped_token_works_with_every_personality_of_cloud(site_of: Any) -> None:
    with site_of("folders", "live-docs", "no-total", "label-cap", "strict-users", "v1-gone") as (_, client):
        for path in ("/api/v2/spaces", "/api/v2/pages", ME):
            assert client.get(path, auth=(SYNC_EMAIL, SCOPED_TOKEN), gateway=True).status_code == 200
