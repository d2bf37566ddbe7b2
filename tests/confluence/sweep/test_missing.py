"""What became of a page that is not in the inventory: asked by id, one reason each."""

from __future__ import annotations

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.sweep.inventory import explain_missing
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SandboxConfluence
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import forget_requests, numbered_space, requests_of


def test_every_page_gets_its_reason(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.add_space(numbered_space(1))
    refs = ("guide", "install", "linux", "rich", "in-folder")
    guide, install, linux, rich, in_folder = (sandbox.id_of(ref) for ref in refs)
    sandbox.archive("guide")
    sandbox.trash("install")
    sandbox.move_to_space("linux", "BIG")
    sandbox.purge("rich")
    found = explain_missing(client, [guide, install, linux, rich, in_folder, "999999"], "page", client.space("PROD"))
    assert found == {
        guide: "archived",
        install: "trashed",
        linux: "moved to another space",
        rich: "gone or no longer visible",
        in_folder: "still there",
        "999999": "gone or no longer visible",
    }


def test_a_page_hidden_from_the_account_looks_gone(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.add_token(READER_USER.email, "readers-own")
    client = connect(sandbox, token="readers-own", email=READER_USER.email)
    guide = sandbox.id_of("guide")
    space = client.space("PROD")
    assert explain_missing(client, [guide], "page", space) == {guide: "still there"}
    sandbox.restrict("guide", users=["712020:somebody-else"])
    assert explain_missing(client, [guide], "page", space) == {guide: "gone or no longer visible"}


def test_blog_posts_are_asked_for_as_blog_posts(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    news, older = sandbox.id_of("news"), sandbox.id_of("old-news")
    sandbox.trash("news")
    found = explain_missing(client, [news, older], "blogpost", client.space("PROD"))
    assert found == {news: "trashed", older: "still there"}


def test_two_hundred_pages_are_one_request(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    forget_requests(sandbox)
    explain_missing(client, (str(number) for number in range(1, 401)), "page", space)
    assert len(requests_of(sandbox)) == 2


def test_an_error_is_never_taken_for_absence(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    sandbox.fail(faults.Refuse(500), "/pages", times=None)
    assert explain_missing(client, [sandbox.id_of("guide")], "page", space) == {sandbox.id_of("guide"): "untold"}


def test_one_id_that_fails_costs_itself_only(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    guide, old = sandbox.id_of("guide"), sandbox.id_of("old")
    sandbox.fail(faults.Refuse(400), f"/pages.*{guide}", times=None)
    found = explain_missing(client, [guide, old, "999999"], "page", space)
    assert found == {guide: "untold", old: "archived", "999999": "gone or no longer visible"}


def test_look_ups_that_never_answer_are_given_up_after_some(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    sandbox.fail(faults.Refuse(400), "/pages", times=None)
    forget_requests(sandbox)
    found = explain_missing(client, map(str, range(1, 1001)), "page", space)
    assert set(found.values()) == {"untold"}
    assert len(found) == 1000
    assert len(requests_of(sandbox)) <= 40


def test_nothing_missing_is_no_request(client: ConfluenceClient) -> None:
    space = client.space("PROD")
    before = client.requests_made
    assert explain_missing(client, [], "page", space) == {}
    assert client.requests_made == before


def test_data_center_gives_the_same_reasons(data_center: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(data_center)
    guide, install = data_center.id_of("guide"), data_center.id_of("install")
    data_center.trash("guide")
    found = explain_missing(client, [guide, install, "999999"], "page", client.space("PROD"))
    assert found == {guide: "trashed", install: "still there", "999999": "gone or no longer visible"}
