"""What a change does to what a client sees, versions above all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.confluence import SandboxConfluence
from sandbox.seed import SeedPage


def row(client: Any, page_id: str) -> dict[str, Any]:
    return client.json(f"/api/v2/pages/{page_id}", status="current,archived,trashed", body_format="storage")


def test_an_edit_makes_a_new_version(confluence: SandboxConfluence, client: Any) -> None:
    at = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
    assert confluence.edit("step", storage="<p>New</p>", author="712020:ben", message="why", minor=True, at=at) == 2
    page = row(client, confluence.id_of("step"))
    assert page["body"]["storage"]["value"] == "<p>New</p>"
    assert page["title"] == "First step"
    assert page["version"] | {"ncsStepVersion": 0} == {
        "number": 2,
        "message": "why",
        "minorEdit": True,
        "authorId": "712020:ben",
        "createdAt": "2026-03-01T08:30:00.123Z",
        "ncsStepVersion": 0,
    }


def test_the_clock_of_the_site_dates_a_change(confluence: SandboxConfluence, client: Any) -> None:
    confluence.site.fixed_now = datetime(2026, 5, 1, tzinfo=UTC)
    confluence.rename("step", "Renamed")
    page = row(client, confluence.id_of("step"))
    assert (page["title"], page["version"]["createdAt"]) == ("Renamed", "2026-05-01T00:00:00.000Z")


@pytest.mark.parametrize(
    "change",
    [
        lambda site: site.move("step", "home"),
        lambda site: site.restrict("step"),
        lambda site: site.label("step", "new"),
        lambda site: site.comment("step", "<p>Hi</p>"),
        lambda site: site.attach("step", "x.txt", b"x", "text/plain"),
        lambda site: site.archive("step"),
        lambda site: site.trash("step"),
    ],
    ids=["move", "restrict", "label", "comment", "attach", "archive", "trash"],
)
def test_only_edits_bump_the_version(confluence: SandboxConfluence, client: Any, change: Any) -> None:
    before = row(client, confluence.id_of("step"))["version"]
    change(confluence)
    assert row(client, confluence.id_of("step"))["version"] == before


def test_a_move_takes_the_subtree_along(confluence: SandboxConfluence, client: Any, make_space: Any) -> None:
    confluence.add_space(make_space("TWO"))
    confluence.move_to_space("guide", "TWO")
    two = str(confluence.space("TWO").id)
    for ref in ("guide", "step", "secret", "below"):
        assert row(client, confluence.id_of(ref))["spaceId"] == two
    assert row(client, confluence.id_of("guide"))["parentId"] == str(confluence.space("TWO").homepage_id)
    assert row(client, confluence.id_of("step"))["parentId"] == confluence.id_of("guide")


def test_a_page_cannot_move_below_itself(confluence: SandboxConfluence) -> None:
    with pytest.raises(ValueError, match="below itself"):
        confluence.move("guide", "below")


def test_a_move_can_choose_its_place_among_the_children(confluence: SandboxConfluence, client: Any) -> None:
    confluence.move("inside", "guide", position=1)
    assert client.titles(f"/api/v2/pages/{confluence.id_of('guide')}/children")[0] == "Inside"


@pytest.mark.parametrize("change", ["archive", "trash", "purge"])
def test_children_move_up_when_their_parent_goes(confluence: SandboxConfluence, client: Any, change: str) -> None:
    getattr(confluence, change)("guide")
    for ref in ("step", "secret"):
        assert row(client, confluence.id_of(ref))["parentId"] == confluence.id_of("home")


@pytest.mark.parametrize("change", ["archive", "trash"])
def test_a_restored_page_is_current_again(confluence: SandboxConfluence, client: Any, change: str) -> None:
    getattr(confluence, change)("step")
    confluence.trash("guide")
    confluence.restore("step")
    page = row(client, confluence.id_of("step"))
    assert (page["status"], page["parentId"]) == ("current", confluence.id_of("home"))


def test_a_purged_page_leaves_nothing(confluence: SandboxConfluence, client: Any) -> None:
    step, guide = confluence.id_of("step"), confluence.id_of("guide")
    confluence.purge("step")
    confluence.purge("guide")
    assert client.results("/api/v2/attachments") == []
    assert client.results("/api/v2/footer-comments") == []
    assert client.results("/api/v2/pages", id=[step, guide], status="current,archived,trashed") == []
    with pytest.raises(KeyError):
        confluence.find("step")


def test_new_pages_get_new_ids_and_places(confluence: SandboxConfluence, client: Any) -> None:
    first = confluence.new_page("DOCS", "Fresh", "<p>Fresh</p>", parent="guide")
    second = confluence.add_page("DOCS", SeedPage("ref", "Second", "", labels=("Mixed",)), parent=first)
    post = confluence.new_page("DOCS", "Post", "", kind="blogpost")
    assert row(client, first)["parentId"] == confluence.id_of("guide")
    assert row(client, second)["parentId"] == first
    assert confluence.id_of("ref") == second
    assert [label["name"] for label in client.results(f"/api/v2/pages/{second}/labels")] == ["mixed"]
    assert client.titles("/api/v2/blogposts", id=post) == ["Post"]


def test_a_purged_id_is_never_given_again(confluence: SandboxConfluence) -> None:
    old = confluence.new_page("DOCS", "Old", "")
    confluence.purge(old)
    assert int(confluence.new_page("DOCS", "New", "")) > int(old)


def test_a_purged_home_page_leaves_a_space_without_one(confluence: SandboxConfluence, client: Any) -> None:
    confluence.purge("home")
    (space,) = client.results("/api/v2/spaces", keys="DOCS")
    assert space["homepageId"] is None
    assert "homepage" not in client.json("/rest/api/space/DOCS", expand="homepage")
    assert client.titles(f"/api/v2/spaces/{space['id']}/pages", depth="root")[0] == "Guide & more"


def test_readers_can_be_named_by_address(confluence: SandboxConfluence) -> None:
    confluence.restrict("step", users=["ada@example.com", "712020:stranger"])
    assert confluence.find("step").read_users == ("712020:ada", "712020:stranger")


def test_a_restriction_without_names_leaves_the_author_alone(confluence: SandboxConfluence) -> None:
    confluence.restrict("step")
    assert confluence.find("step").read_users == ("712020:ada",)


def test_unknown_pages_and_spaces_are_key_errors(confluence: SandboxConfluence) -> None:
    for call in (
        lambda: confluence.edit("nope", title="x"),
        lambda: confluence.new_page("NOPE", "x", ""),
        lambda: confluence.move("step", "nope"),
        lambda: confluence.restrict("step", users=["nope@example.com"]),
    ):
        with pytest.raises(KeyError, match=r"nope|NOPE"):
            call()
