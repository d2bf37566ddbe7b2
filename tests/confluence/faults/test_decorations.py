"""Whatever comes instead of an answer about what pages have besides their bodies: the run ends, with every page, and the
next one, in which nothing fails, makes good what was lacking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions, Page
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.content import CONVERTER_VERSION
from confluence_to_twig.content.document import build_document
from confluence_to_twig.planning.decision import Scope
from confluence_to_twig.planning.plan import plan
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.schemas import MANIFEST
from confluence_to_twig.twig.delta import Package
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SandboxConfluence
from sandbox.seed import SeedAttachment, SeedComment, SeedPage, SeedSpace, SeedUser
from tests.confluence.faults.combinations import TIMEOUT, Combination, bounded, combinations, try_all
from tests.confluence.spaces import QUICK, settings_of

PEOPLE = tuple(SeedUser(f"712020:person-{number}", f"Person {number}", f"p{number}@example.com") for number in range(4))
#: People who write nothing: answers of Data Center name those who do.
MENTIONED = tuple(SeedUser(f"712020:mentioned-{n}", f"Mentioned {n}", f"m{n}@example.com") for n in range(4))
REPORT = '<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label="x"</ac:parameter></ac:structured-macro>'
PAGES = 4
SEARCH = "content/search.*container"


@dataclass(frozen=True)
class Route:
    """A kind of request.

    :param path: what its address matches. :param names: what it names, see :meth:`World.victims`.
    :param listed: whether it is asked only where search is not possible.
    :param answers: what is no fault here, but an answer. :param texts: whether files are read, which takes a process of its own.
    """

    path: str
    names: str = "pages"
    deployment: str = "cloud"
    listed: bool = False
    answers: tuple[str, ...] = ()
    texts: bool = False


ROUTES = {
    "names": Route("users-bulk", "people"),
    "search": Route(SEARCH),
    "attachments of a page": Route(r"/attachments\?", listed=True),
    "footer comments of a page": Route(r"/footer-comments\?", listed=True),
    "inline comments of a page": Route(r"/inline-comments\?", listed=True),
    "replies to a comment": Route(r"/footer-comments/\d+/children", "questions", listed=True),
    "rendered page": Route("export_view", "reports"),
    "download": Route(r"/child/attachment/.*/download", "files", texts=True),
    "media host": Route("/_media/file/", "media", texts=True),
    "names on Data Center": Route(r"/rest/api/user\?", "mentioned", "datacenter", answers=("404",)),
    "search on Data Center": Route(SEARCH, deployment="datacenter"),
    "attachments of a page on Data Center": Route("/child/attachment", deployment="datacenter", listed=True),
    "comments of a page on Data Center": Route("/child/comment", deployment="datacenter", listed=True),
    "rendered page on Data Center": Route("export_view", "reports", "datacenter"),
    "download on Data Center": Route("/download/attachments/", "rich", "datacenter", texts=True),
}


def rich_space(mention: str) -> SeedSpace:
    """A home page, pages with one of everything, and as many of little else than a report."""
    pages = [SeedPage("home", "Home", "<p>Home.</p>", author=PEOPLE[0].account_id)]
    for number, person in enumerate(PEOPLE[:PAGES]):
        body = f'<p>Ask <ac:link><ri:user ri:{mention}="{MENTIONED[number].account_id}" /></ac:link>.</p>'
        file = SeedAttachment(f"notes-{number}.txt", "text/plain", b"Read me first.")
        comments = (
            SeedComment(person.account_id, "<p>A comment.</p>"),
            SeedComment(PEOPLE[0].account_id, "<p>An inline one.</p>", inline_anchor="Ask"),
        )
        rich = SeedPage(f"rich-{number}", f"Rich {number}", body, attachments=(file,), comments=comments)
        pages += [rich, SeedPage(f"report-{number}", f"Report {number}", REPORT, author=person.account_id)]
    return SeedSpace("RICH", "Rich", "", tuple(pages), (READER_USER, *PEOPLE, *MENTIONED))


class World:
    """A served site, its sweep, and what a run brings in which nothing fails."""

    def __init__(self, sandbox: SandboxConfluence) -> None:
        self.sandbox = sandbox
        self.questions = [sandbox.comment(f"rich-{number}", "<p>Question</p>") for number in range(PAGES)]
        for number, question in enumerate(self.questions):
            sandbox.comment(f"rich-{number}", "<p>Answer</p>", reply_to=question)
        with ConfluenceClient(settings_of(sandbox)) as client:
            self.signed_in = client.sign_in()
            self.space = client.space("RICH")
            self.table = sweep(client, self.space).table
        self.rows = self.table.to_pylist()
        self.truth = {texts: self.extract(self.rows, texts=texts) for texts in (False, True)}

    def extract(
        self, rows: Sequence[Mapping[str, Any]], *, texts: bool, dripping: bool = False, threads: int = 8
    ) -> dict[str, Page]:
        """The pages by id; every one that was asked for."""
        settings = settings_of(self.sandbox, threads=threads, timeout_seconds=1 if dripping else 60)
        options = ExtractOptions(comments=True, attachments="text" if texts else "names")
        with ConfluenceClient(
            settings, signed_in=self.signed_in, patience=replace(QUICK, attempts=2, seconds=3.0)
        ) as client:
            extraction = Extraction(client, self.space, rows, inventory=self.table, options=options)
            pages = {page["page_id"]: page for group in extraction.groups() for page in group}
        assert extraction.account.got == pages.keys() == {row["page_id"] for row in rows}
        lacking = [page["title"] for page in pages.values() if page["lacking"]]
        assert not lacking or extraction.account.warnings, f"{lacking} lack something, and no warning says so"
        return pages

    def found_again(self, pages: Mapping[str, Page]) -> list[Mapping[str, Any]]:
        """The rows of the pages that the next run's plan fetches, when Twig holds these."""
        held = [Package(build_document(page).document, ()).manifest_row() for page in pages.values()]
        facts = {"loaded_at": datetime.now(UTC), "run_id": "1"}
        manifest = pa.Table.from_pylist([row | facts for row in held], schema=MANIFEST)
        window = Window(None, None, "whole space")
        scope = Scope(window=window, sweep_complete=True, converter_version=CONVERTER_VERSION)
        wanted = {row["page_id"] for row in plan(self.table, manifest, scope).to_pylist() if row["action"] == "fetch"}
        return [row for row in self.rows if row["page_id"] in wanted]

    def victims(self, names: str) -> list[str]:
        """Ids that requests of a kind name."""
        found: dict[str, list[str]] = {
            "pages": [row["page_id"] for row in self.rows if row["title"] != "Home"],
            "people": [person.account_id for person in PEOPLE],
            "mentioned": [person.account_id for person in MENTIONED],
            "reports": [row["page_id"] for row in self.rows if row["title"].startswith("Report")],
            "rich": [row["page_id"] for row in self.rows if row["title"].startswith("Rich")],
            "questions": self.questions,
            "files": [file["id"] for page in self.truth[False].values() for file in page["attachments"]],
            "media": [str(file.file_id) for file in self.sandbox.store.attachments.values()],
        }
        return found[names]


