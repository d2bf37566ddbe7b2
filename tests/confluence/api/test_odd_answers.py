"""After a proven sign-in one odd answer in the middle passes; a lasting one is told without advice that cannot help."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.answers import odd_after_sign_in
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.sweep.inventory import sweep
from confluence_to_twig.errors import PermanentError, PipelineError, TransientError
from confluence_to_twig.http.retry import Patience
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SandboxConfluence
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import QUICK, forget_requests, requests_of

ODD: dict[str, tuple[faults.Action, type[PermanentError]]] = {
    "web page": (
        faults.Refuse(200, "<html><body>We are performing maintenance</body></html>"),
        errors.NotConfluenceError,
    ),
    "302": (faults.Redirect("https://id.example.com/login"), errors.RedirectedError),
    "401": (faults.Refuse(401), errors.UnauthorizedError),
    "404": (faults.Refuse(404), errors.NotFoundError),
    "410": (faults.Refuse(410), errors.EndpointRemovedError),
}
PAGES = r"/spaces/\d+/pages"


@pytest.fixture
def signed_in(client: ConfluenceClient, sandbox: SandboxConfluence) -> ConfluenceClient:
    client.space("PROD")
    forget_requests(sandbox)
    return client


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_answer_in_the_middle_is_asked_again(
    odd: str, signed_in: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(ODD[odd][0], PAGES, times=QUICK.odd_attempts - 1)
    assert sorted(sweep(signed_in, signed_in.space("PROD")).table["title"].to_pylist())[:3] == [
        "Below secret",
        "Guide",
        "Home",
    ]


@pytest.mark.parametrize("odd", ODD)
def test_a_lasting_odd_answer_ends_with_advice_that_can_help(
    odd: str, signed_in: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    fault, kind = ODD[odd]
    space = signed_in.space("PROD")
    forget_requests(sandbox)
    sandbox.fail(fault, PAGES, times=None)
    with pytest.raises(kind, match="the same in several tries") as raised:
        signed_in.api.list_contents(space, "page")
    assert len({request.query for request in requests_of(sandbox)}) * QUICK.odd_attempts >= len(requests_of(sandbox))
    for wrong in ("Check the domain", "wrong domain", "scope", "address that the site really has"):
        assert wrong not in str(raised.value)


def test_before_the_sign_in_an_odd_answer_is_told_at_once(client: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    sandbox.fail(ODD["web page"][0], "/user/current", times=None)
    with pytest.raises(errors.NotConfluenceError, match="Check the domain"):
        client.sign_in()
    assert sandbox.log.count("/user/current") == 1


def test_a_thing_that_is_not_there_is_no_odd_answer(signed_in: ConfluenceClient, sandbox: SandboxConfluence) -> None:
    with pytest.raises(errors.NotFoundError):
        signed_in.api.rendered("999999", "page")
    assert len(requests_of(sandbox)) == 1


def test_a_client_of_a_later_task_knows_that_the_sign_in_was_proven(
    signed_in: ConfluenceClient, sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    later = connect(sandbox, signed_in=signed_in.sign_in().to_json())
    sandbox.fail(ODD["302"][0], "/spaces", times=1)
    assert later.space("PROD").key == "PROD"


def test_a_404_of_search_in_the_middle_advises_no_scope(
    signed_in: ConfluenceClient, sandbox: SandboxConfluence, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail(faults.Refuse(404), "content/search", times=1)
    with caplog.at_level(logging.INFO):
        table = sweep(signed_in, signed_in.space("PROD")).table
    restricted = [row["title"] for row in table.to_pylist() if row["restricted"]]
    assert sorted(restricted) == ["Below secret", "Secret"]
    assert "scope" not in caplog.text


@pytest.mark.parametrize(
    ("path", "listing"),
    [
        ("/wiki/api/v2/pages", True),
        ("/ex/confluence/abc/wiki/api/v2/spaces/7/pages", True),
        ("/wiki/rest/api/content/search", True),
        ("/confluence/rest/api/content", True),
        ("/wiki/api/v2/users-bulk", True),
        ("/wiki/api/v2/labels/7/pages", True),
        ("/wiki/api/v2/pages/7", False),
        ("/wiki/api/v2/folders/7", False),
        ("/wiki/rest/api/content/7", False),
        ("/wiki/rest/api/content/7/restriction/byOperation/read", False),
        ("/rest/api/space/KEY", False),
    ],
)
def test_404_is_odd_for_listings_only(path: str, listing: bool) -> None:
    assert (errors.NotFoundError in odd_after_sign_in(f"https://x.example.com{path}?limit=1")) is listing


def test_rate_limits_without_a_time_cost_seconds_and_not_minutes(
    sandbox: SandboxConfluence, connect: ClientFactory
) -> None:
    client = connect(sandbox, patience=Patience())
    space = client.space("PROD")
    reset = {"X-RateLimit-Reset": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(time.time() + 60))}
    sandbox.fail(faults.Refuse(429, headers=reset), PAGES, times=2)
    start = time.monotonic()
    client.api.list_contents(space, "page")
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (PAGES, "title", 7),
        (PAGES, "position", "first"),
        (PAGES, "status", {}),
        ("content/search", "metadata", 7),
        ("content/search", "restrictions", 7),
        (r"/spaces\?", "key", 7),
        (r"/folders/", "title", 7),
    ],
)
def test_an_odd_field_breaks_an_answer_and_not_the_program(
    path: str, field: str, value: object, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.OddRow(field=field, value=value), path, times=None)
    try:
        swept = sweep(client, client.space("PROD"))
    except PipelineError:
        return
    found = {row["title"]: row for row in swept.table.to_pylist()}
    assert not swept.complete or found["Guide"]["labels"] == ["guide", "public"]
    assert found["Below secret"]["restricted"]


@pytest.mark.parametrize("answer", [None, [], "who"])
def test_an_answer_that_does_not_say_who_asks_is_broken(
    answer: object, client: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Rewrite(lambda _: answer), "user/current", times=None)
    with pytest.raises(errors.BrokenAnswerError):
        client.sign_in()


_ROWS: dict[str, Callable[[ConfluenceClient, Space], object]] = {
    "states": lambda client, space: client.api.states([space.homepage_id or ""], "page"),
    "bodies": lambda client, space: client.api.bodies([space.homepage_id or ""], "page"),
    "labels": lambda client, space: client.api.labels(space, ("page",)),
    "labels of a page": lambda client, space: client.api.labels_of(space.homepage_id or "", "page"),
    "spaces": lambda client, space: client.api.visible_spaces(),
    "attachments": lambda client, space: client.api.attachments_of(space.homepage_id or "", "page"),
    "comments": lambda client, space: client.api.comments_of(space.homepage_id or "", "page"),
}


@pytest.mark.parametrize("rows", _ROWS)
def test_a_row_that_is_nothing_makes_the_answer_a_broken_one(
    rows: str, signed_in: ConfluenceClient, sandbox: SandboxConfluence
) -> None:
    space = signed_in.space("PROD")
    odd = faults.Rewrite(lambda body: body | {"results": [None], "_links": {}} if "results" in body else body)
    sandbox.fail(odd, "/rest/api|/api/v2", times=None)
    with pytest.raises(TransientError, match=r"came incomplete|without an id"):
        _ROWS[rows](signed_in, space)
