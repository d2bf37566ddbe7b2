"""Spaces and connections for the tests of the Confluence side."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.http.retry import Patience
from sandbox.confluence.sandbox import PERSONAL_ACCESS_TOKEN, READER_USER, SYNC_EMAIL, SYNC_TOKEN
from sandbox.seed import SeedAttachment, SeedComment, SeedPage, SeedSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.inventory_index import Inventory
    from confluence_to_twig.confluence.extract.page import ExtractOptions, Page
    from sandbox.confluence.request_log import LoggedRequest
    from sandbox.confluence.sandbox import SandboxConfluence

READER = READER_USER.account_id
#: Gives up within a moment, where a task would try for minutes.
QUICK = Patience(attempts=3, seconds=20.0, backoff_seconds=0.01)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def include_of(title: str, macro: str = "include", space_key: str = "") -> str:
    """The storage form of a macro that includes another page."""
    key = f' ri:space-key="{space_key}"' if space_key else ""
    link = f'<ac:link><ri:page ri:content-title="{title}"{key} /></ac:link>'
    return (
        f'<ac:structured-macro ac:name="{macro}"><ac:parameter ac:name="">{link}</ac:parameter></ac:structured-macro>'
    )


def small_space() -> SeedSpace:
    """Twelve pages and two blog posts below a home page, with one of everything."""

    def page(ref: str, title: str, parent: str | None = "home", **fields: Any) -> SeedPage:
        fields.setdefault("storage", f"<p>Text of {title}.</p>")
        fields.setdefault("author", READER)
        fields.setdefault("modified_at", MONDAY)
        return SeedPage(ref=ref, title=title, parent=parent, **fields)

    pages = (
        page("home", "Home", None),
        page("guide", "Guide", labels=("public", "guide")),
        page("install", "Install", "guide", labels=("public",)),
        page("linux", "Linux", "install"),
        page("folder", "Folder", storage="", kind="folder"),
        page("in-folder", "In the folder", "folder"),
        page("database", "Database", "folder", storage="", kind="database"),
        page("in-database", "In the database", "database"),
        page("whiteboard", "Whiteboard", storage="", kind="whiteboard"),
        page("on-whiteboard", "On the whiteboard", "whiteboard"),
        page("secret", "Secret", read_users=(READER,)),
        page("below-secret", "Below secret", "secret"),
        page("old", "Old", status="archived"),
        page("thrown-away", "Thrown away", status="trashed"),
        page(
            "rich",
            "Rich",
            storage=f'<p>Ask <ac:link><ri:user ri:account-id="{READER}" /></ac:link>.</p>',
            attachments=(
                SeedAttachment("notes.txt", "text/plain", b"Read me first."),
                SeedAttachment("picture.png", "image/png", b"\x89PNG"),
            ),
            comments=(
                SeedComment(READER, "<p>A footer comment.</p>", MONDAY),
                SeedComment(READER, "<p>An inline comment.</p>", MONDAY + timedelta(hours=1), inline_anchor="Ask"),
                SeedComment(READER, "<p>A settled question.</p>", MONDAY, inline_anchor="Ask", resolved=True),
            ),
        ),
        page("news", "News", None, kind="blogpost", labels=("public",)),
        page("old-news", "Older news", None, kind="blogpost"),
    )
    return SeedSpace(key="PROD", name="Product", description="", pages=pages, users=(READER_USER,))


def numbered_space(count: int, key: str = "BIG", **fields: Any) -> SeedSpace:
    """A space with a home page and ``count`` pages ``p1``, ``p2`` … below it."""
    fields = {"modified_at": MONDAY, "author": READER, **fields}
    pages = [SeedPage("home", "Home", "<p>Home.</p>", **fields)]
    pages += [
        SeedPage(f"p{number}", f"Page {number}", f"<p>Text {number}.</p>", **fields) for number in range(1, count + 1)
    ]
    return SeedSpace(key=key, name="Big", description="", pages=tuple(pages), users=(READER_USER,))


def settings_of(
    sandbox: SandboxConfluence, token: str = SYNC_TOKEN, email: str = SYNC_EMAIL, **extra: Any
) -> ConfluenceSettings:
    """The connection's fields for a sandbox, whose gateway is on the same host."""
    if not sandbox.site.is_cloud:
        token, email = (PERSONAL_ACCESS_TOKEN, "") if token == SYNC_TOKEN else (token, "")
    fields = {"gateway_url": sandbox.base_url, **extra}
    return ConfluenceSettings.from_fields(sandbox.site_url, email, token, fields)


def requests_of(sandbox: SandboxConfluence) -> list[LoggedRequest]:
    """What the sandbox was asked so far; waits for the entries of answers that have just been sent."""
    deadline = time.monotonic() + 10
    while sandbox.log._in_flight and time.monotonic() < deadline:
        time.sleep(0.005)
    return sandbox.log.requests


def forget_requests(sandbox: SandboxConfluence) -> None:
    """Begin to count anew, once all answers under way are noted."""
    requests_of(sandbox)
    sandbox.log.reset()


def extract_pages(
    client: ConfluenceClient,
    space: Space,
    rows: Sequence[dict[str, Any]],
    *,
    inventory: Inventory = None,
    options: ExtractOptions | None = None,
) -> Iterator[Page]:
    """The pages one by one, without staging anything."""
    for group in Extraction(client, space, rows, inventory=inventory, options=options).groups():
        yield from group
