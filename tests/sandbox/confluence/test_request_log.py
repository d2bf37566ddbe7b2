from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Any

from sandbox.confluence import SYNC_TOKEN, Refuse, Reset, SandboxConfluence


def test_requests_are_logged_with_their_outcome_and_no_secret(confluence: SandboxConfluence, client: Any) -> None:
    client.get("/api/v2/pages", limit=2)
    client.get("/api/v2/pages/1", auth=None)
    listing, single = confluence.log.requests
    assert (listing.number, listing.method, listing.path) == (1, "GET", "/wiki/api/v2/pages")
    assert (listing.query, listing.auth, listing.login, listing.status) == ("limit=2", "basic", "sync@example.com", 200)
    assert (single.auth, single.login, single.status) == ("none", "", 401)
    assert SYNC_TOKEN not in str([asdict(request) for request in confluence.log.requests])


def test_counters_by_endpoint_status_and_auth(confluence: SandboxConfluence, client: Any) -> None:
    client.get("/api/v2/pages/1")
    client.get("/api/v2/pages/2")
    client.get("/api/v2/attachments/att7")
    stats = confluence.log.stats()
    assert stats["requests"] == 3
    assert stats["by_endpoint"] == {"GET /wiki/api/v2/pages/{id}": 2, "GET /wiki/api/v2/attachments/{id}": 1}
    assert stats["by_status"] == {"404": 3}
    assert stats["by_auth"] == {"basic": 3}
    assert confluence.log.count("/pages/") == confluence.log.count("/pages/", method="GET", status=404) == 2
    confluence.log.reset()
    assert confluence.log.stats()["requests"] == 0


def test_a_token_in_the_place_of_the_login_is_not_logged(confluence: SandboxConfluence, client: Any) -> None:
    client.get("/api/v2/pages", auth=(SYNC_TOKEN, ""))
    (request,) = confluence.log.requests
    assert (request.auth, request.login) == ("basic", "")


def test_spoiled_requests_are_logged_too(confluence: SandboxConfluence, client: Any) -> None:
    confluence.fail(Refuse(503))
    client.get("/api/v2/pages")
    confluence.fail(Reset())
    with contextlib.suppress(OSError):
        client.get("/api/v2/pages")
    assert [request.status for request in confluence.log.requests] == [503, 0]


def test_requests_under_way_at_the_same_time_are_counted(confluence: SandboxConfluence, client: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    confluence.latency_ms = 300
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.get("/api/v2/spaces"), range(4)))
    assert 2 <= confluence.log.stats()["most_in_flight"] <= 4
