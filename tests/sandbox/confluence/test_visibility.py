from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.confluence import SYNC_EMAIL, SandboxConfluence
from sandbox.confluence.loading import load_space
from sandbox.confluence.model import User
from sandbox.confluence.store import Store
from sandbox.confluence.visibility import Visibility
from sandbox.seed import SeedPage, SeedSpace

READER = ("reader@example.com", "sandbox-confluence-reader-token")
ADA = ("ada@example.com", "ada-token")


def test_a_restriction_hides_the_page_and_all_below_it(confluence: SandboxConfluence, client: Any) -> None:
    hidden = {"Secret", "Below secret"}
    assert hidden <= set(client.titles("/api/v2/pages"))
    assert hidden.isdisjoint(client.titles("/api/v2/pages", auth=READER))
    assert hidden <= set(client.titles("/api/v2/pages", auth=ADA))
    below = confluence.id_of("below")
    assert client.get(f"/api/v2/pages/{below}", auth=READER).status_code == 404
    assert client.results("/api/v2/pages", id=below, auth=READER) == []
    assert client.get(f"/rest/api/content/{below}/restriction/byOperation", auth=READER).status_code == 404


def test_restrictions_intersect_down_the_tree(confluence: SandboxConfluence, client: Any) -> None:
    confluence.restrict("below", users=["712020:sandbox-reader"])
    assert "Below secret" not in client.titles("/api/v2/pages", auth=READER)
    assert "Below secret" not in client.titles("/api/v2/pages", auth=ADA)
    confluence.restrict("below", users=["712020:sandbox-reader"], groups=["editors"])
    assert "Below secret" in client.titles("/api/v2/pages", auth=ADA)


def test_a_page_moved_out_of_a_restricted_branch_is_visible(confluence: SandboxConfluence, client: Any) -> None:
    confluence.move("below", "guide")
    assert "Below secret" in client.titles("/api/v2/pages", auth=READER)


def test_the_sync_user_can_be_made_an_ordinary_one(confluence: SandboxConfluence, client: Any) -> None:
    confluence.set_user(SYNC_EMAIL, sees_restricted=False)
    assert "Secret" not in client.titles("/api/v2/pages")
    confluence.unrestrict("secret")
    assert "Secret" in client.titles("/api/v2/pages")


def test_comments_and_attachments_are_hidden_with_their_page(confluence: SandboxConfluence, client: Any) -> None:
    comment = confluence.comment("below", "<p>Hush</p>")
    file = confluence.attach("below", "x.txt", b"x", "text/plain")
    assert client.get(f"/api/v2/footer-comments/{comment}", auth=READER).status_code == 404
    assert client.get(f"/api/v2/attachments/{file}", auth=READER).status_code == 404
    assert client.get(f"/api/v2/footer-comments/{comment}", auth=ADA).status_code == 200


@pytest.mark.parametrize("page", ["secret", "below"])
def test_search_finds_only_what_the_caller_may_see(confluence: SandboxConfluence, client: Any, page: str) -> None:
    cql = f"id = {confluence.id_of(page)}"
    assert client.results("/rest/api/content/search", cql=cql, auth=READER) == []
    assert len(client.results("/rest/api/content/search", cql=cql, auth=ADA)) == 1


@given(st.lists(st.sampled_from([(), ("a",), ("b",), ("a", "b")]), min_size=1, max_size=6))
def test_visible_means_every_level_lets_the_reader_pass(levels: list[tuple[str, ...]]) -> None:
    pages = tuple(
        SeedPage(str(number), f"Page {number}", "", parent=str(number - 1) if number else None, read_users=users)
        for number, users in enumerate(levels)
    )
    store = Store()
    load_space(store, SeedSpace("DEEP", "Deep", "", pages))
    sees = Visibility(store, User("a", "A", "a@example.com"), open_to_public=False)
    for content in store.contents.values():
        passes = all(not users or "a" in users for users in levels[: int(content.ref) + 1])
        assert sees.content(content) is passes
