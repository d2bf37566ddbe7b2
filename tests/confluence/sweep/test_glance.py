"""The glance against the sandbox: of many spaces it names those in which something is new, in few requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.content import KINDS
from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.sweep.glance import Expected, glance
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.confluence.sweep.known import Known
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.conftest import ClientFactory

KEYS = [f"S{number}" for number in range(8)]
TYPES = ["attachment", "comment"]


def space(key: str) -> SeedSpace:
    pages = [SeedPage(f"{key}-home", f"Home of {key}", "<p>Home.</p>")]
    pages += [SeedPage(f"{key}-{n}", f"Page {n} of {key}", "<p>Text.</p>", parent=f"{key}-home") for n in range(30)]
    return SeedSpace(key, key, "", tuple(pages))


@pytest.fixture(scope="module")
def site() -> Iterator[SandboxConfluence]:
    with serve(*map(space, KEYS)) as sandbox:
        yield sandbox


@pytest.fixture
def many(site: SandboxConfluence, connect: ClientFactory) -> ConfluenceClient:
    return connect(site)


def expected(client: ConfluenceClient) -> list[Expected]:
    """All spaces as they are now."""
    began = datetime.now(UTC)
    found = []
    for one in client.api.all_spaces():
        total = client.api.search_total(of_space(one.key, KINDS))
        found.append(Expected(one, Known(sweep(client, one).table), began, 1, total))
    return found


def news(client: ConfluenceClient, known: list[Expected]) -> list[str]:
    loud = glance(client, known, KINDS, TYPES)
    return sorted(one.space.key for one in known if one.space.id in loud)


CHANGES: dict[str, Callable[[SandboxConfluence], object]] = {
    "edit": lambda sandbox: sandbox.edit("S1-3", storage="<p>Edited.</p>"),
    "new": lambda sandbox: sandbox.new_page("S1", "New", "<p>New.</p>"),
    "trash": lambda sandbox: sandbox.trash("S1-4"),
    "comment": lambda sandbox: sandbox.comment("S1-5", "<p>A remark.</p>"),
    "attachment": lambda sandbox: sandbox.attach("S1-6", "a.txt", b"Text.", "text/plain"),
    "move to another space": lambda sandbox: sandbox.move_to_space("S1-7", "S6"),
}


def test_eight_quiet_spaces_take_four_requests(many: ConfluenceClient) -> None:
    known = expected(many)
    before = many.requests_made
    assert news(many, known) == []
    assert many.requests_made - before == 4


@pytest.mark.parametrize("name", CHANGES)
def test_names_the_spaces_in_which_something_changed(
    name: str, many: ConfluenceClient, site: SandboxConfluence
) -> None:
    known = expected(many)
    CHANGES[name](site)
    assert news(many, known) == (["S1", "S6"] if "move" in name else ["S1"])