@contextmanager
def world_of(deployment: str) -> Iterator[World]:
    sandbox = SandboxConfluence(rich_space("account-id" if deployment == "cloud" else "userkey"), deployment=deployment)
    with sandbox.serve():
        yield World(sandbox)


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[str, World]]:
    with world_of("cloud") as cloud, world_of("datacenter") as data_center:
        yield {"cloud": cloud, "datacenter": data_center}


TRIED = {name: combinations(name, variants=5, sample=2, but_not=route.answers) for name, route in ROUTES.items()}
COUNT = sum(map(len, TRIED.values()))


@pytest.mark.proofs(f"{COUNT:,} combinations of route, odd answer and how often it comes, over all routes of this test")
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("name", ROUTES)
def test_no_odd_answer_costs_a_page_and_the_next_run_makes_good(name: str, worlds: dict[str, World]) -> None:
    world = worlds[ROUTES[name].deployment]
    try_all(name, TRIED[name], world.sandbox, partial(_try, world, ROUTES[name]))


def _try(world: World, route: Route, combination: Combination, random: Random) -> None:
    sandbox = world.sandbox
    if route.listed:
        sandbox.fail(faults.Refuse(403), SEARCH, times=None)
    fault = combination.arm(sandbox, route.path, world.victims(route.names), random)
    with bounded():
        pages = world.extract(
            world.rows, texts=route.texts, dripping=combination.dripping, threads=random.choice((1, 2, 8))
        )
    assert fault.hits or fault.skip, "the fault never struck"
    sandbox.faults.clear()
    healed = {**pages, **world.extract(world.found_again(pages), texts=route.texts)}
    differing = {
        f"{page['title']}: {key}: {healed[page_id][key]!r} instead of {value!r}"
        for page_id, page in world.truth[route.texts].items()
        for key, value in page.items()
        if healed[page_id][key] != value
    }
    assert not differing, differing
