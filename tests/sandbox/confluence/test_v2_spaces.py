from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.confluence import SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence


def test_a_key_leads_to_the_space(client: Any, space_id: str) -> None:
    (space,) = client.results("/api/v2/spaces", keys="DOCS")
    assert space["id"] == space_id
    assert space["name"] == "Documentation"
    assert space["currentActiveAlias"] == "DOCS"
    assert space["description"] is None


@pytest.mark.parametrize("key", ["NOPE", "docs", ""])
def test_an_unknown_key_is_an_empty_200(client: Any, key: str) -> None:
    assert client.results("/api/v2/spaces", keys=key) == []


def test_a_hidden_space_is_an_empty_200(confluence: SandboxConfluence, client: Any, space_id: str) -> None:
    confluence.hide_space("DOCS", ["ada@example.com"])
    assert client.results("/api/v2/spaces", keys="DOCS") == []
    assert client.get(f"/api/v2/spaces/{space_id}").status_code == 404
    confluence.show_space("DOCS")
    assert client.get(f"/api/v2/spaces/{space_id}").status_code == 200


def test_a_renamed_key_is_an_alias_beside_the_old_one(confluence: SandboxConfluence, client: Any) -> None:
    confluence.rename_space_key("DOCS", "HANDBOOK")
    (space,) = client.results("/api/v2/spaces", keys="HANDBOOK")
    assert (space["key"], space["currentActiveAlias"]) == ("DOCS", "HANDBOOK")
    assert client.results("/api/v2/spaces", keys="DOCS")


def test_spaces_filter_by_id_type_status_and_label(
    confluence: SandboxConfluence, client: Any, space_id: str, make_space: Any
) -> None:
    confluence.add_space(make_space("TWO"))
    confluence.archive_space("TWO")
    confluence.label_space("DOCS", ["team"])

    def keys(**params: Any) -> list[str]:
        return [space["key"] for space in client.results("/api/v2/spaces", **params)]

    assert keys() == ["DOCS", "TWO"]
    assert keys(ids=space_id) == ["DOCS"]
    assert keys(status="archived") == ["TWO"]
    assert keys(labels="team") == ["DOCS"]
    assert keys(type="personal") == []
    assert keys(sort="-key", limit=1) == ["TWO"]


def test_a_space_shows_its_description_and_labels_on_request(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    confluence.label_space("DOCS", ["Team"])
    space = client.json(f"/api/v2/spaces/{space_id}", description_format="plain", include_labels="true")
    assert space["description"]["plain"]["value"] == "All about it"
    assert [label["name"] for label in space["labels"]["results"]] == ["team"]
    assert client.results(f"/api/v2/spaces/{space_id}/labels")[0]["name"] == "team"


def test_a_key_instead_of_an_id_is_a_400(client: Any) -> None:
    assert client.get("/api/v2/spaces/DOCS").status_code == 400


def test_content_labels_are_those_on_something_visible(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    def names(**params: Any) -> list[str]:
        return sorted(row["name"] for row in client.results(f"/api/v2/spaces/{space_id}/content/labels", **params))

    assert names() == ["api", "howto"]
    confluence.label("secret", "hush")
    confluence.label("gone", "lost")
    assert names() == ["api", "howto", "hush"]
    assert names(auth=("reader@example.com", "sandbox-confluence-reader-token")) == ["api", "howto"]
    confluence.unlabel("secret", "hush")
    assert names() == ["api", "howto"]


def test_labels_of_one_content(confluence: SandboxConfluence, client: Any) -> None:
    rows = client.results(f"/api/v2/pages/{confluence.id_of('guide')}/labels", sort="-name")
    assert [(row["name"], row["prefix"]) for row in rows] == [("howto", "global"), ("api", "global")]
    assert client.results(f"/api/v2/blogposts/{confluence.id_of('news')}/labels")[0]["name"] == "api"
    assert client.get(f"/api/v2/pages/{confluence.id_of('news')}/labels").status_code == 404


def post(confluence: SandboxConfluence, path: str, body: Any) -> requests.Response:
    auth = (SYNC_EMAIL, SYNC_TOKEN)
    return requests.post(f"{confluence.site_url}/api/v2{path}", json=body, auth=auth, timeout=30)


def test_users_come_in_bulk_without_the_unknown(confluence: SandboxConfluence) -> None:
    answer = post(confluence, "/users-bulk", {"accountIds": ["712020:ada", "712020:nobody", "712020:ada"]})
    assert [user["displayName"] for user in answer.json()["results"]] == ["Ada Novak"]
    assert post(confluence, "/users-bulk", {"accountIds": []}).status_code == 400
    assert post(confluence, "/users-bulk", {"accountIds": ["x"] * 251}).status_code == 400
    assert post(confluence, "/users-bulk", {"ids": []}).status_code == 400


def test_ids_convert_to_types_and_the_invisible_to_null(confluence: SandboxConfluence, client: Any) -> None:
    page, post_id, file = confluence.id_of("step"), confluence.id_of("news"), confluence.store.attachments
    footer, inline = (
        confluence.store.comments_of(int(confluence.id_of("guide")), kind)[0].id for kind in ("footer", "inline")
    )
    wanted = [page, int(post_id), f"att{next(iter(file))}", str(footer), str(inline), "1", "x"]
    answer = post(confluence, "/content/convert-ids-to-types", {"contentIds": wanted}).json()["results"]
    assert answer == {
        page: "page",
        post_id: "blogpost",
        wanted[2]: "attachment",
        str(footer): "footer-comment",
        str(inline): "inline-comment",
        "1": None,
        "x": None,
    }
    confluence.trash("step")
    answer = post(confluence, "/content/convert-ids-to-types", {"contentIds": [page]}).json()["results"]
    assert answer == {page: None}


def test_the_permissions_of_a_space_name_who_views_it(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    path = f"/api/v2/spaces/{space_id}/permissions"
    (row,) = client.results(path)
    assert (row["principal"]["type"], row["operation"]) == ("group", {"key": "read", "targetType": "space"})
    confluence.hide_space("DOCS", ["ada@example.com", "sync@example.com"])
    assert [row["principal"] for row in client.results(path)] == [
        {"type": "user", "id": "712020:ada"},
        {"type": "user", "id": "712020:sandbox-sync"},
    ]
    assert "next" in client.json(path, limit=1)["_links"]
    reader = ("reader@example.com", "sandbox-confluence-reader-token")
    assert client.get(path, auth=reader).status_code == 404
