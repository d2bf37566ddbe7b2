"""The page tree, against the v2 reference (api-group-ancestors, -children, -descendants)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.confluence import SandboxConfluence


def walk(client: Any, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every row, page by page."""
    page = client.json(path, **params)
    rows = page["results"]
    while "next" in page["_links"]:
        cursor = parse_qs(urlsplit(page["_links"]["next"]).query)["cursor"][0]
        page = client.json(path, cursor=cursor, **params)
        rows += page["results"]
    return rows


def test_ancestors_run_from_the_top_down(confluence: SandboxConfluence, client: Any) -> None:
    rows = client.results(f"/api/v2/pages/{confluence.id_of('inside')}/ancestors")
    assert rows == [
        {"id": confluence.id_of("home"), "type": "page"},
        {"id": confluence.id_of("box"), "type": "folder"},
    ]
    assert client.get("/api/v2/pages/1/ancestors").status_code == 404


def test_children_are_visible_pages_by_position(confluence: SandboxConfluence, client: Any) -> None:
    home = confluence.id_of("home")
    assert client.titles(f"/api/v2/pages/{home}/children") == ["Guide & more", "Old"]
    assert client.titles(f"/api/v2/pages/{home}/direct-children") == ["Guide & more", "Box"]
    assert client.titles(f"/api/v2/pages/{home}/descendants", depth=2) == [
        "Guide & more",
        "Box",
        "First step",
        "Secret",
        "Inside",
    ]
    assert client.results("/api/v2/pages/1/children") == []


@pytest.mark.parametrize("kind", ["folder", "database", "whiteboard", "embed"])
def test_containers_have_their_own_address(confluence: SandboxConfluence, client: Any, kind: str) -> None:
    container = confluence.new_page("DOCS", "Things", "", kind=kind)
    found = client.json(f"/api/v2/{kind}s/{container}")
    assert (found["type"], found["title"], found["parentId"]) == (kind, "Things", confluence.id_of("home"))
    assert client.results(f"/api/v2/{kind}s/{container}/ancestors")[0]["type"] == "page"
    assert client.get(f"/api/v2/{kind}s/{confluence.id_of('step')}").status_code == 404
    confluence.trash(container)
    assert client.get(f"/api/v2/{kind}s/{container}").status_code == 404


@pytest.mark.parametrize("name", ["direct-children", "descendants"])
def test_the_tree_is_walked_in_pages(confluence: SandboxConfluence, client: Any, name: str) -> None:
    for number in range(7):
        confluence.new_page("DOCS", f"Page {number}", "", parent="box")
    path = f"/api/v2/folders/{confluence.id_of('box')}/{name}"
    whole = client.results(path)
    assert [row["title"] for row in whole] == ["Inside", *(f"Page {number}" for number in range(7))]
    assert walk(client, path, limit=3) == whole
    assert client.get(path, cursor="nonsense").status_code == 400
    assert client.get(path, limit=251).status_code == 400


def test_descendants_are_two_levels_deep_unless_told(confluence: SandboxConfluence, client: Any) -> None:
    deep = "box"
    for depth in range(1, 13):
        deep = confluence.new_page("DOCS", f"Level {depth}", "", parent=deep)
    path = f"/api/v2/folders/{confluence.id_of('box')}/descendants"
    assert max(row["depth"] for row in client.results(path)) == 2
    assert max(row["depth"] for row in client.results(path, depth=10)) == 10
    for depth in (0, 11):
        assert client.get(path, depth=depth).status_code == 400


def test_a_node_says_what_it_is_and_where(confluence: SandboxConfluence, client: Any) -> None:
    home, box = confluence.id_of("home"), confluence.id_of("box")
    rows = {row["title"]: row for row in client.results(f"/api/v2/pages/{home}/descendants")}
    assert (rows["Box"]["type"], rows["Box"]["parentId"], rows["Box"]["depth"]) == ("folder", home, 1)
    assert (rows["Inside"]["type"], rows["Inside"]["parentId"], rows["Inside"]["depth"]) == ("page", box, 2)
    assert client.results(f"/api/v2/pages/{home}/direct-children", sort="-title")[0]["title"] == "Guide & more"


def test_a_node_is_found_under_its_own_kind_only(confluence: SandboxConfluence, client: Any) -> None:
    assert client.get(f"/api/v2/pages/{confluence.id_of('box')}/descendants").status_code == 404
    assert client.get(f"/api/v2/folders/{confluence.id_of('guide')}/direct-children").status_code == 404


def test_what_is_hidden_is_not_in_the_tree(confluence: SandboxConfluence, client: Any) -> None:
    reader = ("reader@example.com", "sandbox-confluence-reader-token")
    path = f"/api/v2/pages/{confluence.id_of('home')}/descendants"
    assert {"Secret", "Below secret"} <= set(client.titles(path, depth=9))
    assert {"Secret", "Below secret"}.isdisjoint(client.titles(path, depth=9, auth=reader))
