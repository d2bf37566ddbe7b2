"""The lane against the sandbox: after each change the inventory it keeps up to date is the one that a full sweep makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.content import Placed
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.sweep.attached_digests import read_attached_digests
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.confluence.sweep.known import Known
from confluence_to_twig.confluence.sweep.lane import Question, Seen, SweepNeededError, look_for_news
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence, serve
from sandbox.seed import SeedPage
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import forget_requests, numbered_space, requests_of

READER_TOKEN = "sandbox-confluence-reader-token"
Change = Callable[[SandboxConfluence], object]


def swept(client: ConfluenceClient, space: Space) -> pa.Table:
    return read_attached_digests(client, space, attachments="names", comments=True).on(sweep(client, space).table)


def lane(
    client: ConfluenceClient, space: Space, last: pa.Table, *, check: bool = False, since: timedelta = timedelta()
) -> Seen:
    ids = last["page_id"].to_pylist() if check else []
    began = datetime.now(UTC) - since
    question = Question(("page", "blogpost"), "skip", "names", True, began, 11, ids)
    return look_for_news(client, space, Known(last), question)


def by_id(table: pa.Table) -> dict[str, Any]:
    return {row["page_id"]: row for row in table.to_pylist()}


SHOWN_BY_DATE: dict[str, Change] = {
    "edit": lambda sandbox: sandbox.edit("guide", storage="<p>Edited.</p>"),
    "rename a parent": lambda sandbox: sandbox.rename("guide", "Handbook"),
    "new": lambda sandbox: sandbox.new_page("PROD", "New", "<p>New.</p>", parent="install"),
    "new in a database": lambda sandbox: sandbox.new_page("PROD", "New", "<p>New.</p>", parent="in-database"),
    "new below a restricted page": lambda sandbox: sandbox.new_page("PROD", "New", "<p>.</p>", parent="secret"),
    "new blog post": lambda sandbox: sandbox.new_page("PROD", "Newer", "<p>News.</p>", kind="blogpost"),
    "new comment": lambda sandbox: sandbox.comment("linux", "<p>A remark.</p>"),
    "new attachment": lambda sandbox: sandbox.attach("linux", "a.txt", b"Text.", "text/plain"),
    "edit what is below one that became restricted": lambda sandbox: (
        sandbox.restrict("guide", groups=["staff"]),
        sandbox.edit("linux", storage="<p>Edited.</p>"),
    ),
    "edit what is below a folder that became restricted": lambda sandbox: (
        sandbox.restrict("folder", groups=["staff"]),
        sandbox.edit("in-folder", storage="<p>Edited.</p>"),
    ),
    "edit what is below one that became open": lambda sandbox: (
        sandbox.unrestrict("secret"),
        sandbox.edit("below-secret", storage="<p>Edited.</p>"),
    ),
    "edit what is below one that others may read now": lambda sandbox: (
        sandbox.restrict("secret", groups=["staff"]),
        sandbox.edit("below-secret", storage="<p>Edited.</p>"),
    ),
    "edit what is restricted below a restricted page": lambda sandbox: (
        sandbox.restrict("below-secret", groups=["staff"]),
        sandbox.edit("below-secret", storage="<p>Edited.</p>"),
    ),
    "edit what was moved": lambda sandbox: (
        sandbox.move("guide", "in-folder"),
        sandbox.edit("guide", storage="<p>Edited.</p>"),
    ),
    "edit what is below one that was moved": lambda sandbox: (
        sandbox.move("guide", "secret"),
        sandbox.edit("linux", storage="<p>Edited.</p>"),
    ),
    "edit and label": lambda sandbox: (
        sandbox.label("guide", "fresh"),
        sandbox.edit("guide", storage="<p>Edited.</p>"),
    ),
}
SHOWN_BY_CHECK: dict[str, Change] = {
    "move": lambda sandbox: sandbox.move("install", "rich"),
    "move below a restricted page": lambda sandbox: sandbox.move("guide", "secret"),
    "archive": lambda sandbox: sandbox.archive("guide"),
    "trash": lambda sandbox: sandbox.trash("linux"),
    "move into a folder": lambda sandbox: sandbox.move("install", "folder"),
    "move out of a folder": lambda sandbox: sandbox.move("in-folder", "guide"),
    "move to another space": lambda sandbox: (
        sandbox.add_space(numbered_space(1)),
        sandbox.move_to_space("linux", "BIG"),
    ),
    "restrict": lambda sandbox: sandbox.restrict("guide", groups=["staff"]),
    "open": lambda sandbox: sandbox.unrestrict("secret"),
    "name others": lambda sandbox: sandbox.restrict("secret", groups=["staff"]),
    "restrict below a restricted page": lambda sandbox: sandbox.restrict("below-secret", groups=["staff"]),
    "label": lambda sandbox: sandbox.label("linux", "new"),
    "unlabel": lambda sandbox: sandbox.unlabel("guide", "public"),
}


@pytest.mark.parametrize("name", SHOWN_BY_DATE)
def test_what_a_modification_date_shows_is_found_at_once(
    name: str, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    SHOWN_BY_DATE[name](sandbox)
    seen = lane(client, space, last)
    assert by_id(seen.table) == by_id(swept(client, space))
    assert lane(client, space, seen.table).table.equals(seen.table)


@pytest.mark.parametrize("name", SHOWN_BY_CHECK)
def test_what_no_date_shows_is_found_when_it_is_its_turn(
    name: str, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    SHOWN_BY_CHECK[name](sandbox)
    assert lane(client, space, last).table["page_id"].equals(last["page_id"])
    assert by_id(lane(client, space, last, check=True).table) == by_id(swept(client, space))


@pytest.mark.parametrize(
    "change",
    [
        lambda sandbox, page: sandbox.purge(page),
        lambda sandbox, page: sandbox.restrict(page, users=["sync@example.com"]),
    ],
    ids=["purge", "hide"],
)
def test_a_page_that_cannot_be_seen_any_more_needs_the_proof_of_a_full_sweep(
    change: Callable[[SandboxConfluence, str], object], sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, email="reader@example.com", token=READER_TOKEN)
    space = client.space("PROD")
    last = swept(client, space)
    change(sandbox, sandbox.id_of("linux"))
    with pytest.raises(SweepNeededError, match="1 contents cannot be seen any more"):
        lane(client, space, last, check=True)


@pytest.mark.parametrize(("asked", "requests"), [(0, 4), (250, 5), (501, 7)])
def test_a_quiet_look_takes_four_requests_and_a_check_one_for_250(
    asked: int, requests: int, connect: ClientFactory
) -> None:
    with serve(numbered_space(500)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        last = swept(client, space)
        forget_requests(sandbox)
        ids = last["page_id"].to_pylist()[:asked]
        question = Question(("page", "blogpost"), "skip", "names", True, datetime.now(UTC), 11, ids)
        assert look_for_news(client, space, Known(last), question).table.equals(last)
        assert len(requests_of(sandbox)) == requests


@pytest.mark.parametrize("folders", [True, False], ids=["with folders", "without"])
def test_search_tells_version_and_place_whether_it_shows_folders_above_a_page_or_not(
    folders: bool, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    known = Known(swept(client, client.space("PROD")))
    rows = by_id(known.table)
    shown = {
        key: Placed(row["version"], tuple(node for node in row["ancestor_ids"] if folders or node in rows))
        for key, row in rows.items()
    }
    assert any(row["ancestor_ids"] and row["ancestor_ids"][-1] not in rows for row in rows.values())
    assert known.shown_otherwise(shown) == set()
    edited, moved, silent = (sandbox.id_of(name) for name in ("rich", "linux", "guide"))
    shown[edited] = replace(shown[edited], version=2)
    shown[moved] = replace(shown[moved], above=(sandbox.id_of("home"),))
    shown[silent] = replace(shown[silent], above=None)
    assert known.shown_otherwise(shown) == {edited, moved}


def test_ten_edits_are_found_in_few_requests(connect: ClientFactory) -> None:
    with serve(numbered_space(1_000)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        last = swept(client, space)
        for number in range(1, 11):
            sandbox.edit(f"p{number * 90}", storage="<p>Edited.</p>")
        forget_requests(sandbox)
        seen = lane(client, space, last)
        assert seen.news == 10
        assert len(requests_of(sandbox)) <= 8
        assert by_id(seen.table) == by_id(swept(client, space))


def test_a_burst_larger_than_the_first_answer_is_found_whole(connect: ClientFactory) -> None:
    with serve(numbered_space(400)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        last = swept(client, space)
        for number in range(1, 121):
            sandbox.edit(f"p{number}", storage="<p>Edited.</p>")
        seen = lane(client, space, last, since=timedelta(minutes=-60))  # a clock that is an hour ahead
        assert seen.news == 120
        assert by_id(seen.table) == by_id(swept(client, space))


def test_more_news_than_a_lane_looks_at_need_a_full_sweep(connect: ClientFactory) -> None:
    with serve(numbered_space(1_100)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        last = swept(client, space)
        sandbox.rename("home", "Start")
        with pytest.raises(SweepNeededError, match="changes reach 1,100 further contents"):
            lane(client, space, last)


def test_a_page_made_a_long_time_ago_is_below_older_ones_and_found_by_the_total(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    assert lane(client, space, last).total == last.num_rows
    sandbox.trash("linux")
    seen = lane(client, space, last)
    assert seen.table.equals(last)
    assert seen.total == last.num_rows - 1


def test_a_search_that_fails_hides_comments_and_the_total_and_nothing_else(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    sandbox.edit("guide", storage="<p>Edited.</p>")
    sandbox.comment("linux", "<p>A remark.</p>")
    sandbox.fail(faults.Refuse(403), r"rest/api/(content/)?search\?", times=None)
    seen = lane(client, space, last)
    assert (seen.total, seen.attached) == (None, False)
    assert "comments and attachments cannot be seen" in seen.warnings[0]
    assert by_id(seen.table)[sandbox.id_of("guide")]["version"] == 2
    sandbox.faults.clear()
    assert by_id(lane(client, space, seen.table).table) == by_id(swept(client, space))


@pytest.mark.parametrize("path", [r"sort=-modified-date", r"status=current%2Carchived"])
def test_an_answer_that_fails_for_good_needs_a_full_sweep(
    path: str, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    sandbox.trash("linux")
    sandbox.fail(faults.Refuse(500), path, times=None)
    with pytest.raises(SweepNeededError, match="broke off"):
        lane(client, space, last, check=True)


def test_a_restriction_that_nobody_told_is_asked_for_again(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    sandbox.fail(faults.Refuse(500), r"v2/folders/\d+", times=None)
    last = swept(client, space)
    assert any(row["restriction_unknown"] for row in last.to_pylist())
    sandbox.faults.clear()
    assert by_id(lane(client, space, last).table) == by_id(swept(client, space))


@pytest.mark.parametrize("modifies", [False, True])
def test_it_is_right_whether_other_changes_set_the_modification_date_or_not(
    modifies: bool, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    for name in ("moving", "labelling", "restricting", "archiving", "trashing"):
        setattr(sandbox.site, f"{name}_modifies", modifies)
    space = client.space("PROD")
    last = swept(client, space)
    sandbox.move("install", "rich")
    sandbox.label("in-folder", "fresh")
    sandbox.restrict("on-whiteboard", groups=["staff"])
    seen = lane(client, space, last)
    assert by_id(lane(client, space, last, check=True).table) == by_id(swept(client, space))
    if modifies:
        assert by_id(seen.table) == by_id(swept(client, space))


def test_a_page_that_is_new_with_an_attachment_has_its_digest(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    last = swept(client, space)
    sandbox.add_page("PROD", SeedPage("late", "Late", "<p>Late.</p>", modified_at=datetime.now(UTC)), parent="guide")
    sandbox.attach("late", "a.txt", b"Text.", "text/plain")
    assert by_id(lane(client, space, last).table) == by_id(swept(client, space))
