"""Spaces by key, counts, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.content import Count
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.sources.space_key import SpaceKeyError
from sandbox.confluence import faults
from sandbox.confluence.sandbox import READER_USER, SCOPED_TOKEN, SYNC_EMAIL, SandboxConfluence, serve
from sandbox.seed import SeedPage, SeedSpace
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import numbered_space, requests_of


def test_nothing_is_sent_before_the_first_call(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    client = connect(sandbox)
    assert client.requests_made == 0
    assert requests_of(sandbox) == []


def test_a_space_is_found_by_its_key(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    space = client.space("PROD")
    assert (space.key, space.name, space.status) == ("PROD", "Product", "current")
    assert space.homepage_id == sandbox.id_of("home")
    assert space.url == f"{sandbox.base_url}/wiki/spaces/PROD"


def test_a_space_travels_as_json(client: ConfluenceClient) -> None:
    space = client.space("PROD")
    assert Space.from_json(space.to_json()) == space


def test_a_renamed_space_is_found_by_its_old_and_its_new_key(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.rename_space_key("PROD", "PRODUCT")
    assert client.space("PROD") == client.space("PRODUCT")
    assert (client.space("PRODUCT").key, client.space("PRODUCT").alias) == ("PROD", "PRODUCT")


def test_a_personal_space_is_found_and_counted(connect: ClientFactory) -> None:
    key = "~712020ab.cd"
    space = SeedSpace(key, "Jo", "", tuple(SeedPage(f"p{n}", f"P{n}", "") for n in range(260)), kind="personal")
    with serve(space) as sandbox:
        client = connect(sandbox)
        assert client.count(client.space(key)) == Count(260)


def test_a_wrong_key_names_near_matches(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.add_space(numbered_space(1, key="PROC"))
    with pytest.raises(errors.SpaceNotFoundError) as raised:
        client.space("prod")
    assert raised.value.summary == 'Space not found: "prod"'
    assert "case-sensitive" in raised.value.remedy
    assert '"PROD" (Product)' in raised.value.remedy


def test_a_key_like_no_other_is_not_found_either(client: ConfluenceClient) -> None:
    with pytest.raises(errors.SpaceNotFoundError, match="none with a similar key"):
        client.space("XYZ123")


def test_a_space_that_the_account_cannot_see_is_not_found(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.hide_space("PROD", viewers=[READER_USER.email])
    with pytest.raises(errors.SpaceNotFoundError, match="sees no space at all"):
        client.space("PROD")


def test_asks_for_identity_and_space_at_the_same_time_where_it_is_certain_that_this_is_cloud(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, deployment="cloud")
    assert client.space("PROD").key == "PROD"
    assert client.sign_in().via == "site"
    assert sorted(request.path for request in requests_of(sandbox)) == [
        "/wiki/api/v2/spaces",
        "/wiki/rest/api/user/current",
    ]


def test_a_space_asked_for_too_early_is_asked_for_again_through_the_gateway(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, token=SCOPED_TOKEN, deployment="cloud")
    assert client.space("PROD").key == "PROD"
    assert client.sign_in().via == "gateway"


def test_a_space_that_anybody_sees_does_not_hide_wrong_credentials(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    sandbox.site.anonymous_access = True
    with pytest.raises(errors.UnauthorizedError, match="anonymous"):
        connect(sandbox, token="not-the-token", deployment="cloud").space("PROD")


def test_a_missing_space_of_a_certain_cloud_is_looked_for_once(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    with pytest.raises(errors.SpaceNotFoundError, match="Did you mean"):
        connect(sandbox, deployment="cloud").space("PRD")
    assert sandbox.log.count("keys=PRD") == 1


def test_a_key_that_cannot_be_one_is_not_even_asked_for(client: ConfluenceClient) -> None:
    with pytest.raises(SpaceKeyError):
        client.space("no key")
    assert client.requests_made == 0


def test_counts_current_pages_and_blog_posts_only(client: ConfluenceClient) -> None:
    space = client.space("PROD")
    assert client.count(space) == Count(12)
    assert client.count(space, ("page",)) == Count(10)
    assert client.count(space, ("blogpost",)) == Count(2)


@pytest.mark.parametrize("count", [249, 250])
def test_a_count_takes_one_listing_and_one_search_at_the_same_time(count: int, connect: ClientFactory) -> None:
    with serve(numbered_space(count)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        before = client.requests_made
        assert client.count(space, ("page",)) == Count(count + 1)
        assert client.requests_made - before == 2


def test_a_count_without_the_right_to_search_says_what_the_listing_showed(connect: ClientFactory) -> None:
    with serve(numbered_space(600)) as sandbox:
        client = connect(sandbox, token=SCOPED_TOKEN)
        space = client.space("BIG")
        sandbox.set_scopes(SCOPED_TOKEN, ["read:page:confluence"])
        counted = client.count(space, ("page",))
        assert counted == Count(250, exact=False)
        assert str(counted) == "more than 250 pages"


@pytest.mark.parametrize("answer", [{"results": []}, {"results": [], "totalSize": "many"}, {"totalSize": 3}, []])
def test_a_search_that_tells_no_usable_total_is_no_reason_to_fail(answer: Any, connect: ClientFactory) -> None:
    with serve(numbered_space(600)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        sandbox.fail(faults.Rewrite(lambda _: answer), "/rest/api/search", times=None)
        assert client.count(space, ("page",)) == Count(250, exact=False)


@pytest.mark.parametrize("status", [400, 404, 410, 500])
def test_a_search_that_refuses_is_no_reason_to_fail(status: int, connect: ClientFactory) -> None:
    with serve(numbered_space(600)) as sandbox:
        client = connect(sandbox)
        space = client.space("BIG")
        sandbox.fail(faults.Refuse(status), "/rest/api/search", times=None)
        assert not client.count(space, ("page",)).exact


def test_validating_a_connection_takes_six_requests_at_most(connect: ClientFactory) -> None:
    with serve(numbered_space(300)) as sandbox:
        client = connect(sandbox, token=SCOPED_TOKEN)
        assert client.count(client.space("BIG")) == Count(301)
        assert client.requests_made <= 6


def test_a_missing_scope_is_named_by_the_call_that_needs_it(sandbox: SandboxConfluence, connect: ClientFactory) -> None:
    sandbox.set_scopes(SCOPED_TOKEN, ["read:content-details:confluence"])
    client = connect(sandbox, token=SCOPED_TOKEN)
    with pytest.raises(errors.MissingScopeError, match="read:space:confluence"):
        client.space("PROD")


def test_a_token_revoked_in_the_middle_of_the_work_is_unauthorized(
    client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = client.space("PROD")
    sandbox.set_user(SYNC_EMAIL, product_access=False)
    with pytest.raises(errors.ForbiddenError):
        client.count(space)


def test_links_in_answers_lead_nowhere_else(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    """``base`` and ``next`` of another host are not followed, and do not get into the pages' addresses."""
    sandbox.add_space(numbered_space(600))
    sandbox.fail(faults.ForeignLinks("http://localhost:1"), "/api/v2/|content/search", times=None)
    space = client.space("BIG")
    listed = client.api.list_contents(space, "page")
    assert not listed.problems
    searched = [item["id"] for item in client.api.search('space = "BIG" and type = page', ("version",), 250)]
    bodies = client.api.bodies(list(listed.contents)[:100], "page")
    assert (len(listed.contents), len(set(searched)), len(bodies.contents)) == (601, 601, 100)
    contents = [*listed.contents.values(), *bodies.contents]
    assert {content.url.split("/wiki/")[0] for content in contents} == {sandbox.base_url}
    assert {request.host for request in requests_of(sandbox)} == {sandbox.base_url.removeprefix("http://")}
