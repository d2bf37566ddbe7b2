"""The versions of Data Center, each difference against the address that its personality names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from sandbox.confluence import PERSONAL_ACCESS_TOKEN, SandboxConfluence, serve

SCAN = "/rest/api/content/scan"
SEARCH = "/rest/api/content/search"
VERSIONS = ("dc-7.19", "dc-8.5", "dc-9.2", "dc-10.1")
READ = "restrictions.read.restrictions.user,restrictions.read.restrictions.group"


class Visitor:
    """Asks a Data Center with the personal access token."""

    def __init__(self, site: SandboxConfluence) -> None:
        self.site = site

    def get(self, path: str, **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {PERSONAL_ACCESS_TOKEN}"}
        return requests.get(self.site.site_url + path, params=params, headers=headers, timeout=30)

    def json(self, path: str, **params: Any) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def data_center(make_space: Any) -> Any:
    @contextmanager
    def served(*names: str, **switches: Any) -> Iterator[tuple[SandboxConfluence, Visitor]]:
        with serve(make_space("DOCS"), personalities=names, switches=switches, context_path="/wiki") as site:
            yield site, Visitor(site)

    return served


def test_scan_walks_forward_and_back_as_in_the_examples(data_center: Any) -> None:
    with data_center("dc-7.19") as (site, visitor):
        first = visitor.json(SCAN, spaceKey="DOCS", limit=2)
        ids = [row["id"] for row in first["results"]]
        assert (first["cursor"], first["nextCursor"]) == ("content:false:null", f"content:false:{ids[-1]}")
        assert "prevCursor" not in first
        assert first["_links"]["next"].startswith("/rest/api/content/scan?spaceKey=DOCS&cursor=content%3Afalse")
        assert (first["_links"]["context"], first["size"]) == ("/wiki", 2)
        page, seen = first, list(ids)
        while "nextCursor" in page:
            page = visitor.json(SCAN, spaceKey="DOCS", limit=2, cursor=page["nextCursor"])
            seen += [row["id"] for row in page["results"]]
        assert sorted(map(int, seen)) == [int(it.id) for it in site.truth("DOCS").values() if it.kind == "page"]
        back = visitor.json(SCAN, spaceKey="DOCS", limit=2, cursor=f"content:true:{seen[2]}")
        assert [row["id"] for row in back["results"]] == ids
        assert visitor.get(SCAN, cursor="nonsense").status_code == 400
        assert visitor.get(SCAN, spaceKey="NONE").status_code == 404


def test_scan_knows_blog_posts_and_comments_from_8_3_on(data_center: Any) -> None:
    with data_center("dc-7.19") as (_, visitor):
        assert visitor.get(SCAN, type="blogpost").status_code == 400
    with data_center("dc-8.5") as (_, visitor):
        assert [row["title"] for row in visitor.json(SCAN, type="blogpost")["results"]] == ["News"]
        comments = visitor.json(SCAN, type="comment", expand="body.storage")["results"]
        assert len(comments) == 3


def test_a_plain_data_center_has_no_scan(data_center: Any) -> None:
    with data_center("dc-limit-403") as (_, visitor):
        assert visitor.get(SCAN).status_code == 404


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("path", [SCAN, "/rest/api/content", "/rest/api/space/DOCS/content/page"])
def test_every_listing_expands_labels_and_restrictions(data_center: Any, name: str, path: str) -> None:
    with data_center(name, "dc-reindexing") as (_, visitor):
        params = {"expand": f"{READ},metadata.labels,version,ancestors", "limit": 100}
        if "space/" not in path:
            params["spaceKey"] = "DOCS"
        rows = {row["title"]: row for row in visitor.json(path, **params)["results"]}
        readers = rows["Secret"]["restrictions"]["read"]["restrictions"]["user"]["results"]
        assert [user["userKey"] for user in readers] == ["712020:ada"]
        assert [label["name"] for label in rows["Guide & more"]["metadata"]["labels"]["results"]] == ["api", "howto"]
        assert [node["title"] for node in rows["Below secret"]["ancestors"]] == ["Docs", "Guide & more", "Secret"]


@pytest.mark.parametrize("name", VERSIONS)
def test_pages_have_the_addresses_of_their_version(data_center: Any, name: str) -> None:
    with data_center(name) as (site, visitor):
        page_id = site.id_of("step")
        row = visitor.json(f"/rest/api/content/{page_id}", expand="space")
        by_title = name in ("dc-7.19", "dc-8.5")
        webui = "/display/DOCS/First+step" if by_title else f"/spaces/DOCS/pages/{page_id}/First+step"
        assert row["_links"]["webui"] == webui
        assert row["space"]["_links"]["webui"] == ("/display/DOCS" if by_title else "/spaces/DOCS")
        assert ("position" in row.get("extensions", {}), "position" in row) == (by_title, not by_title)
        assert requests.get(site.site_url + webui, timeout=30).status_code == 200
        by_id = requests.get(f"{site.site_url}/spaces/DOCS/pages/{page_id}", timeout=30)
        assert by_id.status_code == (404 if by_title else 200)


def test_headings_are_named_by_title_and_heading(data_center: Any) -> None:
    with data_center("dc-9.2") as (site, visitor):
        site.edit("step", storage="<h2>Set up: part 1</h2>")
        page_id = site.id_of("step")
        view = visitor.json(f"/rest/api/content/{page_id}", expand="body.view")["body"]["view"]["value"]
        shown = requests.get(f"{site.site_url}/pages/viewpage.action", params={"pageId": page_id}, timeout=30).text
        assert 'id="Firststep-Setup:part1"' in view
        assert 'id="Firststep-Setup:part1"' in shown


def test_links_name_the_configured_base_url(data_center: Any) -> None:
    with data_center("dc-other-base-url") as (site, visitor):
        row = visitor.json(f"/rest/api/content/{site.id_of('step')}")
        assert row["_links"]["base"] == "https://wiki.example.com/confluence"
        assert row["_links"]["self"].startswith("https://wiki.example.com/confluence/rest/api/content/")
        assert visitor.json("/rest/api/content", limit=1)["_links"]["next"].startswith("/rest/api/content?")


@pytest.mark.parametrize("name", VERSIONS)
def test_restrictions_of_all_levels_come_at_once_from_9_on(data_center: Any, name: str) -> None:
    with data_center(name) as (site, visitor):
        answer = visitor.get(f"/rest/api/content/{site.id_of('below')}/restriction/relevantViewRestrictions")
        information = visitor.get("/rest/api/server-information")
        if name in ("dc-7.19", "dc-8.5"):
            assert (answer.status_code, information.status_code) == (404, 404)
            return
        (level,) = answer.json()["viewContentRestrictions"]["results"]
        assert level["operation"] == "read"
        assert level["restrictions"]["user"]["results"][0]["userKey"] == "712020:ada"
        assert name.endswith(".".join(map(str, information.json()["versionNumbers"][:2])))


def test_a_search_for_an_unknown_space_fails_in_9_2(data_center: Any) -> None:
    for name, status in (("dc-7.19", 200), ("dc-8.5", 200), ("dc-9.2", 500), ("dc-10.1", 200)):
        with data_center(name) as (_, visitor):
            assert visitor.get(SEARCH, cql="space = NOPE").status_code == status
            assert visitor.get(SEARCH, cql="space = DOCS").status_code == 200


def test_a_bad_query_is_a_404_in_10(data_center: Any) -> None:
    for name, status in (("dc-9.2", 400), ("dc-10.1", 404)):
        with data_center(name) as (_, visitor):
            assert visitor.get(SEARCH, cql="type =").status_code == status


def test_an_index_that_is_rebuilt_answers_no_search(data_center: Any) -> None:
    with data_center("dc-9.2", "dc-reindexing") as (_, visitor):
        for path in (SEARCH, "/rest/api/search"):
            assert visitor.get(path, cql="type = page").status_code == 500
        assert visitor.get("/rest/api/content", spaceKey="DOCS").status_code == 200


def test_attachments_can_be_refused_or_endless(data_center: Any) -> None:
    with data_center("dc-attachments-400") as (site, visitor):
        assert visitor.get(f"/rest/api/content/{site.id_of('step')}/child/attachment").status_code == 400
    with data_center("dc-attachments-endless") as (site, visitor):
        path = f"/rest/api/content/{site.id_of('step')}/child/attachment"
        assert visitor.json(path, start=1000)["_links"]["next"] == f"{path}?limit=25&start=1025"


def test_people_may_not_be_looked_up_though_listings_name_them(data_center: Any) -> None:
    with data_center("dc-8.5") as (_, visitor):
        assert visitor.json("/rest/api/user", key="712020:ada")["displayName"] == "Ada Novak"
        assert visitor.get("/rest/api/user/bulk", accountId="712020:ada").status_code == 404
    with data_center("dc-8.5", user_look_ups=False) as (_, visitor):
        assert visitor.get("/rest/api/user", key="712020:ada").status_code == 500
        (row,) = visitor.json("/rest/api/content", title="Docs", expand="history")["results"]
        assert row["history"]["createdBy"]["displayName"] == "Ada Novak"


def test_the_rate_limit_has_the_headers_of_data_center(data_center: Any) -> None:
    with data_center("dc-9.2") as (site, visitor):
        site.limit_rate(0.01, burst=1)
        headers = visitor.get("/rest/api/space").headers
        for name in ("Limit", "Remaining", "FillRate", "Interval-Seconds"):
            assert f"X-RateLimit-{name}" in headers
        assert "X-RateLimit-Reset" not in headers
        refused = visitor.get("/rest/api/space")
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
    with data_center("dc-limit-403") as (site, visitor):
        site.limit_rate(0.01, burst=1)
        assert [visitor.get("/rest/api/space").status_code for _ in range(2)] == [200, 403]
