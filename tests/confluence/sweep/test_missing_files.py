"""What became of a file that Twig holds and the inventory does not have, on Cloud and on Data Center."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from confluence_to_twig.confluence.sweep.attached_files import list_files
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.confluence.sweep.missing import Places
from confluence_to_twig.confluence.sweep.missing_files import NOT_READ, REMOVED, explain_missing_files
from sandbox.confluence import faults

if TYPE_CHECKING:
    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.staging.rows import HeldRow
    from sandbox.confluence.sandbox import SandboxConfluence
    from tests.confluence.conftest import ClientFactory


@pytest.fixture(params=["sandbox", "data_center"])
def site(request: pytest.FixtureRequest) -> SandboxConfluence:
    return cast("SandboxConfluence", request.getfixturevalue(request.param))


@pytest.fixture
def client(site: SandboxConfluence, connect: ClientFactory) -> ConfluenceClient:
    return connect(site)


def held(file_id: str, page_id: str) -> HeldRow:
    return cast("HeldRow", {"page_id": file_id, "kind": "attachment", "ancestor_ids": ["1", page_id]})


def explained(client: ConfluenceClient, files: dict[str, str], **gone: Any) -> dict[str, str]:
    """:param files: id of each file → id of its page."""
    inventory = sweep(client, client.space("PROD"), restrictions="include").table
    rows = [held(file_id, page_id) for file_id, page_id in files.items()]
    return explain_missing_files(client, rows, inventory, gone, Places.of_one(client.space("PROD").id))


def test_the_page_itself_says_whether_it_has_a_file(client: ConfluenceClient, site: SandboxConfluence) -> None:
    page = site.id_of("install")
    kept = site.attach("install", "kept.txt", b"Here.", "text/plain")
    picture = site.attach("install", "now-a.png", b"Here.", "image/png")
    removed = site.attach("install", "removed.txt", b"Here.", "text/plain")
    site.detach(removed)
    found = explained(client, dict.fromkeys([kept, picture, removed], page))
    assert found == {kept: "still there", picture: NOT_READ, removed: REMOVED}
    site.fail(faults.Refuse(500), "attachment", times=None)
    assert set(explained(client, {kept: page, removed: page}).values()) == {"untold"}


def test_a_file_goes_with_its_page_whether_twig_holds_that_or_not(
    client: ConfluenceClient, site: SandboxConfluence
) -> None:
    page, never_held = site.id_of("install"), site.id_of("linux")
    files = {site.attach(ref, "a.txt", b"Here.", "text/plain"): site.id_of(ref) for ref in ("install", "linux")}
    site.trash("linux")
    site.trash("install")
    found = explained(client, files, **{page: "a reason"})
    assert {files[key]: reason for key, reason in found.items()} == {page: "a reason", never_held: "trashed"}


def test_what_the_inventory_has_is_not_asked_for(client: ConfluenceClient, site: SandboxConfluence) -> None:
    kept = site.attach("install", "kept.txt", b"Here.", "text/plain")
    site.attach("install", "picture.png", b"Here.", "image/png")
    inventory, warnings = _listed(client)
    assert warnings == []
    files = {row["page_id"]: row["files"] for row in inventory.select(["page_id", "files"]).to_pylist()}
    [file] = files.pop(site.id_of("install"))
    assert (file["id"], file["title"], file["version"], file["file_size"]) == (kept, "kept.txt", 1, 5)
    assert site.id_of("install") in file["url"]
    assert file["modified_at"] is not None
    rows, places = [held(kept, site.id_of("install"))], Places.of_one(client.space("PROD").id)
    site.log.reset()
    assert explain_missing_files(client, rows, inventory, {}, places) == {}
    assert not site.log.requests


def test_a_list_that_cannot_be_had_is_not_known(client: ConfluenceClient, site: SandboxConfluence) -> None:
    site.fail(faults.Refuse(500), rf"{site.id_of('install')}/(child/)?attachment", times=None)
    inventory, [warning] = _listed(client)
    files = {row["page_id"]: row["files"] for row in inventory.select(["page_id", "files"]).to_pylist()}
    assert [key for key, told in files.items() if told is None] == [site.id_of("install")]
    assert "without files as documents" in warning


def _listed(client: ConfluenceClient) -> tuple[pa.Table, list[str]]:
    return list_files(client, sweep(client, client.space("PROD"), restrictions="include").table)
