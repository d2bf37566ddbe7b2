from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.confluence import SandboxConfluence
from sandbox.seed import SeedPage


def test_pages_are_current_and_archived_unless_asked_otherwise(client: Any, space_id: str) -> None:
    for path in (f"/api/v2/spaces/{space_id}/pages", "/api/v2/pages"):
        titles = client.titles(path, limit=250)
        assert "Old" in titles
        assert "Gone" not in titles
        assert "News" not in titles
        assert "Box" not in titles
        assert "Old" not in client.titles(path, status="current", limit=250)
        assert client.titles(path, status=["archived", "trashed"]) == ["Old", "Gone"]
        assert client.titles(path, status="archived,trashed") == ["Old", "Gone"]


def test_blog_posts_are_current_unless_asked_otherwise(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    path = f"/api/v2/spaces/{space_id}/blogposts"
    assert client.titles(path) == ["News"]
    confluence.trash("news")
    assert client.titles(path) == []
    assert client.titles(path, status="trashed") == ["News"]
    assert client.get(path, status="archived").status_code == 400


def test_a_row_has_the_fields_of_real_answers(confluence: SandboxConfluence, client: Any) -> None:
    (row,) = client.results("/api/v2/pages", id=confluence.id_of("inside"))
    assert row["parentId"] == confluence.id_of("box")
    assert row["parentType"] == "folder"
    assert row["body"] == {}
    assert row["version"] == {
        "number": 4,
        "message": "",
        "minorEdit": False,
        "authorId": "712020:ada",
        "createdAt": "2026-01-03T12:00:00.000Z",
        "ncsStepVersion": None,
    }
    assert row["_links"]["webui"] == f"/spaces/DOCS/pages/{row['id']}/Inside"
    (home,) = client.results("/api/v2/pages", id=confluence.id_of("home"))
    assert (home["parentId"], home["parentType"]) == (None, None)
    assert home["_links"]["webui"] == "/spaces/DOCS/overview"


def test_bodies_come_in_bulk_only_when_asked_for(confluence: SandboxConfluence, client: Any) -> None:
    ids = [confluence.id_of("home"), confluence.id_of("step"), "999999"]
    rows = client.results("/api/v2/pages", id=",".join(ids), body_format="storage")
    assert [row["body"]["storage"]["value"] for row in rows] == ["<p>Welcome</p>", "<p>Do it</p>"]
    (row,) = client.results("/api/v2/pages", id=ids[0], body_format="atlas_doc_format")
    assert json.loads(row["body"]["atlas_doc_format"]["value"])["type"] == "doc"
    assert client.get("/api/v2/pages", id=ids[0], body_format="view").status_code == 400
    # v2 knows no expand and ignores it without a word.
    assert client.results("/api/v2/pages", id=ids[0], expand="body.storage")[0]["body"] == {}


def test_ids_can_be_given_repeatedly_or_with_commas(confluence: SandboxConfluence, client: Any) -> None:
    ids = [confluence.id_of("home"), confluence.id_of("step")]
    assert client.titles("/api/v2/pages", id=ids) == client.titles("/api/v2/pages", id=",".join(ids))
    too_many = ",".join(str(number) for number in range(251))
    assert client.get("/api/v2/pages", id=too_many).status_code == 400


def test_ids_of_another_kind_are_absent(confluence: SandboxConfluence, client: Any) -> None:
    assert client.results("/api/v2/pages", id=confluence.id_of("news")) == []
    assert client.titles("/api/v2/blogposts", id=confluence.id_of("news")) == ["News"]


def test_listings_filter_by_space_title_and_depth(
    confluence: SandboxConfluence, client: Any, space_id: str, make_space: Any
) -> None:
    confluence.add_space(make_space("TWO"))
    assert len(client.titles("/api/v2/pages", title="Docs")) == 2
    assert len(client.titles("/api/v2/pages", title="Docs", space_id=space_id)) == 1
    assert client.titles(f"/api/v2/spaces/{space_id}/pages", title="First step") == ["First step"]
    assert client.titles(f"/api/v2/spaces/{space_id}/pages", depth="root") == ["Docs"]
    assert client.titles("/api/v2/pages", space_id="1") == []


def test_listings_over_several_spaces_stay_in_order(
    confluence: SandboxConfluence, client: Any, make_space: Any
) -> None:
    confluence.add_space(make_space("TWO"))
    times = [row["version"]["createdAt"] for row in client.results("/api/v2/pages", sort="-modified-date", limit=250)]
    assert times == sorted(times, reverse=True)
    assert len(times) == 14


def test_an_unknown_or_hidden_space_is_a_404_and_a_key_a_400(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    not_found = {"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": None}]}
    assert client.get("/api/v2/spaces/1/pages").json() == not_found
    confluence.hide_space("DOCS")
    assert client.get(f"/api/v2/spaces/{space_id}/pages").json() == not_found
    assert client.get("/api/v2/spaces/DOCS/pages").status_code == 400


