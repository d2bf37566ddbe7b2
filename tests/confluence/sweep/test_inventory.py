"""The sweep over real HTTP: complete and true, or incomplete and known to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.sweep.inventory import Sweep, sweep
from confluence_to_twig.staging.schemas import INVENTORY
from sandbox.confluence import faults
from sandbox.confluence.sandbox import (
    READER_USER,
    SCOPED_TOKEN,
    SYNC_TOKEN,
    SandboxConfluence,
    serve,
)
from sandbox.seed import SeedPage
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import MONDAY, READER, forget_requests, numbered_space, requests_of

LISTING = r"/spaces/\d+/pages"


def rows(swept: Sweep) -> dict[str, dict[str, Any]]:
    """By title."""
    return {row["title"]: row for row in swept.table.to_pylist()}


def sweep_of(client: ConfluenceClient, key: str = "PROD", **options: Any) -> Sweep:
    return sweep(client, client.space(key), **options)


def unknown(swept: Sweep) -> set[str]:
    """Titles of the pages of which nobody tells whether they are restricted."""
    return {title for title, row in rows(swept).items() if row["restriction_unknown"]}


# What is in it


def test_holds_every_current_page_and_blog_post_and_nothing_else(client: ConfluenceClient) -> None:
    swept = sweep_of(client)
    assert swept.complete
    assert swept.problems == ()
    assert swept.table.schema == INVENTORY
    assert sorted(rows(swept)) == [
        "Below secret",
        "Guide",
        "Home",
        "In the database",
        "In the folder",
        "Install",
        "Linux",
        "News",
        "Older news",
        "On the whiteboard",
        "Rich",
        "Secret",
    ]


def test_tells_all_that_a_plan_needs_of_a_page(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    row = rows(sweep_of(client))["Install"]
    home, guide = sandbox.id_of("home"), sandbox.id_of("guide")
    assert row == {
        "page_id": sandbox.id_of("install"),
        "space_id": client.space("PROD").id,
        "kind": "page",
        "status": "current",
        "version": 1,
        "title": "Install",
        "url": f"{sandbox.base_url}/wiki/spaces/PROD/pages/{sandbox.id_of('install')}/Install",
        "parent_id": guide,
        "parent_type": "page",
        "ancestor_ids": [home, guide],
        "ancestors": ["Home", "Guide"],
        "labels": ["public"],
        "restricted": False,
        "restricted_by": None,
        "restriction_unknown": None,
        "labels_known": True,
        "broken_at": None,
        "attachments_digest": None,
        "comments_digest": None,
        "restrictions": [],
        "audience": None,
        "levels": None,
        "files": None,
        "author_id": READER,
        "created_at": row["created_at"],
        "modified_at": MONDAY,
        "position": row["position"],
        "editor": None,
    }


def test_folders_databases_and_whiteboards_are_ancestors_like_pages(client: ConfluenceClient) -> None:
    found = rows(sweep_of(client))
    assert found["In the folder"]["ancestors"] == ["Home", "Folder"]
    assert found["In the database"]["ancestors"] == ["Home", "Folder", "Database"]
    assert found["On the whiteboard"]["ancestors"] == ["Home", "Whiteboard"]


def test_an_archived_parent_still_stands_in_the_path(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.move("linux", "old")
    assert rows(sweep_of(client))["Linux"]["ancestors"] == ["Home", "Old"]


def test_a_blog_post_has_no_ancestors(client: ConfluenceClient) -> None:
    assert rows(sweep_of(client))["News"]["ancestors"] == []


def test_walks_only_the_kinds_asked_for(client: ConfluenceClient) -> None:
    assert set(rows(sweep_of(client, kinds=("blogpost",)))) == {"News", "Older news"}


@pytest.mark.parametrize("restrictions", ["skip", "include", "unchecked"])
def test_labels_come_along_with_or_without_a_restrictions_check(restrictions: Any, client: ConfluenceClient) -> None:
    found = rows(sweep_of(client, restrictions=restrictions))
    assert found["Guide"]["labels"] == ["guide", "public"]
    assert found["News"]["labels"] == ["public"]
    assert found["Linux"]["labels"] == []
    assert all(row["labels"] == [] for row in rows(sweep_of(client, restrictions=restrictions, labels=False)).values())


def test_labels_and_restrictions_are_asked_for_while_the_rest_is_being_listed(connect: ClientFactory) -> None:
    with serve(numbered_space(2_999)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        forget_requests(sandbox)
        assert sweep(client, space).complete
        asked = [request.path for request in requests_of(sandbox)]
        listed = [place for place, path in enumerate(asked) if re.search(LISTING, path)]
        searched = [place for place, path in enumerate(asked) if path.endswith("/content/search")]
        assert searched[0] < listed[-1]
        assert len(searched) == 3_000 / 200


def test_a_search_that_fails_at_first_costs_nothing_but_time(connect: ClientFactory) -> None:
    with serve(numbered_space(999, labels=("red",))) as sandbox:
        sandbox.fail(faults.Refuse(500), "content/search", times=3)
        swept = sweep_of(connect(sandbox), "BIG")
        assert swept.complete
        assert not unknown(swept)
        assert all(row["labels"] == ["red"] for title, row in rows(swept).items() if title != "Home")


def test_labels_take_one_request_for_the_list_and_about_one_for_250_labelled_pages(connect: ClientFactory) -> None:
    with serve(numbered_space(700, labels=("red", "green"))) as sandbox:
        sandbox.label("p2", "blue")
        sandbox.unlabel("p3", "red", "green")
        client = connect(sandbox)
        space = client.space("BIG")
        forget_requests(sandbox)
        found = rows(sweep(client, space, restrictions="unchecked"))
        assert found["Page 2"]["labels"] == ["blue", "green", "red"]
        assert found["Page 3"]["labels"] == []
        # 699 pages bear one of the labels: three searches for the first, one for each of the others.
        assert len([request for request in requests_of(sandbox) if "label" in f"{request.path}{request.query}"]) == 6


def test_labelled_pages_are_found_once_however_many_labels_they_bear(connect: ClientFactory) -> None:
    names = [f"label-{number}" for number in range(9)]
    with serve(numbered_space(200)) as sandbox:
        for number in range(1, 199):
            sandbox.label(f"p{number}", *names[number % 9 :])
        client = connect(sandbox)
        space = client.space("BIG")
        forget_requests(sandbox)
        found = rows(sweep(client, space, restrictions="unchecked"))
        assert all(found[f"Page {number}"]["labels"] == names[number % 9 :] for number in range(1, 199))
        assert sandbox.log.count("content/search") == 3


def test_more_labels_than_fit_into_one_address_are_all_read(connect: ClientFactory) -> None:
    with serve(numbered_space(120)) as sandbox:
        for number in range(1, 119):
            sandbox.label(f"p{number}", f"label-{number}", "common")
        client = connect(sandbox)
        found = rows(sweep(client, client.space("BIG"), restrictions="unchecked"))
        assert all(found[f"Page {n}"]["labels"] == sorted(["common", f"label-{n}"]) for n in range(1, 119))


def test_labels_of_an_archived_space_are_read_though_search_does_not_see_it(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    labels = {row["title"]: row["labels"] for row in sweep(client, client.space("PROD")).table.to_pylist()}
    sandbox.archive_space("PROD")
    for restrictions in ("unchecked", "skip"):
        table = sweep(client, client.space("PROD"), restrictions=restrictions).table
        assert {row["title"]: row["labels"] for row in table.to_pylist()} == labels


def test_labels_are_read_one_by_one_where_search_is_not_permitted(connect: ClientFactory) -> None:
    with serve(numbered_space(20)) as sandbox:
        sandbox.label("p1", "red", "green")
        sandbox.label("p2", "green", "blue")
        client = connect(sandbox, token=SCOPED_TOKEN)
        space = client.space("BIG")
        sandbox.set_scopes(SCOPED_TOKEN, ["read:page:confluence", "read:space:confluence"])
        found = rows(sweep(client, space, kinds=("page",), restrictions="unchecked"))
        assert found["Page 1"]["labels"] == ["green", "red"]
        assert found["Page 2"]["labels"] == ["blue", "green"]
        requests_of(sandbox)
        assert sandbox.log.count(r"/labels/\d+/pages") == 3


def test_an_empty_space_is_a_warning_and_no_silent_success(connect: ClientFactory) -> None:
    with serve(numbered_space(0)) as sandbox:
        sandbox.trash("home")
        swept = sweep_of(connect(sandbox), "BIG")
        assert swept.complete
        assert swept.table.num_rows == 0
        assert any("no pages that this account can see" in warning for warning in swept.warnings)


# Completeness


@pytest.fixture(scope="module")
def served_long() -> Iterator[SandboxConfluence]:
    """A site with a space that a listing shows in three parts."""
    with serve(numbered_space(510)) as sandbox:
        yield sandbox


@pytest.fixture
def long(served_long: SandboxConfluence) -> Iterator[SandboxConfluence]:
    """The same without a fault, for tests that change nothing in it."""
    yield served_long
    served_long.faults.clear()


@pytest.mark.parametrize(
    "fault",
    [
        faults.Refuse(503),
        faults.LimitRate(0),
        faults.Reset(),
        faults.Cut(),
        faults.Truncate(),
        faults.RepeatCursor(),
        faults.EmptyPage(),
        faults.DropNext(),
        faults.DropResults(3),
    ],
    ids=lambda fault: type(fault).__name__,
)
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_fault_that_passes_is_healed(
    fault: faults.Action, skip: int, connect: ClientFactory, long: SandboxConfluence
) -> None:
    struck = long.fail(fault, LISTING, skip=skip)
    swept = sweep_of(connect(long), "BIG", restrictions="unchecked")
    assert struck.hits == 1
    assert swept.problems == ()
    assert swept.table.num_rows == 511


@pytest.mark.parametrize(
    "fault",
    [
        faults.Refuse(503),
        faults.Reset(),
        faults.Truncate(),
        faults.RepeatCursor(),
        faults.EmptyPage(),
        faults.DropNext(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_fault_that_lasts_makes_the_sweep_incomplete(
    fault: faults.Action, connect: ClientFactory, long: SandboxConfluence
) -> None:
    client = connect(long)
    space = client.space("BIG")
    long.fail(fault, LISTING, skip=0 if isinstance(fault, faults.DropNext) else 2, times=None)
    swept = sweep(client, space, restrictions="unchecked")
    assert not swept.complete
    assert swept.problems
    assert 0 < swept.table.num_rows < 511


def test_no_page_at_all_is_an_outage_and_no_empty_space(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    sandbox.fail(faults.Refuse(503), LISTING, times=None)
    with pytest.raises(errors.UnavailableError):
        sweep(client, space)


def test_a_total_that_shrinks_shortens_nothing(connect: ClientFactory) -> None:
    with serve(numbered_space(210)) as sandbox:
        sandbox.fail(faults.ShrinkTotal(210), "content/search", times=None)
        swept = sweep_of(connect(sandbox), "BIG")
        assert swept.complete
        assert swept.table.num_rows == 211


def test_an_item_without_an_id_makes_the_sweep_incomplete(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    def lose_id(page: dict[str, Any]) -> dict[str, Any]:
        return page | {"results": [{"title": "?"}, *page["results"]]}

    space = client.space("PROD")
    sandbox.fail(faults.Rewrite(lose_id), LISTING, skip=1, times=None)
    swept = sweep(client, space)
    assert "A listing has an item without an id" in swept.problems


def test_an_item_that_cannot_be_read_makes_the_sweep_incomplete(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    def lose_version(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            if item["title"] == "Guide":
                item["version"] = {"number": 1, "createdAt": "yesterday"}
        return page

    sandbox.fail(faults.Rewrite(lose_version), LISTING, times=None)
    swept = sweep_of(client)
    assert not swept.complete
    assert "came incomplete" in swept.problems[0]
    assert "Guide" not in rows(swept)


@pytest.mark.parametrize(
    "change",
    [
        lambda sandbox: sandbox.edit("p10", storage="<p>new</p>"),
        lambda sandbox: sandbox.new_page("BIG", "Brand new", "<p>x</p>"),
        lambda sandbox: sandbox.trash("p350"),
        lambda sandbox: sandbox.purge("p509"),
        lambda sandbox: sandbox.move("p7", "p500"),
    ],
    ids=["edit", "add", "trash", "purge", "move"],
)
@pytest.mark.parametrize("nth", [2, 3])
def test_a_change_during_the_walk_loses_no_other_page(
    change: Callable[[SandboxConfluence], object], nth: int, connect: ClientFactory
) -> None:
    with serve(numbered_space(510)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        done = sandbox.when(LISTING, lambda: change(sandbox), nth=nth)
        swept = sweep(client, space, restrictions="unchecked")
        assert done.hits
        assert swept.complete
        untouched = {f"Page {n}" for n in range(1, 511)} - {"Page 350", "Page 509"}
        assert untouched <= set(rows(swept))


# Restrictions


def test_a_restricted_page_and_all_below_it_are_restricted(client: ConfluenceClient) -> None:
    swept = sweep_of(client)
    assert {title for title, row in rows(swept).items() if row["restricted"]} == {"Secret", "Below secret"}
    assert swept.restricted_count == 2


@pytest.mark.parametrize("place", ["folder", "database", "whiteboard", "home"])
def test_a_restriction_on_any_ancestor_is_inherited(
    place: str, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.restrict(place, groups=["staff"])
    found = rows(sweep_of(client))
    below = {
        "folder": "In the database",
        "database": "In the database",
        "whiteboard": "On the whiteboard",
        "home": "Linux",
    }
    assert found[below[place]]["restricted"]
    assert not found["News"]["restricted"]
    assert found["Guide"]["restricted"] is (place == "home")


def test_a_page_restricted_beside_its_restricted_parent_stays_restricted_when_the_parent_opens(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.restrict("below-secret", groups=["staff"])
    sandbox.unrestrict("secret")
    found = rows(sweep_of(client))
    assert not found["Secret"]["restricted"]
    assert found["Below secret"]["restricted"]


def test_restrictions_are_checked_200_pages_a_request(connect: ClientFactory) -> None:
    with serve(numbered_space(900)) as sandbox:
        sandbox.restrict("p899", users=[READER])
        client = connect(sandbox)
        space = client.space("BIG")
        forget_requests(sandbox)
        assert sweep(client, space).restricted_count == 1
        requests_of(sandbox)
        assert sandbox.log.count("content/search") == 5


def test_pages_that_the_search_index_lacks_are_checked_one_by_one(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    hidden = {sandbox.id_of("secret"), sandbox.id_of("guide"), sandbox.id_of("folder")}

    def forget(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["id"] not in hidden]
        return page

    sandbox.fail(faults.Rewrite(forget), "content/search", times=None)
    found = rows(sweep_of(client))
    assert {title for title, row in found.items() if row["restricted"]} == {"Secret", "Below secret"}
    assert found["Guide"]["labels"] == ["guide", "public"]
    requests_of(sandbox)
    assert sandbox.log.count("restriction/byOperation/read") == 3


def test_a_restriction_that_nobody_tells_is_unknown_for_the_page_and_all_below(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    folder = sandbox.id_of("folder")

    def forget(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["id"] != folder]
        return page

    sandbox.fail(faults.Rewrite(forget), "content/search", times=None)
    sandbox.fail(faults.Refuse(404), f"content/{folder}/restriction", times=None)
    swept = sweep_of(client)
    found = rows(swept)
    assert unknown(swept) == {"In the folder", "In the database"}
    assert not found["In the folder"]["restricted"]
    assert folder in found["In the folder"]["restriction_unknown"]
    assert any(
        f"the restrictions of {folder} (404" in warning and "2 pages depend" in warning for warning in swept.warnings
    )
    assert not unknown(sweep_of(client, unreadable_parents="include"))


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500])
@pytest.mark.parametrize("route", ["/folders/", "/databases/"])
def test_a_parent_that_cannot_be_read_leaves_what_is_below_unknown(
    status: int, route: str, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Refuse(status), route, times=None)
    swept = sweep_of(client)
    below = {"In the folder", "In the database"} if route == "/folders/" else {"In the database"}
    assert swept.complete
    assert unknown(swept) == below
    assert rows(swept)["In the database"]["broken_at"]
    assert swept.restricted_count == 2
    assert any("cannot be read" in warning for warning in swept.warnings)


@pytest.mark.parametrize("answer", [{}, [], {"operation": "read"}, {"restrictions": {}}])
def test_a_restriction_that_says_nothing_is_not_taken_for_open(
    answer: Any, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Refuse(500), "content/search", times=None)
    sandbox.fail(faults.Rewrite(lambda _: answer), f"content/{sandbox.id_of('secret')}/restriction", times=None)
    swept = sweep_of(client)
    assert {"Secret", "Below secret"} == unknown(swept)
    assert rows(swept)["Guide"]["labels"] == ["guide", "public"]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 423, 500, 503])
def test_one_restriction_that_cannot_be_read_costs_its_own_page_only(
    status: int, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    guide = sandbox.id_of("linux")

    def forget(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["id"] != guide]
        return page

    sandbox.fail(faults.Rewrite(forget), "content/search", times=None)
    sandbox.fail(faults.Refuse(status), f"content/{guide}/restriction", times=None)
    swept = sweep_of(client)
    assert swept.complete
    assert unknown(swept) == {"Linux"}
    assert swept.restricted_count == 2


def test_a_search_that_can_not_cope_with_many_ids_is_asked_for_fewer(connect: ClientFactory) -> None:
    with serve(numbered_space(900)) as sandbox:
        sandbox.restrict("p899", users=[READER])
        client = connect(sandbox)
        space = client.space("BIG")
        sandbox.fail(faults.Refuse(504), r"content/search\?.*id.*(?:\d+%2C){60}", times=None)
        forget_requests(sandbox)
        swept = sweep(client, space)
        assert (swept.restricted_count, unknown(swept)) == (1, set())
        requests_of(sandbox)
        assert sandbox.log.count("restriction/byOperation") == 0
        assert sandbox.log.count("content/search") <= 80


@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_without_search_everything_is_read_one_by_one_and_said(
    status: int, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    sandbox.fail(faults.Refuse(status), "content/search", times=None)
    swept = sweep(client, space)
    found = rows(swept)
    assert {title for title, row in found.items() if row["restricted"]} == {"Secret", "Below secret"}
    assert found["Guide"]["labels"] == ["guide", "public"]
    assert any("one by one" in warning for warning in swept.warnings)


def test_restrictions_that_never_answer_are_given_up_after_some(connect: ClientFactory) -> None:
    with serve(numbered_space(300)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        sandbox.fail(faults.Refuse(500), "content/search|/restriction/", times=None)
        forget_requests(sandbox)
        swept = sweep(client, space)
        assert swept.complete
        assert len(unknown(swept)) == 301
        requests_of(sandbox)
        assert sandbox.log.count("/restriction/") < 150


def test_more_labels_than_search_shows_are_read_in_full(connect: ClientFactory) -> None:
    names = [f"label-{number:03}" for number in range(231)]

    def cut(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            if labels := (item.get("metadata") or {}).get("labels"):
                labels["results"] = labels["results"][:200]
        return page

    with serve(numbered_space(3)) as sandbox:
        sandbox.label("p1", *names)
        sandbox.fail(faults.Rewrite(cut), "content/search", times=None)
        client = connect(sandbox)
        space = client.space("BIG")
        assert rows(sweep(client, space))["Page 1"]["labels"] == names
        assert rows(sweep(client, space, restrictions="unchecked"))["Page 1"]["labels"] == names
        sandbox.fail(faults.Refuse(500), "/pages/.*/labels", times=None)
        assert not rows(sweep(client, space))["Page 1"]["labels_known"]


def test_without_the_scope_to_check_nothing_is_synced_and_the_scope_is_named(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, token=SCOPED_TOKEN)
    space = client.space("PROD")
    sandbox.set_scopes(
        SCOPED_TOKEN,
        [
            "read:page:confluence",
            "read:folder:confluence",
            "read:database:confluence",
            "read:whiteboard:confluence",
            "read:space:confluence",
        ],
    )
    with pytest.raises(errors.RestrictionsUnknownError, match="read:content-details:confluence"):
        sweep(client, space)
    swept = sweep(client, space, restrictions="include")
    assert swept.complete
    assert swept.restricted_count is None
    assert any("how many there are is unknown" in warning for warning in swept.warnings)
    assert rows(swept)["Guide"]["labels"] == ["guide", "public"]


def test_including_restricted_pages_is_warned_of_with_their_number(client: ConfluenceClient) -> None:
    swept = sweep_of(client, restrictions="include")
    assert swept.restricted_count == 2
    assert any("2 restricted pages are synced" in warning for warning in swept.warnings)


def test_unchecked_means_that_no_restriction_is_asked_for(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    swept = sweep_of(client, restrictions="unchecked")
    assert swept.restricted_count is None
    assert not any(row["restricted"] for row in rows(swept).values())
    requests_of(sandbox)
    assert sandbox.log.count("restriction") == 0


def test_an_account_without_special_rights_sees_only_what_is_open_to_it(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.restrict("guide", users=["712020:somebody-else"])
    sandbox.add_token(READER_USER.email, "readers-own")
    swept = sweep_of(connect(sandbox, token="readers-own", email=READER_USER.email))
    assert not {"Guide", "Install", "Linux"} & set(rows(swept))
    assert swept.complete


# Cost


@pytest.mark.parametrize("count", [100, 1_000, 2_600])
def test_a_sweep_takes_n_over_250_requests_and_a_few(count: int, connect: ClientFactory) -> None:
    with serve(numbered_space(count)) as sandbox:
        swept = sweep_of(connect(sandbox), "BIG", restrictions="unchecked")
        assert swept.complete
        assert swept.requests <= -(-count // 250) + 6


def test_the_id_stays_when_the_address_changes(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    before = rows(sweep_of(client))["Guide"]
    sandbox.rename("guide", "Handbook")
    after = rows(sweep_of(client))["Handbook"]
    assert before["page_id"] == after["page_id"]
    assert before["url"] != after["url"]


def test_a_page_added_without_a_parent_type_is_no_problem(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.add_page("PROD", SeedPage("late", "Late", "<p>x</p>"), parent="linux")
    assert rows(sweep_of(client))["Late"]["ancestors"] == ["Home", "Guide", "Install", "Linux"]


def test_the_token_of_the_site_is_not_shown_in_any_row(client: ConfluenceClient) -> None:
    assert SYNC_TOKEN not in str(sweep_of(client).table.to_pylist())
