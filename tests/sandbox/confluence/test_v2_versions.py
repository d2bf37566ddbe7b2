"""Versions and live docs, against the v2 reference (api-group-version) and the changelog of June 2026."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.confluence import SandboxConfluence

from .test_v2_tree import walk


@pytest.fixture
def edited(confluence: SandboxConfluence) -> str:
    """A page of sixty versions."""
    for number in range(2, 61):
        confluence.edit("step", storage=f"<p>Edit {number}</p>")
    return confluence.id_of("step")


def test_versions_come_newest_first_and_without_bodies(client: Any, edited: str) -> None:
    rows = client.results(f"/api/v2/pages/{edited}/versions", limit=250)
    assert [row["number"] for row in rows] == list(range(60, 0, -1))
    assert "page" not in rows[0]


def test_a_listing_with_bodies_is_cut_at_fifty_rows(confluence: SandboxConfluence, client: Any, edited: str) -> None:
    path = f"/api/v2/pages/{edited}/versions"
    rows = client.results(path, limit=250, body_format="storage")
    assert len(rows) == 50
    assert rows[0]["page"]["body"]["storage"]["value"] == "<p>Edit 60</p>"
    assert len(walk(client, path, limit=250, body_format="storage")) == 60
    confluence.site.versions_cap = None
    assert len(client.results(path, limit=250, body_format="storage")) == 60


def test_one_version_names_its_neighbours(client: Any, edited: str) -> None:
    version = client.json(f"/api/v2/pages/{edited}/versions/2")
    assert (version["number"], version["prevVersion"], version["nextVersion"]) == (2, 1, 3)
    assert client.get(f"/api/v2/pages/{edited}/versions/99").status_code == 404
    assert client.get(f"/api/v2/blogposts/{edited}/versions").status_code == 404


def test_pages_can_be_listed_by_subtype(confluence: SandboxConfluence, client: Any) -> None:
    confluence.make_live("step")
    assert client.titles("/api/v2/pages", subtype="live") == ["First step"]
    assert "First step" not in client.titles("/api/v2/pages", subtype="page")
    assert client.json(f"/api/v2/pages/{confluence.id_of('step')}")["subtype"] == "live"
    confluence.make_live("step", live=False)
    assert client.results("/api/v2/pages", subtype="live") == []


@pytest.mark.parametrize("bumps", [True, False])
@pytest.mark.parametrize("modifies", [True, False])
def test_what_an_edit_of_a_live_doc_does_is_a_switch(
    confluence: SandboxConfluence, client: Any, bumps: bool, modifies: bool
) -> None:
    confluence.make_live("step")
    confluence.site.live_edit_bumps_version, confluence.site.live_edit_modifies = bumps, modifies
    path = f"/api/v2/pages/{confluence.id_of('step')}"
    before = client.json(path)["version"]
    confluence.edit("step", storage="<p>New</p>")
    after = client.json(path, body_format="storage")
    assert after["body"]["storage"]["value"] == "<p>New</p>"
    assert (after["version"]["number"] > before["number"], after["version"]["createdAt"] > before["createdAt"]) == (
        bumps,
        modifies,
    )


def test_a_live_doc_can_be_read_empty_with_its_text_in_the_version_before(
    confluence: SandboxConfluence, client: Any
) -> None:
    confluence.make_live("inside")
    confluence.site.live_reads_empty = True
    path = f"/api/v2/pages/{confluence.id_of('inside')}"

    def body(**params: Any) -> str:
        return client.json(path, body_format="storage", **params)["body"]["storage"]["value"]

    assert (body(), body(version=3)) == ("", "<p>In the box</p>")
    (row,) = client.results("/api/v2/pages", id=confluence.id_of("inside"), body_format="storage")
    assert row["body"]["storage"]["value"] == ""
    confluence.make_live("inside", live=False)
    assert body() == "<p>In the box</p>"


@pytest.mark.parametrize("bumps", [True, False])
def test_a_redaction_reaches_the_past(confluence: SandboxConfluence, client: Any, bumps: bool) -> None:
    confluence.site.redaction_bumps_version = bumps
    confluence.edit("inside", storage="<p>In the box, again</p>")
    confluence.redact("inside", "the box")
    path = f"/api/v2/pages/{confluence.id_of('inside')}"
    page = client.json(path, body_format="storage")
    assert page["body"]["storage"]["value"] == "<p>In [redacted], again</p>"
    assert page["version"]["number"] == 5 + bumps
    assert "[redacted]" in client.json(path, body_format="storage", version=4)["body"]["storage"]["value"]
