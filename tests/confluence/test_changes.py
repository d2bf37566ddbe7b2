"""Changes between the sweep and the bodies, and what the next run makes of them: the end is always the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import Page
from confluence_to_twig.confluence.sweep.inventory import explain_missing, sweep
from sandbox.confluence.sandbox import SandboxConfluence
from sandbox.seed import SeedPage
from tests.confluence.spaces import numbered_space

Change = Callable[[SandboxConfluence], object]


class Mirror:
    """The simplest thing that follows a space: fetches what differs from what it holds, drops what is gone."""

    def __init__(self, client: ConfluenceClient) -> None:
        self.client = client
        self.space = client.space("PROD")
        self.pages: dict[str, Page] = {}

    def run(self) -> Extraction:
        table = sweep(self.client, self.space).table
        seen = set(table["page_id"].to_pylist())
        rows = {row["page_id"]: row for row in table.to_pylist() if not row["restricted"]}
        wanted = [row for page_id, row in rows.items() if self._differs(row, self.pages.get(page_id))]
        extraction = Extraction(self.client, self.space, wanted, inventory=table)
        fetched = [page for group in extraction.groups() for page in group if not page["included"]]
        missing = [page_id for page_id in self.pages if page_id not in seen]
        reasons = explain_missing(self.client, missing, "page", self.space)
        kept = rows.keys() | {page_id for page_id, reason in reasons.items() if reason == "still there"}
        self.pages = {page_id: page for page_id, page in self.pages.items() if page_id in kept}
        self.pages |= {page["page_id"]: page for page in fetched}
        return extraction

    def _differs(self, row: dict[str, Any], held: Page | None) -> bool:
        compared = ("version", "title", "ancestor_ids", "ancestors", "labels")
        return held is None or any(row[name] != held[name] for name in compared)

    def seen(self) -> dict[str, tuple[str, str, list[str], list[str]]]:
        return {
            page["page_id"]: (page["title"], page["storage"], page["ancestors"], page["labels"])
            for page in self.pages.values()
        }


@pytest.fixture
def mirror(client: ConfluenceClient) -> Mirror:
    return Mirror(client)


def truth(mirror: Mirror) -> dict[str, tuple[str, str, list[str], list[str]]]:
    """What a follower that starts now sees."""
    fresh = Mirror(mirror.client)
    fresh.run()
    return fresh.seen()


CHANGES: dict[str, Change] = {
    "edit": lambda sandbox: sandbox.edit("guide", storage="<p>Edited.</p>"),
    "rename": lambda sandbox: sandbox.rename("guide", "Handbook"),
    "move": lambda sandbox: sandbox.move("install", "rich"),
    "move a subtree": lambda sandbox: sandbox.move("guide", "in-folder"),
    "delete": lambda sandbox: sandbox.trash("linux"),
    "purge": lambda sandbox: sandbox.purge("linux"),
    "archive": lambda sandbox: sandbox.archive("guide"),
    "restrict": lambda sandbox: sandbox.restrict("guide", groups=["staff"]),
    "open": lambda sandbox: sandbox.unrestrict("secret"),
    "restore": lambda sandbox: sandbox.restore("thrown-away"),
    "label": lambda sandbox: sandbox.label("linux", "new"),
    "unlabel": lambda sandbox: sandbox.unlabel("guide", "public"),
    "add": lambda sandbox: sandbox.add_page("PROD", SeedPage("late", "Late", "<p>Late.</p>"), parent="guide"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_between_two_runs_is_in_the_next(name: str, mirror: Mirror, sandbox: SandboxConfluence) -> None:
    mirror.run()
    CHANGES[name](sandbox)
    mirror.run()
    assert mirror.seen() == truth(mirror)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("moment", [r"/spaces/\d+/pages", "content/search.*id(\\+|%20)in", "body-format=storage"])
def test_a_change_in_the_middle_of_a_run_is_right_after_the_next(
    moment: str, name: str, mirror: Mirror, sandbox: SandboxConfluence
) -> None:
    sandbox.when(moment, lambda: CHANGES[name](sandbox))
    mirror.run()
    mirror.run()
    assert mirror.seen() == truth(mirror)


def test_an_edit_before_the_body_is_fetched_comes_with_its_own_version(
    mirror: Mirror, sandbox: SandboxConfluence
) -> None:
    sandbox.when("body-format=storage", lambda: sandbox.edit("guide", storage="<p>Edited.</p>", title="Handbook"))
    mirror.run()
    page = mirror.pages[sandbox.id_of("guide")]
    assert (page["version"], page["title"], page["storage"]) == (2, "Handbook", "<p>Edited.</p>")
    assert page["url"].endswith("/Handbook")


def test_a_move_before_the_body_is_fetched_comes_with_its_new_path(mirror: Mirror, sandbox: SandboxConfluence) -> None:
    sandbox.when("body-format=storage", lambda: sandbox.move("install", "in-folder"))
    mirror.run()
    page = mirror.pages[sandbox.id_of("install")]
    assert page["parent_id"] == sandbox.id_of("in-folder")
    assert page["ancestors"] == ["Home", "Folder", "In the folder"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sandbox: sandbox.trash("linux"), "trashed"),
        (lambda sandbox: sandbox.archive("linux"), "archived"),
        (lambda sandbox: sandbox.purge("linux"), "gone or no longer visible"),
        (lambda sandbox: sandbox.move_to_space("linux", "BIG"), "moved to another space"),
    ],
    ids=["trash", "archive", "purge", "move to another space"],
)
def test_a_page_that_goes_before_its_body_is_fetched_is_accounted_for(
    change: Change, reason: str, mirror: Mirror, sandbox: SandboxConfluence
) -> None:
    sandbox.add_space(numbered_space(1))
    linux = sandbox.id_of("linux")
    sandbox.when("body-format=storage", lambda: change(sandbox))
    account = mirror.run().account
    assert account.gone == {linux: reason}
    assert linux not in mirror.pages
    assert account.asked == account.got | {linux}
