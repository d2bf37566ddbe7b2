from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.confluence import SandboxConfluence, serve
from sandbox.confluence.generated import generated_space

SITE_SEARCH = "/rest/api/search"
SEARCH = "/rest/api/content/search"
READ = "restrictions.read.restrictions.user,restrictions.read.restrictions.group"


def test_restrictions_come_for_a_batch_of_ids_own_level_only(confluence: SandboxConfluence, client: Any) -> None:
    confluence.restrict("step", groups=["editors"])
    ids = [confluence.id_of(ref) for ref in ("guide", "secret", "below", "step")]
    rows = client.results(SEARCH, cql=f"id in ({','.join(ids)})", expand=READ, limit=100)
    read = {row["id"]: row["restrictions"]["read"]["restrictions"] for row in rows}
    assert [user["accountId"] for user in read[ids[1]]["user"]["results"]] == ["712020:ada"]
    assert [group["name"] for group in read[ids[3]]["group"]["results"]] == ["editors"]
    for free in (ids[0], ids[2]):
        assert read[free]["user"]["size"] == read[free]["group"]["size"] == 0


def test_the_restriction_of_one_content(confluence: SandboxConfluence, client: Any) -> None:
    path = f"/rest/api/content/{confluence.id_of('secret')}/restriction/byOperation"
    read = client.json(f"{path}/read")
    assert read["operation"] == "read"
    assert read["restrictions"]["user"]["results"][0]["accountId"] == "712020:ada"
    both = client.json(path)
    assert both["read"]["restrictions"]["user"]["size"] == 1
    assert both["update"]["restrictions"]["user"]["size"] == 0
    operations = client.json(path.removesuffix("/byOperation"))["results"]
    assert [row["operation"] for row in operations] == ["read", "update"]
    assert operations[0]["restrictions"]["user"]["size"] == 1
    assert client.get(f"{path}/administer").status_code == 400
    assert client.get("/rest/api/content/1/restriction/byOperation/read").status_code == 404


def test_restrictions_are_expanded_only_as_far_as_asked(confluence: SandboxConfluence, client: Any) -> None:
    def restrictions(expand: str) -> Any:
        (row,) = client.results(SEARCH, cql=f"id = {confluence.id_of('secret')}", expand=expand)
        return row["restrictions"]

    assert restrictions("restrictions")["_expandable"] == {"read": "", "update": ""}
    users = restrictions("restrictions.read.restrictions.user")["read"]["restrictions"]
    assert (users["user"]["size"], users["_expandable"]) == (1, {"group": ""})


def test_one_answer_names_a_hundred_readers(confluence: SandboxConfluence, client: Any) -> None:
    confluence.restrict("step", users=[f"712020:{number}" for number in range(150)])
    path = f"/rest/api/content/{confluence.id_of('step')}/restriction/byOperation/read"
    first = client.json(path)["restrictions"]["user"]
    assert (first["size"], first["limit"]) == (100, 100)
    rest = client.json(path, start=100)["restrictions"]["user"]
    assert [user["accountId"] for user in rest["results"]] == [f"712020:{number}" for number in range(100, 150)]


def test_search_walks_by_cursor_and_counts(client_of: Any) -> None:
    with serve(generated_space(30, median_bytes=300)) as site:
        client = client_of(site)
        page = client.json(SEARCH, cql="type = page and space = GEN", limit=12)
        seen = [row["id"] for row in page["results"]]
        while "next" in page["_links"]:
            assert page["_links"]["next"].startswith("/rest/api/content/search?cql=type+%3D+page")
            assert (page["_links"]["base"], page["_links"]["context"]) == (site.site_url, "/wiki")
            cursor = parse_qs(urlsplit(page["_links"]["next"]).query)["cursor"][0]
            page = client.json(SEARCH, cql="type = page and space = GEN", limit=12, cursor=cursor)
            seen += [row["id"] for row in page["results"]]
        assert len(set(seen)) == len(seen) == 30
        assert "totalSize" not in page
        assert client.json(SITE_SEARCH, cql="type = page and space = GEN", limit=1)["totalSize"] == 30
        site.site.search_total = True
        assert client.json(SEARCH, cql="type = page and space = GEN", limit=12)["totalSize"] == 30


def test_an_offset_is_ignored_on_cloud(client: Any) -> None:
    first = client.results(SEARCH, cql="type = page", limit=2)
    assert client.results(SEARCH, cql="type = page", limit=2, start=2) == first


def test_a_bad_cursor_or_query_is_a_400(client: Any) -> None:
    assert client.get(SEARCH, cql="type = page", cursor="nonsense").status_code == 400
    for query in ({"cql": "type ="}, {"cql": ""}, {}):
        answer = client.get(SEARCH, **query)
        assert answer.status_code == 400
        assert "Could not parse cql" in answer.json()["message"]
    assert client.get(SEARCH, cql="type = page", limit="many").status_code == 400


