"""Citations land on their headings in pages of either editor of Cloud, which name headings differently."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from sandbox.confluence import faults
from sandbox.seed import SeedPage
from tests.dags.conftest import Site

SEARCH = r"content/search"


@pytest.fixture
def site(site: Site) -> Site:
    """With a page of each editor."""
    for editor in ("v1", "v2"):
        text = f"<h2>Set up the server</h2><p>The {editor}-flange takes a {editor}-wrench.</p>"
        now = datetime.now(UTC)
        site.confluence.add_page("SMALL", SeedPage(editor, f"Made by {editor}", text, editor=editor, modified_at=now))
    return site


def addresses(site: Site) -> dict[str, str]:
    """Title of a page → the address that its citations have."""
    return {document.title: document.chunks[-1].url for document in site.held().values()}


def fragment(site: Site, title: str) -> str:
    return addresses(site)[title].partition("#")[2]


def test_a_citation_lands_on_its_heading_whichever_editor_made_the_page_and_that_costs_no_request(site: Site) -> None:
    assert site.run()["state"] == "success"
    assert fragment(site, "Made by v1") == "Madebyv1-Setuptheserver"
    assert fragment(site, "Made by v2") == "Set-up-the-server"
    for title in ("Made by v1", "Made by v2"):
        address, _, place = addresses(site)[title].partition("#")
        assert f'id="{place}"' in requests.get(address, timeout=30).text
    (search,) = [it.query for it in site.confluence.log.requests if "metadata.properties.editor" in it.query]
    assert "metadata.labels" in search
    assert site.confluence.log.count("/propert") == 0


def test_a_lane_knows_the_editor_of_a_new_page(site: Site) -> None:
    site.configure(schedule="*/5 * * * *")
    site.run()
    now = datetime.now(UTC)
    text = "<h2>In a lane</h2><p>The lane-flange takes a lane-wrench.</p>"
    site.confluence.add_page("SMALL", SeedPage("late", "Late", text, editor="v1", modified_at=now))
    site.confluence.edit("v1", storage=text)
    report = site.run()
    assert report["look"]["kind"] == "lane"
    assert (fragment(site, "Late"), fragment(site, "Made by v1")) == ("Late-Inalane", "Madebyv1-Inalane")


def test_where_nobody_tells_the_editor_it_is_the_new_one(site: Site) -> None:
    site.confluence.fail(faults.Refuse(403), SEARCH, times=None)
    assert site.run()["state"] == "success"
    assert fragment(site, "Made by v1") == "Set-up-the-server"