def test_one_page_comes_in_every_representation(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("guide")
    for name in ("storage", "view", "export_view", "styled_view", "anonymous_export_view", "editor"):
        body = client.json(f"/api/v2/pages/{page_id}", body_format=name)["body"]
        assert body[name]["representation"] == name
    assert "ac:inline" not in client.json(f"/api/v2/pages/{page_id}", body_format="view")["body"]["view"]["value"]
    assert client.json(f"/api/v2/pages/{page_id}")["_links"]["base"] == confluence.site_url


def test_one_page_can_include_its_labels_and_versions(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("guide")
    confluence.edit("guide", title="Guide 2")
    page = client.json(f"/api/v2/pages/{page_id}", include_labels="true", include_versions="true")
    assert [label["name"] for label in page["labels"]["results"]] == ["howto", "api"]
    assert page["labels"]["meta"] == {"hasMore": False}
    assert [version["number"] for version in page["versions"]["results"]] == [2, 1]
    assert "labels" not in client.json(f"/api/v2/pages/{page_id}")


def test_a_past_version_can_be_read(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("step")
    confluence.edit("step", storage="<p>New</p>", title="Second step")
    old = client.json(f"/api/v2/pages/{page_id}", version=1, body_format="storage")
    assert (old["title"], old["status"]) == ("First step", "historical")
    assert old["body"]["storage"]["value"] == "<p>Do it</p>"
    assert client.get(f"/api/v2/pages/{page_id}", version=7).status_code == 404


def test_trashed_and_purged_pages_are_not_found(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("step")
    confluence.trash("step")
    assert client.get(f"/api/v2/pages/{page_id}").status_code == 404
    assert client.json(f"/api/v2/pages/{page_id}", status="trashed")["status"] == "trashed"
    assert client.results("/api/v2/pages", id=page_id) == []
    confluence.purge("step")
    assert client.get(f"/api/v2/pages/{page_id}", status="trashed").status_code == 404


def test_a_draft_is_found_only_when_asked_for(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.add_page("DOCS", SeedPage("draft", "Draft", "", status="draft"))
    assert client.get(f"/api/v2/pages/{page_id}").status_code == 404
    assert client.json(f"/api/v2/pages/{page_id}", get_draft="true")["status"] == "draft"
    assert client.results("/api/v2/pages", id=page_id) == []


def test_an_archived_page_is_found(confluence: SandboxConfluence, client: Any) -> None:
    assert client.json(f"/api/v2/pages/{confluence.id_of('old')}")["status"] == "archived"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("sort", "size"), ("status", "historical"), ("body_format", "markdown"), ("id", "abc"), ("space_id", "DOCS")],
)
def test_a_value_that_v2_does_not_know_is_a_400(client: Any, parameter: str, value: str) -> None:
    response = client.get("/api/v2/pages", **{parameter: value})
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "INVALID_REQUEST_PARAMETER"


def test_labelled_contents_are_listed_by_kind_and_space(
    confluence: SandboxConfluence, client: Any, space_id: str, make_space: Any
) -> None:
    confluence.add_space(make_space("TWO"))
    label = {row["name"]: row["id"] for row in client.results("/api/v2/labels")}
    assert client.titles(f"/api/v2/labels/{label['api']}/pages", space_id=space_id) == ["Guide & more"]
    assert client.titles(f"/api/v2/labels/{label['api']}/blogposts", space_id=space_id) == ["News"]
    assert client.titles(f"/api/v2/labels/{label['howto']}/pages") == ["Guide & more", "Secret"] * 2
    newest = client.titles(f"/api/v2/labels/{label['howto']}/pages", sort="-modified-date", limit=1)
    assert newest == ["Guide & more"]
    assert client.get("/api/v2/labels/1/pages").status_code == 404


def test_a_changed_row_is_served_anew(confluence: SandboxConfluence, client: Any) -> None:
    page_id = confluence.id_of("step")
    client.results("/api/v2/pages", id=page_id)
    confluence.edit("step", title="Renamed", at=datetime(2026, 2, 1, tzinfo=UTC))
    confluence.rename_space_key("DOCS", "NEW")
    (row,) = client.results("/api/v2/pages", id=page_id)
    assert (row["title"], row["version"]["createdAt"]) == ("Renamed", "2026-02-01T00:00:00.000Z")
    assert row["_links"]["webui"] == f"/spaces/NEW/pages/{page_id}/Renamed"