def test_search_finds_attachments_and_comments_unless_the_type_is_given(client: Any) -> None:
    kinds = {row["type"] for row in client.results(SEARCH, cql="space = DOCS", limit=100)}
    assert kinds == {"page", "blogpost", "folder", "attachment", "comment"}
    assert {row["type"] for row in client.results(SEARCH, cql="type in (page, blogpost)")} == {"page", "blogpost"}


def test_search_leaves_out_what_is_not_current(confluence: SandboxConfluence, client: Any, make_space: Any) -> None:
    titles = client.titles(SEARCH, cql="type = page")
    assert "Old" not in titles
    assert "Gone" not in titles
    confluence.add_space(make_space("TWO"))
    confluence.archive_space("TWO")
    assert client.results(SEARCH, cql="space = TWO") == []
    assert client.results("/rest/api/search", cql="space = TWO", includeArchivedSpaces="true")
    assert client.results(SEARCH, cql="space = TWO", includeArchivedSpaces="true") == []


def test_expand_decides_what_comes(client: Any) -> None:
    wanted = "body.storage,version,history.lastUpdated,ancestors,metadata.labels,space"
    (bare,) = client.results(SEARCH, cql='title = "Guide & more"')
    (full,) = client.results(SEARCH, cql='title = "Guide & more"', expand=wanted)
    assert "body" not in bare
    assert bare["_expandable"]["space"] == "/rest/api/space/DOCS"
    assert "marked" in full["body"]["storage"]["value"]
    assert full["version"]["when"] == full["history"]["lastUpdated"]["when"] == "2026-01-09T12:00:00.000Z"
    assert [node["title"] for node in full["ancestors"]] == ["Docs"]
    assert [label["name"] for label in full["metadata"]["labels"]["results"]] == ["api", "howto"]
    assert full["space"]["key"] == "DOCS"


@pytest.mark.parametrize(
    ("expand", "most"), [("version", 110), ("body.storage", 100), ("body.export_view", 25), ("body.styled_view", 25)]
)
def test_the_server_cuts_the_limit_when_bodies_are_expanded(client_of: Any, expand: str, most: int) -> None:
    with serve(generated_space(110, median_bytes=300)) as site:
        page = client_of(site).json(SEARCH, cql="type = page", expand=expand, limit=200)
    assert len(page["results"]) == most


def test_a_limit_of_nothing_only_counts(client: Any) -> None:
    page = client.json("/rest/api/search", cql="type = page and space = DOCS", limit=0)
    assert (page["results"], page["totalSize"]) == ([], 6)
    assert "next" not in page["_links"]


def test_search_orders_by_time(client: Any) -> None:
    titles = client.titles(SEARCH, cql="type = page order by lastmodified desc", limit=2)
    assert titles == ["Guide & more", "First step"]
    rest = client.json(SEARCH, cql="type = page order by lastmodified desc", limit=2)["_links"]["next"]
    cursor = parse_qs(urlsplit(rest).query)["cursor"][0]
    third = client.titles(SEARCH, cql="type = page order by lastmodified desc", limit=1, cursor=cursor)
    assert third == ["Inside"]


def test_now_is_the_present_of_the_site(confluence: SandboxConfluence, client: Any) -> None:
    confluence.site.fixed_now = datetime(2026, 1, 10, tzinfo=UTC)
    assert client.titles(SEARCH, cql='type = page and lastmodified >= now("-2d")') == ["Guide & more"]
    confluence.site.fixed_now = datetime(2026, 1, 20, tzinfo=UTC)
    assert client.titles(SEARCH, cql='type = page and lastmodified >= now("-2d")') == []


def test_a_change_shows_in_the_next_search(confluence: SandboxConfluence, client: Any) -> None:
    assert client.results(SEARCH, cql="label = fresh") == []
    confluence.label("step", "fresh")
    assert client.titles(SEARCH, cql="label = fresh") == ["First step"]


def test_site_search_wraps_the_content(client: Any) -> None:
    (hit,) = client.results("/rest/api/search", cql='title = "First step"', expand="content.version")
    assert hit["content"]["version"]["number"] == 1
    assert hit["resultGlobalContainer"]["displayUrl"] == "/spaces/DOCS"
    assert hit["url"] == hit["content"]["_links"]["webui"]


def test_users_in_bulk(client: Any) -> None:
    rows = client.results("/rest/api/user/bulk", accountId=["712020:ada", "nobody"])
    assert [row["displayName"] for row in rows] == ["Ada Novak"]
