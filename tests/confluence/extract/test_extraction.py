"""What a fetched page brings along, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.extract.extract_shard import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions, Page
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.http.retry import Patience
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SCOPED_TOKEN, SandboxConfluence, serve
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import READER, extract_pages, forget_requests, include_of, numbered_space, requests_of

ALL = ExtractOptions(comments=True, attachments="text")


def extract(
    client: ConfluenceClient, *titles: str, options: ExtractOptions | None = None, restrictions: Any = "skip"
) -> tuple[dict[str, Page], Extraction]:
    """The pages by title and the extraction; all unrestricted ones unless titles are given."""
    space = client.space("PROD")
    table = sweep(client, space, restrictions=restrictions).table
    rows = [row for row in table.to_pylist() if (row["title"] in titles if titles else not row["restricted"])]
    extraction = Extraction(client, space, rows, inventory=table, options=options)
    pages = [page for group in extraction.groups() for page in group]
    assert len({page["page_id"] for page in pages}) == len(pages)
    return {page["title"]: page for page in pages}, extraction


def test_brings_the_body_and_all_that_the_inventory_knows(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    pages, extraction = extract(client, "Install")
    assert pages["Install"] == {
        "page_id": sandbox.id_of("install"),
        "kind": "page",
        "space_id": client.space("PROD").id,
        "space_key": "PROD",
        "space_name": "Product",
        "version": 1,
        "title": "Install",
        "url": f"{sandbox.base_url}/wiki/spaces/PROD/pages/{sandbox.id_of('install')}/Install",
        "parent_id": sandbox.id_of("guide"),
        "ancestor_ids": [sandbox.id_of("home"), sandbox.id_of("guide")],
        "ancestors": ["Home", "Guide"],
        "labels": ["public"],
        "author_id": READER,
        "author_name": READER_USER.display_name,
        "created_at": pages["Install"]["created_at"],
        "modified_at": pages["Install"]["modified_at"],
        "storage": "<p>Text of Install.</p>",
        "view": None,
        "users": [],
        "attachments": [],
        "comments": [],
        "included": False,
        "lacking": [],
        "live": False,
        "audience": None,
        "levels": None,
        "editor": None,
    }
    assert extraction.account.got == {sandbox.id_of("install")}


def test_brings_pages_and_blog_posts(client: ConfluenceClient) -> None:
    pages, _ = extract(client)
    assert len(pages) == 10
    assert pages["News"]["kind"] == "blogpost"
    assert pages["News"]["storage"] == "<p>Text of News.</p>"


def test_streams_page_by_page(client: ConfluenceClient) -> None:
    space = client.space("PROD")
    table = sweep(client, space).table
    assert next(extract_pages(client, space, table.to_pylist(), inventory=table))["title"] == "Home"


# People


def test_names_the_people_whom_a_page_mentions(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.edit("guide", storage='<p><ri:user ri:account-id="712020:long-gone" /></p>')
    pages, _ = extract(client, "Rich", "Guide")
    assert pages["Rich"]["users"] == [(READER, READER_USER.display_name)]
    assert pages["Guide"]["users"] == []


def test_people_are_looked_up_together_and_once(connect: ClientFactory) -> None:
    with serve(numbered_space(500)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        table = sweep(client, space).table
        assert len(list(extract_pages(client, space, table.to_pylist(), inventory=table))) == 501
        requests_of(sandbox)
        assert sandbox.log.count("users-bulk") == 1


def test_pages_come_without_names_when_the_scope_for_people_is_missing(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    kept = [scope for scope in _scopes() if scope != "read:user:confluence"]
    sandbox.set_scopes(SCOPED_TOKEN, kept)
    pages, extraction = extract(connect(sandbox, token=SCOPED_TOKEN), "Rich")
    assert pages["Rich"]["author_name"] is None
    assert "read:user:confluence" in extraction.account.warnings[0]


def test_a_route_for_people_that_was_removed_is_not_asked_for_each_of_them(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    mentioned = "".join(f'<ri:user ri:account-id="712020:{number}" />' for number in range(64))
    sandbox.edit("guide", storage=f"<p>{mentioned}</p>")
    sandbox.fail(faults.Refuse(410), "users-bulk", times=None)
    pages, extraction = extract(client, "Guide", "Rich")
    assert pages["Rich"]["author_name"] is None
    assert len(extraction.account.warnings) == 1
    requests_of(sandbox)
    assert sandbox.log.count("users-bulk") == Patience().odd_attempts


def _scopes() -> tuple[str, ...]:
    from sandbox.confluence.site import ALL_SCOPES

    return ALL_SCOPES


# Attachments and comments


def test_lists_attachments_with_names_and_links_but_does_not_download_them(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    pages, _ = extract(client, "Rich")
    notes, picture = pages["Rich"]["attachments"]
    assert (notes["title"], notes["media_type"], notes["file_size"], notes["text"]) == (
        "notes.txt",
        "text/plain",
        14,
        None,
    )
    assert notes["url"].startswith(f"{sandbox.base_url}/wiki/download/attachments/{sandbox.id_of('rich')}/notes.txt")
    assert picture["title"] == "picture.png"
    assert pages["Rich"]["comments"] == []
    requests_of(sandbox)
    assert sandbox.log.count("/download") == 0


def test_reads_the_text_of_text_like_attachments_when_asked_to(client: ConfluenceClient) -> None:
    pages, _ = extract(client, "Rich", options=ALL)
    assert [attachment["text"] for attachment in pages["Rich"]["attachments"]] == ["Read me first.", None]


def test_an_attachment_that_cannot_be_downloaded_costs_a_warning_and_not_the_page(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Refuse(404), "/download", times=None)
    pages, extraction = extract(client, "Rich", options=ALL)
    assert pages["Rich"]["attachments"][0]["text"] is None
    assert "404" in extraction.account.warnings[0]


def test_a_large_attachment_is_not_downloaded(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    pages, extraction = extract(client, "Rich", options=ExtractOptions(attachments="text", attachment_max_bytes=5))
    assert pages["Rich"]["attachments"][0]["text"] is None
    assert "too many" in extraction.account.warnings[0]
    requests_of(sandbox)
    assert sandbox.log.count("/download") == 0


def test_a_long_text_is_cut(client: ConfluenceClient) -> None:
    pages, _ = extract(client, "Rich", options=ExtractOptions(attachments="text", attachment_max_chars=4))
    assert pages["Rich"]["attachments"][0]["text"] == "Read"


def test_brings_open_comments_oldest_first_and_leaves_resolved_ones_out(client: ConfluenceClient) -> None:
    pages, _ = extract(client, "Rich", options=ALL)
    footer, inline = pages["Rich"]["comments"]
    assert (footer["kind"], footer["storage"], footer["author_id"]) == ("footer", "<p>A footer comment.</p>", READER)
    assert (inline["kind"], inline["storage"], inline["anchor_text"]) == ("inline", "<p>An inline comment.</p>", "Ask")


def test_replies_come_along_unless_their_thread_is_resolved(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    thread = sandbox.comment("guide", "<p>Question</p>")
    sandbox.comment("guide", "<p>Answer</p>", reply_to=thread)
    settled = sandbox.comment("guide", "<p>Settled</p>", anchor="Text")
    sandbox.comment("guide", "<p>Settled, too</p>", reply_to=settled)
    sandbox.resolve_comment(settled)
    pages, _ = extract(client, "Guide", options=ALL)
    assert [comment["storage"] for comment in pages["Guide"]["comments"]] == ["<p>Question</p>", "<p>Answer</p>"]


def test_without_attachments_and_comments_nothing_is_asked_about_them(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    table = sweep(client, space).table
    forget_requests(sandbox)
    options = ExtractOptions(attachments="none")
    list(extract_pages(client, space, table.to_pylist(), inventory=table, options=options))
    requests_of(sandbox)
    assert sandbox.log.count("search|attachments|comments") == 0


def test_they_are_listed_page_by_page_where_search_is_not_permitted(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, token=SCOPED_TOKEN)
    thread = sandbox.comment("rich", "<p>Question</p>")
    sandbox.comment("rich", "<p>Answer</p>", reply_to=thread)
    by_search, _ = extract(client, options=ExtractOptions(comments=True), restrictions="unchecked")
    sandbox.set_scopes(
        SCOPED_TOKEN, [scope for scope in _scopes() if "content-details" not in scope and "search" not in scope]
    )
    listed, extraction = extract(client, options=ExtractOptions(comments=True), restrictions="unchecked")
    assert listed == by_search
    assert extraction.account.warnings == []


def test_a_file_that_the_search_index_lacks_yet_is_found_in_the_page_s_own_list(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage='<ac:image><ri:attachment ri:filename="new.txt" /></ac:image>')
    sandbox.attach("guide", "new.txt", b"Brand new.", "text/plain")

    def not_indexed(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["title"] != "new.txt"]
        return page

    sandbox.fail(faults.Rewrite(not_indexed), "content/search.*container", times=None)
    pages, _ = extract(client, "Guide")
    assert [attachment["title"] for attachment in pages["Guide"]["attachments"]] == ["new.txt"]


@pytest.mark.parametrize("every", [1, 100])
def test_few_attachments_are_read_for_the_whole_space_and_many_page_by_page_group(
    every: int, connect: ClientFactory
) -> None:
    with serve(numbered_space(600)) as sandbox:
        for number in range(1, 601, every):
            sandbox.attach(f"p{number}", f"file-{number}.txt", b"x", "text/plain")
        client = connect(sandbox)
        space = client.space("BIG")
        table = sweep(client, space).table
        forget_requests(sandbox)
        found = {page["title"]: page for page in extract_pages(client, space, table.to_pylist(), inventory=table)}
        for number in range(1, 601, every):
            assert [a["title"] for a in found[f"Page {number}"]["attachments"]] == [f"file-{number}.txt"]
        requests_of(sandbox)
        assert sandbox.log.count("content/search") <= 5


@pytest.mark.parametrize("path", ["content/search.*space", "content/search.*(space|container)"])
def test_where_search_fails_the_attachments_of_a_large_space_are_found_all_the_same(
    path: str, connect: ClientFactory
) -> None:
    with serve(numbered_space(300)) as sandbox:
        sandbox.attach("p7", "file.txt", b"x", "text/plain")
        client = connect(sandbox)
        space = client.space("BIG")
        table = sweep(client, space).table
        sandbox.fail(faults.Refuse(500), path, times=None)
        extraction = Extraction(client, space, table.to_pylist(), inventory=table)
        pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert [attachment["title"] for attachment in pages["Page 7"]["attachments"]] == ["file.txt"]
    assert (len(pages), extraction.account.warnings) == (301, [])


# Included pages


def test_fetches_included_pages_that_are_not_in_the_shard(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.edit("guide", storage=f"<p>Before</p>{include_of('Linux')}{include_of('Rich', 'excerpt-include')}")
    pages, extraction = extract(client, "Guide")
    assert {title: page["included"] for title, page in pages.items()} == {"Guide": False, "Linux": True, "Rich": True}
    assert pages["Linux"]["storage"] == "<p>Text of Linux.</p>"
    assert extraction.account.got == {sandbox.id_of("guide")}
    assert extraction.account.included == {sandbox.id_of("linux"), sandbox.id_of("rich")}


def test_a_page_of_the_shard_is_not_fetched_again_for_being_included(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage=include_of("Linux"))
    pages, extraction = extract(client, "Guide", "Linux")
    assert not pages["Linux"]["included"]
    assert extraction.account.included == set()


def test_pages_that_include_each_other_are_fetched_once(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.edit("guide", storage=include_of("Linux"))
    sandbox.edit("linux", storage=include_of("Install") + include_of("Guide"))
    sandbox.edit("install", storage=include_of("Linux") + include_of("Install"))
    pages, _ = extract(client, "Guide")
    assert set(pages) == {"Guide", "Linux", "Install"}


def test_a_restricted_page_is_not_carried_out_by_a_page_that_includes_it(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage=include_of("Secret") + include_of("Below secret"))
    pages, _ = extract(client, "Guide")
    assert set(pages) == {"Guide"}
    pages, _ = extract(client, "Guide", options=ExtractOptions(restricted_pages="include"), restrictions="include")
    assert set(pages) == {"Guide", "Secret", "Below secret"}


def test_includes_of_other_spaces_and_unknown_titles_are_left_alone(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    storage = (
        include_of("Linux", space_key="OTHER") + include_of("No such page") + include_of("Install", space_key="PROD")
    )
    sandbox.edit("guide", storage=storage)
    pages, extraction = extract(client, "Guide")
    assert set(pages) == {"Guide", "Install"}
    assert extraction.account.warnings == []


def test_an_included_page_that_vanished_is_a_warning(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.edit("guide", storage=include_of("Linux"))
    sandbox.when("body-format=storage", lambda: sandbox.trash("linux"), nth=2)
    pages, extraction = extract(client, "Guide")
    assert set(pages) == {"Guide"}
    assert "trashed" in extraction.account.warnings[0]
    assert extraction.account.gone == {}


def test_an_included_page_that_cannot_be_fetched_is_noted_with_the_page_that_includes_it(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage=include_of("Linux"))
    sandbox.fail(faults.Refuse(500), rf"/pages\?id={sandbox.id_of('linux')}&.*body-format", times=None)
    pages, extraction = extract(client, "Guide", "Rich")
    assert pages["Guide"]["lacking"] == ["included pages"]
    assert pages["Rich"]["lacking"] == []
    assert "which another page includes" in extraction.account.warnings[0]


# Rendered bodies

REPORT = '<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label = "x"</ac:parameter></ac:structured-macro>'


def test_a_page_of_little_else_than_a_report_comes_rendered_too(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage=REPORT)
    pages, _ = extract(client, "Guide", "Linux")
    assert pages["Guide"]["view"] is not None
    assert pages["Linux"]["view"] is None
    pages, _ = extract(client, "Guide", options=ExtractOptions(render_macros=False))
    assert pages["Guide"]["view"] is None


def test_a_page_that_cannot_be_rendered_comes_without_and_with_a_warning(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.edit("guide", storage=REPORT)
    sandbox.fail(faults.Refuse(500), "export_view", times=None)
    pages, extraction = extract(client, "Guide")
    assert pages["Guide"]["view"] is None
    assert "comes without rendered macros" in extraction.account.warnings[0]
    assert pages["Guide"]["lacking"] == ["rendered macros"]


# Faults


def test_a_server_that_cannot_cope_with_a_batch_is_asked_for_less(connect: ClientFactory) -> None:
    with serve(numbered_space(300)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        table = sweep(client, space).table
        sandbox.fail(faults.Refuse(504), r"/pages\?id=(\d+(%2C|,)){30}", times=None)
        pages = list(extract_pages(client, space, table.to_pylist(), inventory=table))
        assert len(pages) == 301


@pytest.mark.parametrize("fault", [faults.Delay(4), faults.Drip(pieces=100, pause_s=0.1)], ids=["silent", "dripping"])
def test_a_batch_that_takes_too_long_is_halved(fault: faults.Action, connect: ClientFactory) -> None:
    with serve(numbered_space(40)) as sandbox:
        client = connect(sandbox, timeout_seconds=1, patience=Patience(attempts=1))
        space = client.space("BIG")
        table = sweep(client, space, restrictions="unchecked").table
        sandbox.fail(fault, r"/pages\?id=(\d+(%2C|,)){30}", times=None)
        pages = list(extract_pages(client, space, table.to_pylist(), inventory=table))
        assert len(pages) == 41


@pytest.mark.parametrize(
    "fault", [faults.Refuse(500), faults.Reset(), faults.Truncate()], ids=["500", "reset", "truncated"]
)
def test_one_page_that_breaks_every_answer_fails_alone(
    fault: faults.Action, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    poison = sandbox.id_of("linux")
    sandbox.fail(fault, rf"/pages\?.*id=[\d,%C]*\b{poison}\b.*body-format", times=None)
    sandbox.fail(fault, rf"/pages\?.*id=(\d+%2C)*{poison}(%2C|&).*body-format", times=None)
    pages, extraction = extract(client)
    assert len(pages) == 9
    failure = extraction.account.failed[poison]
    assert (failure.title, failure.version) == ("Linux", 1)
    assert failure.error_type in ("UnavailableError", "BrokenAnswerError")
    assert extraction.account.asked == extraction.account.got | {poison}


def test_an_outage_blames_no_page(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    table = sweep(client, space).table
    sandbox.fail(faults.Refuse(503), r"/pages\?", times=None)
    extraction = Extraction(client, space, table.to_pylist(), inventory=table)
    with pytest.raises(errors.UnavailableError):
        list(extraction.groups())
    assert extraction.account.failed == {}


def test_a_token_revoked_in_the_middle_ends_the_work_at_once(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    table = sweep(client, space).table
    sandbox.fail(faults.Refuse(401), r"/pages\?", times=None)
    with pytest.raises(errors.UnauthorizedError):
        list(extract_pages(client, space, table.to_pylist(), inventory=table))


def test_a_page_that_is_listed_but_never_handed_out_is_a_failure_and_not_gone(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    linux = sandbox.id_of("linux")

    def withhold(page: dict[str, Any]) -> dict[str, Any]:
        page["results"] = [item for item in page["results"] if item["id"] != linux]
        return page

    space = client.space("PROD")
    table = sweep(client, space).table
    sandbox.fail(faults.Rewrite(withhold), "body-format=storage", times=None)
    extraction = Extraction(client, space, table.to_pylist(), inventory=table)
    list(extraction.groups())
    assert extraction.account.gone == {}
    assert list(extraction.account.failed) == [linux]


def test_a_page_without_a_body_in_its_answer_is_asked_for_again(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    def no_bodies(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            item["body"] = {}
        return page

    sandbox.fail(faults.Rewrite(no_bodies), "body-format=storage")
    pages, _ = extract(client)
    assert len(pages) == 10
    assert all(page["storage"] for page in pages.values())


@pytest.mark.parametrize("fails", [False, True])
def test_a_live_doc_that_reads_empty_has_the_text_of_the_version_before(
    fails: bool, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.make_live("guide")
    sandbox.edit("guide", storage="<p>Written live.</p>")
    sandbox.site.live_reads_empty = True
    if fails:
        sandbox.fail(faults.Refuse(403), "version=1", times=None)
    space = client.space("PROD")
    table = sweep(client, space).table
    extraction = Extraction(client, space, table.to_pylist(), inventory=table)
    pages = {page["title"]: page for group in extraction.groups() for page in group}
    assert pages["Guide"]["storage"] == ("" if fails else "<p>Written live.</p>")
    assert pages["Guide"]["version"] == 2
    assert pages["Guide"]["lacking"] == (["the text of the version before"] if fails else [])
    assert len(extraction.account.warnings) == 1
