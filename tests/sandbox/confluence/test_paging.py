"""Walking listings over HTTP, as a sync does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.confluence import SandboxConfluence, serve
from sandbox.confluence.generated import generated_space

PAGES = 23


@pytest.fixture(scope="module")
def site() -> Iterator[SandboxConfluence]:
    with serve(generated_space(PAGES, median_bytes=300)) as served:
        yield served


def walk(client: Any, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    """Every page of results, taking only the cursor out of ``next``."""
    cursor: dict[str, str] = {}
    while True:
        page = client.json(path, **params, **cursor)
        yield page["results"]
        if "next" not in page["_links"]:
            return
        cursor = {"cursor": parse_qs(urlsplit(page["_links"]["next"]).query)["cursor"][0]}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, PAGES + 2),
    sort=st.sampled_from(["id", "-id", "title", "-title", "created-date", "-created-date", "modified-date"]),
)
def test_a_walk_yields_every_page_once_in_order(
    site: SandboxConfluence, client_of: Callable[..., Any], limit: int, sort: str
) -> None:
    path = f"/api/v2/spaces/{site.space('GEN').id}/pages"
    rows = [row for rows in walk(client_of(site), path, limit=limit, sort=sort) for row in rows]
    assert len(rows) == len({row["id"] for row in rows}) == PAGES
    fields = {"id": lambda row: int(row["id"]), "title": lambda row: row["title"]}
    values = [
        fields.get(sort.removeprefix("-"), lambda row: row["version"]["createdAt"] if "mod" in sort else 0)(row)
        for row in rows
    ]
    assert values == sorted(values, reverse=sort.startswith("-"))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 9), edits=st.lists(st.sampled_from(["edit", "move", "label", "trash"]), max_size=6))
def test_a_walk_by_id_misses_nothing_whatever_is_changed_in_between(
    client_of: Callable[..., Any], limit: int, edits: list[str]
) -> None:
    with serve(generated_space(PAGES, median_bytes=300)) as site:
        path = f"/api/v2/spaces/{site.space('GEN').id}/pages"
        seen: list[str] = []
        trashed: set[str] = set()
        for number, rows in enumerate(walk(client_of(site), path, limit=limit, sort="id", status="current")):
            seen += [row["id"] for row in rows]
            if number < len(edits):
                trashed |= _change(site, edits[number], f"gen-{PAGES - 1 - number}", f"gen-{number}")
        everything = {str(page_id) for page_id in site.store.contents}
        assert len(seen) == len(set(seen))
        assert everything - trashed <= set(seen) <= everything


def _change(site: SandboxConfluence, name: str, late: str, early: str) -> set[str]:
    """Change a page that the walk has not reached yet and one that it has passed."""
    if name == "edit":
        site.edit(late, title="Changed")
        site.edit(early, title="Changed too")
    elif name == "move":
        site.move(late, "gen-0")
    elif name == "label":
        site.label(early, "new")
    else:
        site.trash(late)
        return {site.id_of(late)}
    return set()


def test_a_page_edited_ahead_of_a_newest_first_walk_is_missed(
    confluence: SandboxConfluence, client: Any, space_id: str
) -> None:
    walked = walk(client, f"/api/v2/spaces/{space_id}/pages", limit=2, sort="-modified-date")
    seen = [row["title"] for row in next(walked)]
    confluence.edit("below")
    seen += [row["title"] for rows in walked for row in rows]
    assert "Below secret" not in seen


def test_next_is_below_wiki_and_repeats_the_parameters(client: Any, space_id: str) -> None:
    response = client.get(f"/api/v2/spaces/{space_id}/pages", limit=1, sort="id", status="current")
    own = response.json()["_links"]
    assert own["base"] == client.confluence.site_url
    assert own["next"].startswith(f"/wiki/api/v2/spaces/{space_id}/pages?limit=1&sort=id&status=current&cursor=")
    assert response.headers["Link"] == f'<{own["next"]}>; rel="next", <{own["base"]}>; rel="base"'


def test_next_can_be_told_to_drop_the_parameters(confluence: SandboxConfluence, client: Any, space_id: str) -> None:
    confluence.site.next_repeats_parameters = False
    own = client.json(f"/api/v2/spaces/{space_id}/pages", limit=1, sort="id")["_links"]
    assert set(parse_qs(urlsplit(own["next"]).query)) == {"cursor"}


def test_next_on_the_gateway_names_the_site(client: Any, space_id: str) -> None:
    own = client.json(f"/api/v2/spaces/{space_id}/pages", limit=1, gateway=True)["_links"]
    assert own["next"].startswith(f"/wiki/api/v2/spaces/{space_id}/pages?")
    assert own["base"] == client.confluence.site_url


@pytest.mark.parametrize("cursor", ["nonsense", "/wiki/api/v2/pages?cursor=abc", "e30="])
def test_a_bad_cursor_is_a_400(client: Any, cursor: str) -> None:
    response = client.get("/api/v2/pages", cursor=cursor)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["code"] == "INVALID_REQUEST_PARAMETER"
    assert "'cursor' is not the correct type" in error["title"]
    assert "get a new valid cursor" in error["detail"]


@pytest.mark.parametrize("limit", ["0", "251", "-1", "many", "99999999999999999999"])
def test_a_limit_out_of_range_is_a_400(client: Any, limit: str) -> None:
    assert client.get("/api/v2/pages", limit=limit).status_code == 400


def test_the_default_limit_is_25(client_of: Callable[..., Any]) -> None:
    with serve(generated_space(30, median_bytes=300)) as site:
        assert len(client_of(site).results("/api/v2/pages")) == 25
