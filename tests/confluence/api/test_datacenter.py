"""Data Center and Server: the same answers from the v1 API with offset paging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.content import Count
from confluence_to_twig.confluence.extract.extract_shard import Extraction, extract_shard
from confluence_to_twig.confluence.extract.page import ExtractOptions
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.content.document import page_context
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SandboxConfluence, serve
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import (
    MONDAY,
    READER,
    extract_pages,
    forget_requests,
    include_of,
    numbered_space,
    requests_of,
    small_space,
)

ALL = ExtractOptions(comments=True, attachments="text")


@pytest.fixture
def dc_client(data_center: SandboxConfluence, connect: ClientFactory) -> ConfluenceClient:
    return connect(data_center)


@pytest.fixture
def big() -> Iterator[SandboxConfluence]:
    with serve(numbered_space(650), deployment="datacenter") as sandbox:
        yield sandbox


def rows(client: ConfluenceClient, **options: Any) -> dict[str, dict[str, Any]]:
    return {row["title"]: row for row in sweep(client, client.space("PROD"), **options).table.to_pylist()}


def test_only_the_v1_api_is_used(dc_client: ConfluenceClient, data_center: SandboxConfluence) -> None:
    space = dc_client.space("PROD")
    table = sweep(dc_client, space).table
    list(extract_pages(dc_client, space, table.to_pylist(), inventory=table, options=ALL))
    paths = {request.path for request in requests_of(data_center)} - {"/confluence/_edge/tenant_info"}
    assert all(path.startswith(("/confluence/rest/api/", "/confluence/download/")) for path in paths)
    assert {request.auth for request in requests_of(data_center) if request.path in paths} == {"bearer"}


def test_a_space_is_found_by_its_exact_key(dc_client: ConfluenceClient, data_center: SandboxConfluence) -> None:
    space = dc_client.space("PROD")
    assert (space.key, space.homepage_id) == ("PROD", data_center.id_of("home"))
    with pytest.raises(errors.SpaceNotFoundError, match='Did you mean "PROD"'):
        dc_client.space("prod")


def test_counts_pages_and_blog_posts(
    dc_client: ConfluenceClient, big: SandboxConfluence, connect: ClientFactory
) -> None:
    assert dc_client.count(dc_client.space("PROD"), ("blogpost",)) == Count(2)
    client = connect(big)
    assert client.count(client.space("BIG")) == Count(651)


def test_the_sweep_tells_what_cloud_tells(dc_client: ConfluenceClient, data_center: SandboxConfluence) -> None:
    found = rows(dc_client)
    assert found["Install"] | {"created_at": None, "position": None} == {
        "page_id": data_center.id_of("install"),
        "space_id": found["Install"]["space_id"],
        "kind": "page",
        "status": "current",
        "version": 1,
        "title": "Install",
        "url": found["Install"]["url"],
        "parent_id": data_center.id_of("guide"),
        "parent_type": "page",
        "ancestor_ids": [data_center.id_of("home"), data_center.id_of("guide")],
        "ancestors": ["Home", "Guide"],
        "labels": ["public"],
        "restricted": False,
        "restricted_by": None,
        "restriction_unknown": None,
        "restrictions": [],
        "audience": None,
        "levels": None,
        "labels_known": True,
        "broken_at": None,
        "attachments_digest": None,
        "comments_digest": None,
        "author_id": READER,
        "created_at": None,
        "modified_at": MONDAY,
        "position": None,
        "editor": None,
        "files": None,
    }
    assert found["Install"]["url"].startswith(data_center.site_url)
    assert found["Below secret"]["restricted"]
    assert rows(dc_client, restrictions="unchecked")["Guide"]["labels"] == ["guide", "public"]


def test_a_search_index_that_is_being_rebuilt_stops_no_sweep(
    dc_client: ConfluenceClient, data_center: SandboxConfluence
) -> None:
    space = dc_client.space("PROD")
    data_center.fail(faults.Refuse(500), "/search", times=None)
    swept = sweep(dc_client, space)
    found = {row["title"]: row for row in swept.table.to_pylist()}
    assert swept.complete
    assert {title for title, row in found.items() if row["restricted"]} == {"Secret", "Below secret"}
    assert found["Guide"]["labels"] == ["guide", "public"]
    assert not any(row["restriction_unknown"] for row in found.values())


def test_the_listing_tells_labels_and_restrictions_without_a_search(
    big: SandboxConfluence, connect: ClientFactory
) -> None:
    big.restrict("p7", users=[READER_USER.account_id])
    client = connect(big)
    space = client.space("BIG")
    forget_requests(big)
    assert sweep(client, space).restricted_count == 1
    requests_of(big)
    assert big.log.count("/search|/restriction") == 0


def test_a_page_that_slips_through_by_a_deletion_is_found(big: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(big)
    space = client.space("BIG")
    big.when(r"/rest/api/content\?.*type=page", lambda: big.purge("p1"), nth=2)
    swept = sweep(client, space, restrictions="unchecked")
    assert swept.complete
    assert swept.table.num_rows == 650


def test_a_space_that_never_stands_still_is_incomplete(big: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(big)
    space = client.space("BIG")
    pages = iter(range(1, 600))
    for nth in range(2, 40):
        big.when(r"/rest/api/content\?.*type=page", lambda: big.purge(f"p{next(pages)}"), nth=nth)
    swept = sweep(client, space, restrictions="unchecked")
    assert not swept.complete


def test_an_outage_during_the_sweep_makes_it_incomplete(big: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(big)
    space = client.space("BIG")
    big.fail(faults.Refuse(503), r"/rest/api/content\?.*type=page", skip=2, times=None)
    swept = sweep(client, space, restrictions="unchecked")
    assert not swept.complete
    assert 0 < swept.table.num_rows < 651


def test_a_page_comes_with_all_that_belongs_to_it(dc_client: ConfluenceClient, data_center: SandboxConfluence) -> None:
    data_center.edit("rich", storage=f'<p>Ask <ri:user ri:userkey="{READER}" />.</p>{include_of("Linux")}')
    space = dc_client.space("PROD")
    table = sweep(dc_client, space).table
    wanted = [row for row in table.to_pylist() if row["title"] == "Rich"]
    pages = {page["title"]: page for page in extract_pages(dc_client, space, wanted, inventory=table, options=ALL)}
    rich = pages["Rich"]
    assert rich["author_name"] == READER_USER.display_name
    assert rich["users"] == [(READER, READER_USER.display_name)]
    assert [attachment["text"] for attachment in rich["attachments"]] == ["Read me first.", None]
    assert [comment["kind"] for comment in rich["comments"]] == ["footer", "inline"]
    assert pages["Linux"]["included"]


def test_who_wrote_a_page_or_comment_is_named_without_a_look_up(
    dc_client: ConfluenceClient, data_center: SandboxConfluence
) -> None:
    data_center.site.user_look_ups = False
    data_center.edit("rich", storage='<p>Ask <ri:user ri:userkey="somebody-else" />.</p>')
    space = dc_client.space("PROD")
    table = sweep(dc_client, space).table
    forget_requests(data_center)
    extraction = Extraction(dc_client, space, table.to_pylist(), inventory=table, options=ALL)
    pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert {page["author_name"] for page in pages.values()} == {READER_USER.display_name}
    commented = pages["Rich"]
    names = dict(commented["users"])
    assert all(comment["author_id"] in names for comment in commented["comments"])
    assert {page["title"] for page in pages.values() if page["lacking"]} == {"Rich"}
    assert {request.query for request in requests_of(data_center) if request.path.endswith("/user")} == {
        "key=somebody-else"
    }


def test_a_search_index_that_is_down_costs_no_name(dc_client: ConfluenceClient, data_center: SandboxConfluence) -> None:
    data_center.site.user_look_ups = False
    data_center.fail(faults.Refuse(500), "/search", times=None)
    space = dc_client.space("PROD")
    table = sweep(dc_client, space).table
    pages = list(extract_pages(dc_client, space, table.to_pylist(), inventory=table))
    assert {page["author_name"] for page in pages} == {READER_USER.display_name}


@pytest.mark.parametrize(
    ("version", "webui"),
    [
        ("dc-7.19", "/display/PROD"),
        ("dc-8.5", "/display/PROD"),
        ("dc-9.2", "/spaces/PROD"),
        ("dc-10.1", "/spaces/PROD"),
    ],
)
def test_addresses_begin_with_the_base_url_and_requests_go_to_the_domain(
    version: str, webui: str, connect: ClientFactory
) -> None:
    base = "https://wiki.example.com/confluence"
    with serve(small_space(), personalities=[version, "dc-other-base-url"]) as sandbox:
        client = connect(sandbox, base_url=f"{base}/")
        space = client.space("PROD")
        table = sweep(client, space).table
        pages = list(extract_pages(client, space, table.to_pylist(), inventory=table, options=ALL))
    addresses = [space.url, *(page["url"] for page in pages)]
    addresses += [attachment["url"] for page in pages for attachment in page["attachments"]]
    assert all(address.startswith(f"{base}/") for address in addresses)
    assert space.url == f"{base}{webui}"
    assert [attachment["text"] for page in pages for attachment in page["attachments"]] == ["Read me first.", None]
    assert page_context(pages[0]).site_url == base


def test_bodies_come_a_hundred_at_a_time(big: SandboxConfluence, connect: ClientFactory, tmp_path: Any) -> None:
    client = connect(big)
    space = client.space("BIG")
    table = sweep(client, space).table
    forget_requests(big)
    out = ObjectStoragePath(f"file://{tmp_path}/shard-0000.parquet")
    report = extract_shard(client, space, table.to_pylist(), inventory=table, out=out)
    assert (report.got, report.failed, report.gone) == (651, 0, 0)
    requests_of(big)
    assert big.log.count("body.storage") == 7


def test_pages_that_the_search_index_lacks_are_read_one_by_one(
    dc_client: ConfluenceClient, data_center: SandboxConfluence
) -> None:
    space = dc_client.space("PROD")
    table = sweep(dc_client, space).table

    def not_indexed(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["title"] != "Guide"]
        return page

    data_center.fail(faults.Rewrite(not_indexed), "content/search.*body.storage", times=None)
    pages = {page["title"] for page in extract_pages(dc_client, space, table.to_pylist(), inventory=table)}
    assert "Guide" in pages
    assert len(pages) == 12


@pytest.mark.parametrize("link", ["@localhost:1/file", ".evil.example/file", "[/file"])
def test_a_file_whose_link_leads_elsewhere_costs_a_warning_and_no_request(link: str, connect: ClientFactory) -> None:
    def mislead(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            item["_links"]["download"] = link
        return page

    with serve(small_space(), deployment="datacenter") as sandbox:
        client = connect(sandbox)
        space = client.space("PROD")
        wanted = [row for row in sweep(client, space).table.to_pylist() if row["title"] == "Rich"]
        sandbox.fail(faults.Rewrite(mislead), "type.*attachment", times=None)
        extraction = Extraction(client, space, wanted, options=ALL)
        (rich,) = [page for group in extraction.groups() for page in group]
    assert {attachment["text"] for attachment in rich["attachments"]} == {None}
    assert any("is not the configured Confluence" in warning for warning in extraction.account.warnings)
