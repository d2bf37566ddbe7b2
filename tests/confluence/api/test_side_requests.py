"""A request for what a page has besides its body is halved, blames the one, and is given up when nothing succeeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from confluence_to_twig.confluence.api import side_requests
from confluence_to_twig.confluence.api.errors import (
    ClientClosedError,
    ForbiddenError,
    MissingScopeError,
    RateLimitedError,
    RejectedRequestError,
    UnavailableError,
)
from confluence_to_twig.confluence.api.side_requests import FAILURES_IN_A_ROW, SideRequests
from confluence_to_twig.confluence.api.workers import Workers
from confluence_to_twig.errors import PipelineError

IDS = [str(number) for number in range(250)]


class Server:
    """Answers with the ids themselves, and fails for questions that name one of ``bad``."""

    def __init__(self, *bad: str, error: PipelineError | None = None) -> None:
        self.bad = bad
        self.error = error or UnavailableError("500 for /x/17/y")
        self.asked = 0

    def read(self, ids: Sequence[str]) -> list[str]:
        self.asked += 1
        if not set(self.bad).isdisjoint(ids):
            raise self.error
        return list(ids)


@pytest.fixture
def requests() -> Iterator[SideRequests]:
    workers = Workers(4)
    yield SideRequests(workers, "comments")
    workers.close()


def read_all(requests: SideRequests, server: Server, at_once: int = 250) -> list[str]:
    return sorted((found for part in requests.ask(IDS, at_once, server.read) for found in part), key=int)


@pytest.mark.parametrize("error", [UnavailableError("500"), RejectedRequestError("400"), ForbiddenError("403")])
def test_the_one_that_breaks_a_batch_is_done_without_and_all_others_are_there(
    error: PipelineError, requests: SideRequests
) -> None:
    server = Server("17", error=error)
    assert read_all(requests, server) == [key for key in IDS if key != "17"]
    assert requests.failed == {"17": error.summary}
    assert server.asked <= 2 * 8 + 1
    assert requests.lacks({"17", "18"})
    assert not requests.lacks({"18"})


def test_what_always_fails_is_given_up_after_a_row_of_failures(requests: SideRequests) -> None:
    server = Server(*IDS)
    assert read_all(requests, server) == []
    assert requests.failed.keys() == set(IDS)
    assert server.asked == FAILURES_IN_A_ROW
    assert read_all(requests, server) == []
    assert server.asked == FAILURES_IN_A_ROW


def test_failures_between_successes_do_not_end_it(requests: SideRequests) -> None:
    server = Server(*IDS[::4])
    assert len(read_all(requests, server, at_once=1)) == 187
    assert not requests.given_up


def test_a_row_of_failures_that_takes_too_long_ends_it(requests: SideRequests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_requests, "SECONDS_IN_A_ROW", 0.0)
    server = Server(*IDS)
    read_all(requests, server)
    assert server.asked == 1


def test_very_many_failures_end_it_though_others_succeed(
    requests: SideRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_requests, "FAILURES", 30)
    server = Server(*IDS[::2])
    read_all(requests, server, at_once=1)
    assert requests.given_up


def test_a_rate_limit_that_outlasts_all_patience_ends_it_at_once(requests: SideRequests) -> None:
    server = Server("17", error=RateLimitedError("429"))
    assert read_all(requests, server) == []
    assert (server.asked, requests.lacks({"3"})) == (1, True)


def test_a_scope_that_the_token_lacks_is_not_a_reason_to_fetch_pages_again(requests: SideRequests) -> None:
    server = Server("17", error=MissingScopeError("no scope"))
    assert read_all(requests, server) == []
    assert (server.asked, requests.lacks({"3"})) == (1, False)
    assert requests.warnings()[0].endswith("come without comments: no scope")


def test_errors_that_have_another_way_around_end_it_at_once() -> None:
    requests = SideRequests(Workers(1), "search results", hopeless=(ForbiddenError,))
    server = Server(*IDS, error=ForbiddenError("403"))
    read_all(requests, server)
    assert server.asked == 1


def test_a_client_that_was_closed_is_no_failure_of_a_page(requests: SideRequests) -> None:
    with pytest.raises(ClientClosedError):
        read_all(requests, Server("17", error=ClientClosedError("closed")))
    assert requests.failed == {}


def test_failures_of_the_same_kind_are_one_sentence_that_names_the_pages(requests: SideRequests) -> None:
    for key in ("100", "200"):
        requests.ask([key], 1, Server(key, error=UnavailableError(f"500 for /pages/{key}/comments")).read)
    requests.ask(["300"], 1, Server("300", error=RejectedRequestError("400")).read)
    assert requests.warnings() == [
        "Pages 100, 200 come without comments: 500 for /pages/100/comments. The next run tries again.",
        "Page 300 comes without comments: 400. The next run tries again.",
    ]


def test_what_concerns_no_single_page_is_attempted_once(requests: SideRequests) -> None:
    server = Server("")
    assert requests.attempt(lambda: server.read([""])) is None
    assert requests.attempt(lambda: server.read(["1"])) == ["1"]
    assert requests.failed == {}
