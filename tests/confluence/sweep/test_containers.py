"""Many folders, databases, whiteboards and smart links above pages: read in few requests, and never taken for open."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.api.content import container_from_v1
from confluence_to_twig.confluence.sweep.containers import FEW
from confluence_to_twig.confluence.sweep.inventory import Sweep, sweep
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import READER, forget_requests, requests_of

KINDS = ("folder", "database", "whiteboard")
COUNT = 30
RESTRICTION = "restriction/byOperation"


def container_space() -> SeedSpace:
    """A page below each of many containers; the second half of the containers lies inside the first."""
    pages = [SeedPage("home", "Home", "<p>Home.</p>"), SeedPage("page", "Page", "<p>A page.</p>")]
    for number in range(COUNT):
        parent = "home" if number < COUNT // 2 else f"c{number - COUNT // 2}"
        pages.append(SeedPage(f"c{number}", f"C{number}", "", parent=parent, kind=KINDS[number % 3]))
    pages += [SeedPage(f"p{number}", f"P{number}", "<p>x</p>", parent=f"c{number}") for number in range(COUNT)]
    return SeedSpace("MANY", "Many containers", "", tuple(pages))


def swept_and_asked(sandbox: SandboxConfluence, connect: ClientFactory, **options: Any) -> tuple[Sweep, int]:
    """The sweep, and how many requests it made for containers."""
    client = connect(sandbox)
    space = client.space("MANY")
    forget_requests(sandbox)
    swept = sweep(client, space, **options)
    paths = [request.path for request in requests_of(sandbox)]
    return swept, sum("/spaces/" not in path and "content/search" not in path for path in paths)


def restricted(swept: Sweep) -> set[str]:
    return {row["title"] for row in swept.table.to_pylist() if row["restricted"]}


def unknown(swept: Sweep) -> set[str]:
    return {row["title"] for row in swept.table.to_pylist() if row["restriction_unknown"]}


@pytest.mark.parametrize("finds", [True, False])
@pytest.mark.parametrize("tells", ["all", "pages", "none"])
def test_whatever_confluence_tells_restrictions_of_containers_are_inherited(
    finds: bool, tells: str, connect: ClientFactory
) -> None:
    switches = {"search_finds_containers": finds, "restriction_ancestors": tells}
    with serve(container_space(), switches=switches) as sandbox:
        sandbox.restrict("c1", users=[READER])
        sandbox.restrict("c20", users=[READER])
        swept, asked = swept_and_asked(sandbox, connect)
        assert restricted(swept) == {"P1", "P16", "P20"}
        assert not unknown(swept)
        titles = {row["title"]: row["ancestors"] for row in swept.table.to_pylist()}
        assert titles["P16"] == ["Home", "C1", "C16"]
        # One request each, and at most one more for each type to find out that this will do.
        assert asked <= (COUNT + len(KINDS) if finds or tells == "all" else 2 * COUNT + len(KINDS))


@pytest.mark.parametrize("finds", [True, False])
@pytest.mark.parametrize("tells", ["all", "pages", "none"])
def test_a_container_that_moves_below_a_restricted_one_takes_its_pages_along(
    finds: bool, tells: str, connect: ClientFactory
) -> None:
    switches = {"search_finds_containers": finds, "restriction_ancestors": tells}
    with serve(container_space(), switches=switches) as sandbox:
        sandbox.restrict("c1", users=[READER])
        client = connect(sandbox)
        space = client.space("MANY")
        assert restricted(sweep(client, space)) == {"P1", "P16"}
        sandbox.move("c2", "c1")
        sandbox.restrict("page", users=[READER])
        sandbox.move("c3", "page")
        assert restricted(sweep(client, space)) == {"P1", "P16", "P2", "P17", "P3", "P18", "Page"}


def test_containers_that_v1_does_not_know_are_soon_not_asked_for(connect: ClientFactory) -> None:
    switches = {"search_finds_containers": False, "v1_knows_containers": False}
    with serve(container_space(), switches=switches) as sandbox:
        swept, asked = swept_and_asked(sandbox, connect)
        below = {f"P{number}" for number in range(COUNT)}
        assert unknown(swept) == below
        assert asked <= COUNT + len(KINDS) * (FEW + 1)
        assert any(f"{COUNT} pages depend" in warning and "404" in warning for warning in swept.warnings)
        assert not unknown(sweep(connect(sandbox), connect(sandbox).space("MANY"), unreadable_parents="include"))


def test_a_container_whose_place_is_not_known_is_not_open_because_its_own_restriction_is(
    connect: ClientFactory,
) -> None:
    with serve(container_space(), switches={"search_finds_containers": True}) as sandbox:
        sandbox.restrict("c1", users=[READER])
        sandbox.fail(faults.Refuse(403), f"/(folders|databases|whiteboards)/{sandbox.id_of('c16')}", times=None)
        swept, _ = swept_and_asked(sandbox, connect)
        assert unknown(swept) == {"P16"}
        assert restricted(swept) == {"P1"}


def test_one_container_that_fails_costs_only_the_pages_below_it(connect: ClientFactory) -> None:
    with serve(container_space(), switches={"search_finds_containers": False}) as sandbox:
        sandbox.fail(faults.Refuse(500), f"content/{sandbox.id_of('c2')}/{RESTRICTION}", times=None)
        swept, _ = swept_and_asked(sandbox, connect)
        assert unknown(swept) == {"P2", "P17"}
        assert swept.complete


def test_a_site_that_shows_only_pages_as_ancestors_is_asked_where_each_container_is(connect: ClientFactory) -> None:
    switches = {"search_finds_containers": False, "restriction_ancestors": "pages"}
    with serve(container_space(), switches=switches) as sandbox:
        sandbox.restrict("c1", users=[READER])
        swept, _ = swept_and_asked(sandbox, connect)
        requests_of(sandbox)
        assert restricted(swept) == {"P1", "P16"}
        assert sum(sandbox.log.count(f"/{kind}s/") for kind in KINDS) == COUNT


def test_without_a_restrictions_check_containers_cost_one_request_each(connect: ClientFactory) -> None:
    with serve(container_space()) as sandbox:
        swept, asked = swept_and_asked(sandbox, connect, labels=False, restrictions="unchecked")
        assert asked == COUNT
        assert {tuple(row["ancestors"]) for row in swept.table.to_pylist()} >= {("Home", "C0", "C15")}


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"id": "2", "title": "T", "ancestors": []},
        {"id": "1", "title": "T"},
        {"id": "1", "title": None, "ancestors": []},
        {"id": "1", "title": "T", "ancestors": {}},
        {"id": "1", "title": "T", "ancestors": [None]},
        {"id": "1", "title": "T", "ancestors": [{"id": "5"}]},
    ],
)
def test_an_answer_that_does_not_say_what_is_above_tells_no_place(item: Any) -> None:
    assert container_from_v1(item, "1") is None
