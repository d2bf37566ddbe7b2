from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.confluence import SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence, serve
from sandbox.seed import SeedAttachment, SeedComment, SeedPage, SeedSpace, SeedUser

ADA = SeedUser("712020:ada", "Ada Novak", "ada@example.com", "ada-token", groups=("editors",))
BEN = SeedUser("712020:ben", "Ben Okafor", "ben@example.com")


def day(number: int) -> datetime:
    return datetime(2026, 1, number, 12, tzinfo=UTC)


def docs_space(key: str = "DOCS") -> SeedSpace:
    """A home page, a small tree with a folder in it, one archived, one trashed and one restricted page, and a post."""
    comments = (
        SeedComment("712020:ben", "<p>Nice</p>", day(3)),
        SeedComment("712020:ben", "<p>Really?</p>", day(4), inline_anchor="marked", resolved=False),
        SeedComment("712020:ada", "<p>Done</p>", day(5), inline_anchor="old", resolved=True),
    )
    files = (SeedAttachment("a b.txt", "text/plain", b"hello"), SeedAttachment("c.csv", "text/csv", b"x,y"))
    marked = '<p>Some <ac:inline-comment-marker ac:ref="ref-1">marked</ac:inline-comment-marker> text</p>'
    pages = (
        SeedPage("home", "Docs", "<p>Welcome</p>", author=ADA.account_id, created_at=day(1), modified_at=day(1)),
        SeedPage("guide", "Guide & more", marked, labels=("howto", "api"), modified_at=day(9), comments=comments),
        SeedPage("step", "First step", "<p>Do it</p>", parent="guide", modified_at=day(5), attachments=files),
        SeedPage("box", "Box", "", kind="folder"),
        SeedPage("inside", "Inside", "<p>In the box</p>", parent="box", modified_at=day(3), version=4),
        SeedPage("secret", "Secret", "<p>Psst</p>", parent="guide", read_users=(ADA.account_id,), labels=("howto",)),
        SeedPage("below", "Below secret", "<p>Also</p>", parent="secret"),
        SeedPage("old", "Old", "<p>Old</p>", status="archived"),
        SeedPage("gone", "Gone", "<p>Gone</p>", status="trashed"),
        SeedPage("news", "News", "<p>New!</p>", kind="blogpost", created_at=day(7), labels=("api",)),
    )
    return SeedSpace(key, "Documentation", "All about it", pages, (ADA, BEN))


class Client:
    """A plain HTTP client of one sandbox, signed in as the sync user unless told otherwise."""

    def __init__(self, confluence: SandboxConfluence) -> None:
        self.confluence = confluence
        self.auth: tuple[str, str] | None = (SYNC_EMAIL, SYNC_TOKEN)

    def get(self, path: str, *, gateway: bool = False, auth: Any = "default", **params: Any) -> requests.Response:
        root = self.confluence.gateway_url if gateway else self.confluence.site_url
        query = {name.replace("_", "-"): value for name, value in params.items()}
        signed = self.auth if auth == "default" else auth
        return requests.get(f"{root}{path}", params=query, auth=signed, timeout=30, allow_redirects=False)

    def json(self, path: str, **params: Any) -> Any:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def results(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return self.json(path, **params)["results"]

    def titles(self, path: str, **params: Any) -> list[str]:
        return [row["title"] for row in self.results(path, **params)]


@pytest.fixture
def confluence() -> Iterator[SandboxConfluence]:
    """A served site with one space ``DOCS``."""
    with serve(docs_space()) as served:
        yield served


@pytest.fixture
def client(confluence: SandboxConfluence) -> Client:
    return Client(confluence)


@pytest.fixture
def space_id(confluence: SandboxConfluence) -> str:
    return str(confluence.space("DOCS").id)


@pytest.fixture(scope="session")
def client_of() -> Callable[[SandboxConfluence], Client]:
    return Client


@pytest.fixture(scope="session")
def make_space() -> Callable[[str], SeedSpace]:
    return docs_space
