"""The truth of a site for an account, against the documents' rules of permissions and against what it is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.confluence import SYNC_EMAIL, SandboxConfluence
from sandbox.confluence.visibility import Visibility
from sandbox.seed import SeedPage, SeedSpace, SeedUser

READER = "reader@example.com"


def titles(confluence: SandboxConfluence, *keys: str, **options: Any) -> set[str]:
    return {it.title for it in confluence.truth(*keys, **options).values()}


def test_what_is_current_counts(confluence: SandboxConfluence) -> None:
    everything = {"Docs", "Guide & more", "First step", "Inside", "Secret", "Below secret", "News"}
    assert titles(confluence) == titles(confluence, "DOCS") == everything
    assert titles(confluence, "NONE") == set()
    confluence.trash("step")
    assert "First step" not in titles(confluence)


def test_a_restriction_holds_below(confluence: SandboxConfluence) -> None:
    hidden = {"Secret", "Below secret"}
    assert hidden <= titles(confluence)
    assert hidden.isdisjoint(titles(confluence, restricted=False))
    assert hidden.isdisjoint(titles(confluence, user=READER))
    assert hidden <= titles(confluence, user="ada@example.com")
    below = confluence.truth()[confluence.id_of("below")]
    assert [level.content_id for level in below.levels] == [confluence.id_of("secret")]


@pytest.mark.parametrize("kind", ["folder", "database", "whiteboard", "embed"])
def test_a_restricted_container_hides_what_is_in_it(confluence: SandboxConfluence, kind: str) -> None:
    box = confluence.new_page("DOCS", "Box", "", kind=kind)
    confluence.new_page("DOCS", "In it", "<p>x</p>", parent=box)
    assert "In it" in titles(confluence, user=READER)
    confluence.restrict(box, groups=["editors"])
    assert "In it" not in titles(confluence, user=READER)
    assert "In it" in titles(confluence, user="ada@example.com")


def test_a_hidden_space_holds_nothing(confluence: SandboxConfluence) -> None:
    confluence.hide_space("DOCS", [SYNC_EMAIL])
    assert titles(confluence)
    assert titles(confluence, user=READER) == titles(confluence, user=None) == set()


def test_an_anonymous_visitor_sees_the_free_pages_of_a_public_site(confluence: SandboxConfluence) -> None:
    assert titles(confluence, user=None) == set()
    confluence.site.anonymous_access = True
    assert titles(confluence, user=None) == titles(confluence, restricted=False)


def test_it_tells_what_must_have_arrived(confluence: SandboxConfluence) -> None:
    guide = confluence.truth("DOCS")[confluence.id_of("guide")]
    assert (guide.kind, guide.version, guide.labels) == ("page", 1, {"api", "howto"})
    assert (len(guide.comments), len(guide.attachments)) == (3, 0)
    assert "marked" in guide.storage
    confluence.edit("guide", title="Renamed")
    confluence.unlabel("guide", "api")
    after = confluence.truth("DOCS")[confluence.id_of("guide")]
    assert (after.title, after.version, after.labels) == ("Renamed", 2, {"howto"})


PEOPLE = ("712020:a", "712020:b")
GROUPS = ("g1", "g2")


@st.composite
def trees(draw: st.DrawFn) -> SeedSpace:
    """A tree of up to ten nodes of every kind with restrictions anywhere."""
    pages = [SeedPage("p0", "p0", "<p>x</p>")]
    pages += [
        SeedPage(
            f"p{number}",
            f"p{number}",
            "<p>x</p>",
            parent=f"p{draw(st.integers(0, number - 1))}",
            kind=draw(st.sampled_from(["page", "page", "folder", "database"])),
            read_users=draw(st.sampled_from([(), (), PEOPLE[:1], PEOPLE])),
            read_groups=draw(st.sampled_from([(), (), GROUPS[:1], GROUPS[1:]])),
        )
        for number in range(1, draw(st.integers(2, 10)))
    ]
    people = tuple(
        SeedUser(account_id, account_id, f"{account_id[-1]}@example.com", f"token-{account_id}", groups)
        for account_id, groups in zip(PEOPLE, (GROUPS[:1], GROUPS), strict=True)
    )
    return SeedSpace("T", "T", "", tuple(pages), people)


@settings(deadline=None, max_examples=40)
@given(trees())
def test_the_handlers_show_the_truth(space: SeedSpace) -> None:
    confluence = SandboxConfluence(space)
    for email in ("a@example.com", "b@example.com", READER, SYNC_EMAIL):
        sees = Visibility(confluence.store, confluence.user(email), open_to_public=False)
        shown = {str(row.id) for row in confluence.store.contents.values() if row.kind == "page" and sees.content(row)}
        assert shown == set(confluence.truth("T", user=email))
