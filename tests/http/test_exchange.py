"""One exchange against servers that send what no HTTP library would: bounded in time and in size."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import pytest
import requests

from confluence_to_twig.http.errors import AnswerTooLargeError, BrokenAnswerError, UnavailableError
from confluence_to_twig.http.exchange import Answer, Request, exchange, unpacked
from confluence_to_twig.http.session import Bearer, NoAuth, prepared
from tests.http.raw_server import dripping_body, dripping_headers, endless_chunks, raw_server, seconds_since

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with prepared(requests.Session(), connections=2) as made:
        made.auth = NoAuth()
        yield made


def ask(session: requests.Session, url: str, seconds: float = 5, max_bytes: int = 1_000_000) -> Answer:
    return exchange(
        session, Request("GET", f"{url}/a/path?q=1", max_bytes=max_bytes), verify=True, seconds=seconds, silence=30
    )


@pytest.mark.parametrize("drip", [dripping_headers, dripping_body, endless_chunks], ids=lambda drip: drip.__name__)
def test_a_server_that_drips_is_given_up_within_the_time_whatever_it_drips(
    session: requests.Session, drip: object
) -> None:
    pieces, pause = drip()  # type: ignore[operator]
    with raw_server(pieces, pause) as url:
        start = time.monotonic()
        with pytest.raises(UnavailableError, match="/a/path"):
            ask(session, url, seconds=1)
        assert 0.9 < seconds_since(start) < 3


def test_a_body_that_keeps_coming_within_the_time_arrives(session: requests.Session) -> None:
    pieces = [OK + b"Content-Length: 10\r\n\r\n", *[b"x"] * 10]
    with raw_server(pieces, 0.05) as url:
        assert ask(session, url, seconds=5).body == b"x" * 10


def test_a_body_that_ends_with_the_connection_arrives_whole(session: requests.Session) -> None:
    with raw_server([OK + b"Connection: close\r\n\r\n", b"one ", b"two"], 0.05) as url:
        assert ask(session, url).body == b"one two"


def test_a_connection_is_used_again_with_the_time_of_its_own_request(session: requests.Session) -> None:
    from sandbox.twig import serve

    with serve() as served:
        url = served.base_url
        for seconds in (0.5, 5.0):
            assert ask(session, url, seconds=seconds).status in (401, 404)
            time.sleep(0.6)
        pools = session.get_adapter(url).poolmanager.pools  # type: ignore[attr-defined]
        (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118
        assert (pool.num_connections, pool.num_requests) == (1, 2)


def test_an_answer_that_never_ends_is_not_read_to_its_end(session: requests.Session) -> None:
    with raw_server([OK + b"\r\n", *[b"x" * 100_000] * 1_000]) as url, pytest.raises(AnswerTooLargeError):
        ask(session, url)


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked(session: requests.Session) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with raw_server([head + bomb]) as url, pytest.raises(AnswerTooLargeError):
        unpacked(ask(session, url))


def test_a_body_shorter_than_announced_is_broken(session: requests.Session) -> None:
    with raw_server([OK + b"Content-Length: 100\r\n\r\nshort"]) as url, pytest.raises(BrokenAnswerError):
        ask(session, url)


def test_a_token_is_in_no_header_of_the_session() -> None:
    session = prepared(requests.Session(), connections=2)
    session.auth = Bearer("secret-token")
    assert "secret-token" not in repr(vars(session)["headers"])
    assert "secret-token" not in repr(session.auth)
