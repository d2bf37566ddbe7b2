"""The given cases: the sandbox makes each situation by documented means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.confluence import PERSONAL_ACCESS_TOKEN, SYNC_EMAIL, SYNC_TOKEN
from sandbox.confluence.cases import KEY, case_site

FOLDER = Path(__file__).parents[4] / "shared" / "cases" / "faults"
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not FOLDER.exists(), reason="needs the given cases")]
Get = Callable[..., requests.Response]


@pytest.fixture
def ask() -> Iterator[Callable[[str], tuple[Any, Get]]]:
    """Serves a case by its name; gives the sandbox and a function that asks it as the sync user."""
    served: list[Any] = []

    def serve_case(name: str) -> tuple[Any, Get]:
        site = case_site(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
        serving = site.serve()
        serving.__enter__()
        served.append(serving)
        signed: dict[str, Any] = {"auth": (SYNC_EMAIL, SYNC_TOKEN)}
        if not site.site.is_cloud:
            signed = {"headers": {"Authorization": f"Bearer {PERSONAL_ACCESS_TOKEN}"}}

        def get(path: str, *, post: Any = None, **params: Any) -> requests.Response:
            query = {key.replace("_", "-"): value for key, value in params.items()}
            method = "GET" if post is None else "POST"
            return requests.request(method, site.site_url + path, params=query, json=post, timeout=30, **signed)

        return site, get

    yield serve_case
    for serving in served:
        serving.__exit__(None, None, None)


def test_every_extract_and_connect_case_is_understood() -> None:
    kinds = {}
    for file in FOLDER.glob("*.json"):
        case = json.loads(file.read_text(encoding="utf-8"))
        kinds[file.stem] = case["kind"]
        if case["kind"] != "convert":
            case_site(case)
    assert len(kinds) >= 21


def test_an_archived_space_lists_its_parts_by_page_only(ask: Any) -> None:
    site, get = ask("archived-space-loses-attachments-and-comments")
    found = get("/rest/api/content/search", cql=f"type in (attachment, comment) and space = {KEY}").json()
    assert found["results"] == []
    page = f"/api/v2/pages/{site.id_of('a')}"
    assert len(get(f"{page}/attachments").json()["results"]) == 2
    assert len(get(f"{page}/footer-comments").json()["results"]) == 1


@pytest.mark.parametrize(
    ("name", "cql"),
    [
        ("attachment-search-always-500", "type = attachment"),
        ("comment-search-500-falls-back", "type = comment"),
    ],
)
def test_one_kind_of_search_fails_always(ask: Any, name: str, cql: str) -> None:
    _, get = ask(name)
    statuses = [get("/rest/api/content/search", cql=cql).status_code for _ in range(3)]
    assert statuses == [500, 500, 500]
    assert get("/rest/api/content/search", cql="type = page").status_code == 200


def test_times_of_bodies_lose_their_zone(ask: Any) -> None:
    _, get = ask("body-time-without-zone")
    with_body = get("/api/v2/pages", body_format="storage").json()["results"][0]
    assert with_body["version"]["createdAt"] == "2025-01-01T00:00:00.000"
    assert get("/api/v2/pages").json()["results"][0]["version"]["createdAt"].endswith("Z")


def test_data_center_refuses_to_list_attachments(ask: Any) -> None:
    site, get = ask("dc-attachments-listing-400")
    assert get(f"/rest/api/content/{site.id_of('a')}/child/attachment").status_code == 400
    assert get("/rest/api/content/search", cql="type = attachment").status_code == 403


def test_data_center_lists_attachments_for_ever(ask: Any) -> None:
    site, get = ask("dc-attachments-listing-never-ends")
    path = f"/rest/api/content/{site.id_of('a')}/child/attachment"
    behind = get(path, limit=200, start=400).json()
    assert behind["results"] == []
    assert behind["_links"]["next"] == f"{path}?limit=200&start=600"


def test_the_title_of_a_folder_is_refused(ask: Any) -> None:
    site, get = ask("folder-title-403")
    assert get(f"/api/v2/folders/{site.id_of('f')}").status_code == 403
    assert get(f"/api/v2/pages/{site.id_of('c')}").json()["parentType"] == "folder"


def test_the_allow_list_answers_in_its_documented_words(ask: Any) -> None:
    _, get = ask("ip-allowlist-documented-body")
    answer = get("/rest/api/user/current")
    assert (answer.status_code, answer.json()["errors"]) == (403, {})


def test_search_gives_fewer_labels_than_there_are(ask: Any) -> None:
    site, get = ask("labels-cut-at-200")
    page_id = site.id_of("a")
    (row,) = get("/rest/api/content/search", cql=f"id = {page_id}", expand="metadata.labels").json()["results"]
    names = [label["name"] for label in row["metadata"]["labels"]["results"]]
    assert (len(names), "zz-private" in names) == (200, False)
    assert len(get(f"/api/v2/pages/{page_id}/labels", limit=250).json()["results"]) == 231


def test_large_batches_of_ids_time_out(ask: Any) -> None:
    site, get = ask("marks-search-504-for-large-batches")
    ids = [str(row_id) for row_id in site.store.contents][:100]
    search = "/rest/api/content/search"
    assert get(search, cql=f"id in ({','.join(ids)})").status_code == 504
    assert get(search, cql=f"id in ({','.join(ids[:50])})").status_code == 200


def test_one_web_page_comes_among_the_bodies(ask: Any) -> None:
    _, get = ask("one-web-page-among-the-bodies")
    first, second = (get("/api/v2/pages", body_format="storage") for _ in range(2))
    assert first.headers["Content-Type"].startswith("text/html")
    assert len(second.json()["results"]) == 3


def test_a_rendered_body_is_refused_or_an_empty_object(ask: Any) -> None:
    site, get = ask("rendered-403")
    assert get(f"/api/v2/pages/{site.id_of('r')}", body_format="export_view").status_code == 403
    site, get = ask("rendered-body-empty-object")
    assert get(f"/api/v2/pages/{site.id_of('r')}", body_format="export_view").json()["body"] == {}


def test_the_restriction_of_one_page_is_refused(ask: Any) -> None:
    site, get = ask("restriction-of-one-page-403")
    found = get("/rest/api/content/search", cql=f"space = {KEY} and type = page").json()["results"]
    assert [row["title"] for row in found] == ["Home", "A"]
    assert get(f"/rest/api/content/{site.id_of('b')}/restriction/byOperation/read").status_code == 403


@pytest.mark.parametrize(("name", "status"), [("users-bulk-400-legacy-user-key", 400), ("users-bulk-500", 500)])
def test_people_in_bulk_are_refused(ask: Any, name: str, status: int) -> None:
    _, get = ask(name)
    assert get("/api/v2/users-bulk", post={"accountIds": ["712020:sandbox-sync"]}).status_code == status


def test_the_gateway_address_answers_with_and_without_wiki(ask: Any) -> None:
    site, _ = ask("gateway-address-as-domain")
    signed = (SYNC_EMAIL, "sandbox-confluence-scoped-token")
    assert requests.get(f"{site.gateway_url}/api/v2/spaces", auth=signed, timeout=30).status_code == 200
