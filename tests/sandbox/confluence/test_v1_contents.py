"""The classic reads: what older loaders use on Cloud, and all there is on Data Center."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.confluence import PERSONAL_ACCESS_TOKEN, SandboxConfluence, serve
from sandbox.confluence.generated import generated_space


@pytest.fixture(params=["cloud", "datacenter"])
def either(request: pytest.FixtureRequest, make_space: Any, client_of: Any) -> Iterator[Any]:
    """A client of either deployment; both take e-mail name and token."""
    with serve(make_space("DOCS"), deployment=request.param) as served:
        yield client_of(served)


def test_contents_are_listed_by_space_with_offsets(either: Any) -> None:
    first = either.json("/rest/api/content", spaceKey="DOCS", limit=4)
    assert (first["start"], first["limit"], first["size"]) == (0, 4, 4)
    assert first["_links"]["next"] == "/rest/api/content?spaceKey=DOCS&limit=4&start=4"
    assert first["_links"]["base"] == either.confluence.site_url
    second = either.json("/rest/api/content", spaceKey="DOCS", limit=4, start=4)
    assert second["size"] == 2
    assert "next" not in second["_links"]
    assert either.titles("/rest/api/space/DOCS/content/page") == either.titles("/rest/api/content", spaceKey="DOCS")


def test_listings_filter_by_type_title_and_status(either: Any) -> None:
    def titles(**params: Any) -> list[str]:
        return either.titles("/rest/api/content", spaceKey="DOCS", **params)

    assert titles(type="blogpost") == ["News"]
    assert titles(title="First step") == ["First step"]
    assert titles(status="archived") == ["Old"]
    assert {"Old", "Gone"} <= set(titles(status="any"))
    assert either.get("/rest/api/content", spaceKey="DOCS", type="comment").status_code == 400


def test_an_unknown_space_is_a_404_or_an_empty_list(either: Any) -> None:
    answer = either.get("/rest/api/content", spaceKey="NOPE")
    assert answer.status_code == 404
    assert "No space found with key : NOPE" in answer.json()["message"]
    assert either.get("/rest/api/space/NOPE").status_code == 404
    assert either.results("/rest/api/space", spaceKey="NOPE") == []


def test_spaces_and_their_home_pages(either: Any) -> None:
    (space,) = either.results("/rest/api/space", spaceKey="DOCS", expand="homepage,description.plain")
    assert space["id"] == int(space["id"])
    assert space["homepage"]["title"] == "Docs"
    assert space["description"]["plain"]["value"] == "All about it"
    assert either.json("/rest/api/space/DOCS")["name"] == "Documentation"


def test_one_content_with_expansions(either: Any) -> None:
    page_id = either.confluence.id_of("guide")
    page = either.json(f"/rest/api/content/{page_id}", expand="children.page,metadata.labels,body.view")
    assert [child["title"] for child in page["children"]["page"]["results"]] == ["First step", "Secret"]
    assert page["_links"]["base"] == either.confluence.site_url
    assert either.json(f"/rest/api/content/{page_id}/history", expand="lastUpdated")["lastUpdated"]["number"] == 1
    assert [label["name"] for label in either.results(f"/rest/api/content/{page_id}/label")] == ["api", "howto"]


def test_the_trash_is_found_only_when_asked_for(either: Any) -> None:
    gone = either.confluence.id_of("gone")
    assert either.get(f"/rest/api/content/{gone}").status_code == 404
    assert either.json(f"/rest/api/content/{gone}", status="any")["status"] == "trashed"
    assert either.get("/rest/api/content/1", status="any").status_code == 404


def test_past_versions_can_be_read(either: Any) -> None:
    page_id = either.confluence.id_of("step")
    either.confluence.edit("step", title="Second step")
    assert either.json(f"/rest/api/content/{page_id}", version=1)["title"] == "First step"
    assert either.get(f"/rest/api/content/{page_id}", version=9).status_code == 404


def test_children_of_every_kind(either: Any) -> None:
    confluence = either.confluence
    home, step, guide = (confluence.id_of(ref) for ref in ("home", "step", "guide"))
    assert either.titles(f"/rest/api/content/{home}/child/page") == ["Guide & more"]
    assert "Inside" in either.titles(f"/rest/api/content/{home}/descendant/page")
    files = either.results(f"/rest/api/content/{step}/child/attachment", expand="container,version")
    assert [(file["title"], file["container"]["id"]) for file in files] == [("a b.txt", step), ("c.csv", step)]
    assert either.json(f"/rest/api/content/{files[0]['id']}", expand="version")["version"]["number"] == 1
    expand = "container,version,history,ancestors,body.storage,extensions.inlineProperties,extensions.resolution"
    footer = next(
        row
        for row in either.results(f"/rest/api/content/{guide}/child/comment")
        if row["extensions"]["location"] == "footer"
    )
    confluence.comment("guide", "<p>Reply</p>", reply_to=footer["id"])
    comments = either.results(f"/rest/api/content/{guide}/child/comment", depth="all", expand=expand)
    assert len(comments) == 4
    inline = next(row for row in comments if row["extensions"]["location"] == "inline")
    assert inline["extensions"]["inlineProperties"]["originalSelection"] == "marked"
    assert comments[-1]["ancestors"] == [{"id": footer["id"], "type": "comment"}]
    assert comments[-1]["body"]["storage"]["value"] == "<p>Reply</p>"
    assert (
        either.json(f"/rest/api/content/{footer['id']}", expand="body.view")["body"]["view"]["value"] == "<p>Nice</p>"
    )


def test_a_walk_over_offsets_yields_every_page(client_of: Any) -> None:
    with serve(generated_space(30, median_bytes=300), deployment="datacenter") as site:
        client, seen = client_of(site), []
        page = client.json("/rest/api/content/search", cql="space = GEN", limit=7)
        while True:
            seen += [row["id"] for row in page["results"]]
            if "next" not in page["_links"]:
                break
            page = client.json(page["_links"]["next"])
        assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("path", ["content", "content/65538", "space", "space/DOCS", "content/65538/child/attachment"])
def test_the_gateway_says_that_these_reads_are_gone(client: Any, path: str) -> None:
    answer = client.get(f"/rest/api/{path}", gateway=True)
    assert answer.status_code == 410
    assert answer.json()["statusCode"] == 410
    assert "This deprecated endpoint has been removed." in answer.json()["message"]


def test_data_center_has_no_v2_and_no_wiki(make_space: Any) -> None:
    with serve(make_space("DOCS"), deployment="datacenter") as site:
        headers = {"Authorization": f"Bearer {PERSONAL_ACCESS_TOKEN}"}
        for path in ("/wiki/rest/api/space", "/api/v2/spaces", "/wiki/api/v2/spaces", "/_edge/tenant_info"):
            assert requests.get(site.base_url + path, headers=headers, timeout=30).status_code == 404


def test_data_center_names_users_by_key(make_space: Any, client_of: Any) -> None:
    with serve(make_space("DOCS"), deployment="datacenter") as site:
        client = client_of(site)
        page = client.json(f"/rest/api/content/{site.id_of('home')}", expand="version")
        assert page["version"]["by"]["userKey"] == "712020:ada"
        assert page["_links"]["webui"] == "/display/DOCS/Docs"
        assert client.json("/rest/api/user", key="712020:ada")["displayName"] == "Ada Novak"
        assert client.get("/rest/api/user", key="nobody").status_code == 404


def test_data_center_can_live_below_a_context_path(make_space: Any) -> None:
    site = SandboxConfluence(make_space("DOCS"), deployment="datacenter", context_path="/confluence")
    with site.serve():
        headers = {"Authorization": f"Bearer {PERSONAL_ACCESS_TOKEN}"}
        page = requests.get(
            f"{site.site_url}/rest/api/content", params={"limit": 1}, headers=headers, timeout=30
        ).json()
        assert page["_links"]["base"] == f"{site.base_url}/confluence"
        assert page["_links"]["next"].startswith("/rest/api/content?")
