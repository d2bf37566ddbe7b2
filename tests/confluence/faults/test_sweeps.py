"""Whatever comes instead of an answer about what is in a space and who may read it: nothing visible is deleted, nothing
hidden gets in, and the next run, in which nothing fails, ends with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.sweep.inventory import explain_missing, sweep
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.planning.decision import Scope
from confluence_to_twig.planning.plan import candidates_for_deletion, plan
from confluence_to_twig.planning.selection import Selection
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.schemas import MANIFEST
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.faults.combinations import TIMEOUT, Combination, bounded, combinations, try_all
from tests.confluence.spaces import QUICK, READER, settings_of

EXCLUDED = "internal"
KINDS = ("page", "blogpost")
Held = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """A kind of request of the sweep.

    :param path: what its address matches. :param world: see :data:`CONTAINERS`.
    :param single: whether it is asked only where search is not possible.
    """

    path: str
    world: str = "cloud"
    single: bool = False


ROUTES = {
    "listing of pages": Route(r"/spaces/\d+/pages"),
    "listing of blog posts": Route(r"/spaces/\d+/blogposts"),
    "search": Route("content/search"),
    "restriction of a content": Route("/restriction/byOperation", single=True),
    "labels of a page": Route(r"/(pages|blogposts)/\d+/labels", single=True),
    "folder": Route("/folders/"),
    "database": Route("/databases/"),
    "whiteboard": Route("/whiteboards/"),
    "look-up by id": Route(r"/api/v2/(pages|blogposts)\?"),
    "who we are": Route("user/current"),
    "search among many containers": Route("content/search", "many containers"),
    "restriction of one of many containers": Route("/restriction/byOperation", "many containers"),
    "one of many containers": Route("/(folders|databases|whiteboards)/", "many containers"),
    "listing on Data Center": Route(r"/rest/api/content\?", "datacenter"),
    "restriction on Data Center": Route("/restriction/byOperation", "datacenter", single=True),
    "look-up by id on Data Center": Route(r"/rest/api/content/\d+\?", "datacenter"),
    "who we are on Data Center": Route("user/current", "datacenter"),
}


#: World → how many folders, databases and whiteboards it has. Search finds them where they are few.
CONTAINERS = {"cloud": 3, "many containers": 9, "datacenter": 0}


def container_refs(count: int) -> list[str]:
    return [f"{('folder', 'database', 'whiteboard')[number % 3]}-{number}" for number in range(count)]


def a_space(containers: int) -> SeedSpace:
    """Pages below pages and below folders, databases and whiteboards, of which the first three lie below the home page and
    each of the others in another one."""
    above = container_refs(containers)
    pages = [SeedPage("home", "Home", "<p>Home.</p>")]
    for number, ref in enumerate(above):
        parent = "home" if number < 3 else above[number - 3]
        pages.append(SeedPage(ref, ref.title(), "", kind=ref.partition("-")[0], parent=parent))
    for parent in ("home", "guide", *above):
        if parent == "guide":
            pages.append(SeedPage("guide", "Guide", "<p>Guide.</p>", parent="home", labels=("guide",)))
        pages += [
            SeedPage(f"{parent}-p{number}", f"{parent.title()} {number}", f"<p>{parent} {number}</p>", parent=parent)
            for number in range(6)
        ]
    pages.append(SeedPage("news", "News", "<p>News.</p>", kind="blogpost"))
    return SeedSpace("ODD", "Odd answers", "", tuple(pages))


def change(sandbox: SandboxConfluence, containers: int) -> None:
    """What happens between the first run and the second: one of everything."""
    above = container_refs(containers)
    for parent in ("home", "guide", *above):
        sandbox.edit(f"{parent}-p0", storage="<p>edited</p>")
        sandbox.trash(f"{parent}-p1")
        sandbox.restrict(f"{parent}-p2", users=[READER])
        sandbox.label(f"{parent}-p3", "new")
        sandbox.label(f"{parent}-p4", EXCLUDED)
        sandbox.add_page("ODD", SeedPage(f"{parent}-new", f"New {parent}", "<p>n</p>"), parent=parent)
        sandbox.add_page("ODD", SeedPage(f"{parent}-secret", f"Secret {parent}", "<p>s</p>"), parent=parent)
        sandbox.restrict(f"{parent}-secret", users=[READER])
        sandbox.add_page("ODD", SeedPage(f"{parent}-draft", f"Draft {parent}", "<p>d</p>"), parent=parent)
        sandbox.label(f"{parent}-draft", EXCLUDED)
    sandbox.purge("guide-p5")
    sandbox.move("home-p5", "guide")
    if containers > 3:
        sandbox.restrict(above[-1], users=[READER])
        sandbox.move(above[3], "guide-p2")


class World:
    """A site after its changes, and what Twig held before them."""

    def __init__(self, sandbox: SandboxConfluence, containers: int) -> None:
        self.sandbox = sandbox
        with ConfluenceClient(settings_of(sandbox)) as client:
            self.signed_in = client.sign_in()
            self.space = client.space("ODD")
        self.before = self.run({})
        assert len(self.before) == len(self.truth()) > 10
        change(sandbox, containers)
        self.ids = [str(content.id) for content in sandbox.store.contents.values()]

    def truth(self) -> dict[str, tuple[int, str, frozenset[str]]]:
        """Version, title and labels by id, of what must be in Twig."""
        open_to_all = self.sandbox.truth("ODD", restricted=False)
        return {
            page_id: (page.version, page.title, page.labels)
            for page_id, page in open_to_all.items()
            if EXCLUDED not in page.labels
        }

    def run(self, held: Held, *, dripping: bool = False, threads: int = 8) -> Held:
        """What Twig holds after a run that held this before: sweep, look-ups, proof, plan."""
        settings = settings_of(self.sandbox, threads=threads, timeout_seconds=1 if dripping else 60)
        patience = replace(QUICK, attempts=2, seconds=3.0)
        manifest = pa.Table.from_pylist(list(held.values()), schema=MANIFEST)
        try:
            with ConfluenceClient(settings, signed_in=self.signed_in, patience=patience) as client:
                seen = sweep(client, self.space)
                gone = candidates_for_deletion(seen.table, manifest) if seen.complete else None
                missing: dict[str, str] = {}
                for kind in KINDS if gone is not None else ():
                    ids = gone.filter(pc.field("kind") == kind)["page_id"].to_pylist()
                    missing |= explain_missing(client, ids, kind=kind, space=self.space)
                client.prove_again()
        except PipelineError:
            return held  # the run failed, and said why
        scope = Scope(
            window=Window(None, None, "whole space"),
            sweep_complete=seen.complete,
            converter_version="1",
            selection=Selection(exclude_labels=frozenset({EXCLUDED})),
            missing=missing,
        )
        rows = {row["page_id"]: row for row in seen.table.to_pylist()}
        after = dict(held)
        for row in plan(seen.table, manifest, scope).to_pylist():
            if row["action"] == "fetch":
                after[row["page_id"]] = manifest_row(rows[row["page_id"]])
            elif row["action"] == "delete":
                del after[row["page_id"]]
        return after


def manifest_row(row: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a page that was loaded as the inventory had it."""
    known = {name: row[name] for name in MANIFEST.names if name in row}
    return known | {
        "data_source": "ds",
        "document_id": row["page_id"],
        "includes": [],
        "content_hash": "h",
        "converter_version": "1",
        "chunk_ids": [],
        "chunk_hashes": [],
        "chunk_count": 1,
        "loaded_at": row["modified_at"],
        "run_id": "r",
    }


@contextmanager
def world_of(name: str) -> Iterator[World]:
    sandbox = SandboxConfluence(a_space(CONTAINERS[name]), deployment="datacenter" if name == "datacenter" else "cloud")
    sandbox.site.search_finds_containers = CONTAINERS[name] <= 3
    with sandbox.serve():
        yield World(sandbox, CONTAINERS[name])


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[str, World]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(world_of(name)) for name in CONTAINERS}


TRIED = {name: combinations(name, variants=3, sample=2) for name in ROUTES}
COUNT = sum(map(len, TRIED.values()))


@pytest.mark.proofs(f"{COUNT:,} combinations of route, odd answer and how often it comes, over all routes of this test")
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("name", ROUTES)
def test_no_odd_answer_deletes_what_is_visible_or_lets_in_what_is_not(name: str, worlds: dict[str, World]) -> None:
    world = worlds[ROUTES[name].world]
    try_all(name, TRIED[name], world.sandbox, partial(_try, world, ROUTES[name]))


def _try(world: World, route: Route, combination: Combination, random: Random) -> None:
    sandbox, truth = world.sandbox, world.truth()
    if route.single:
        hidden = set(random.sample(world.ids, len(world.ids) // 2))
        sandbox.fail(faults.Rewrite(lambda page: _without(page, hidden)), "content/search", times=None)
        if route.world == "datacenter":
            sandbox.fail(faults.Rewrite(_silent), r"/rest/api/content\?", times=None)
    combination.arm(sandbox, route.path, world.ids, random)
    with bounded():
        after = world.run(world.before, dripping=combination.dripping, threads=random.choice((1, 2, 8)))
    wrongly_deleted = world.before.keys() & truth.keys() - after.keys()
    assert not wrongly_deleted, f"deleted though visible: {[world.before[key]['title'] for key in wrongly_deleted]}"
    let_in = after.keys() - world.before.keys() - truth.keys()
    assert not let_in, f"let in though hidden: {[after[key]['title'] for key in let_in]}"
    sandbox.faults.clear()
    healed = {key: (row["version"], row["title"], frozenset(row["labels"])) for key, row in world.run(after).items()}
    assert healed == truth


def _without(page: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    return page | {"results": [item for item in page["results"] if str(item["id"]) not in hidden]}


def _silent(page: dict[str, Any]) -> dict[str, Any]:
    """A listing that does not expand what it was asked to."""
    for item in page.get("results", ()):
        item.pop("restrictions", None)
    return page
