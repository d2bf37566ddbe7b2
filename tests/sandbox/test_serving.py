from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests
from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from sandbox.serving import (
    Allowance,
    Latency,
    RateLimit,
    TokenBucket,
    abort_connection,
    require_loopback,
    running,
)

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HELLO = FastAPI(openapi_url=None)


@HELLO.get("/hello")
def hello() -> dict[str, str]:
    return {"hello": "world"}


@HELLO.get("/_sandbox/hello")
def control_hello() -> dict[str, str]:
    return {"hello": "control"}


def test_serves_on_a_free_loopback_port_and_stops_at_the_end_of_the_block() -> None:
    with running(HELLO) as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert requests.get(f"{base_url}/hello", timeout=10).json() == {"hello": "world"}
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{base_url}/hello", timeout=10)
    assert not [thread for thread in threading.enumerate() if base_url in thread.name]


def test_two_servers_run_side_by_side() -> None:
    with running(HELLO) as first, running(HELLO) as second:
        assert first != second
        assert requests.get(f"{second}/hello", timeout=10).ok


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_loopback_hosts_are_accepted(host: str) -> None:
    assert require_loopback(host) == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", ""])
def test_any_other_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"), running(HELLO, host=host):
        pass


def test_a_taken_port_is_one_clear_error() -> None:
    with running(HELLO) as base_url:
        port = int(base_url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"), running(HELLO, port=port):
            pass


def test_latency_delays_requests_but_not_the_control_api() -> None:
    with running(Latency(HELLO, delay_ms=200)) as base_url:
        started = time.monotonic()
        requests.get(f"{base_url}/hello", timeout=10)
        slow = time.monotonic() - started
        started = time.monotonic()
        requests.get(f"{base_url}/_sandbox/hello", timeout=10)
        assert slow >= 0.2
        assert time.monotonic() - started < slow


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    now = [100.0]
    bucket = TokenBucket(per_second=2, burst=3, clock=lambda: now[0])
    assert [bucket.take().remaining for _ in range(3)] == [2, 1, 0]
    refused = bucket.take()
    assert (refused.allowed, refused.retry_after_s, refused.full_after_s) == (False, 0.5, 1.5)
    now[0] += refused.retry_after_s
    assert bucket.take().allowed
    assert not bucket.take().allowed
    now[0] += 1000
    assert bucket.take().remaining == 2


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_bucket_without_a_rate_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        TokenBucket(per_second, burst)


def test_a_limited_app_tells_every_request_where_it_stands() -> None:
    def headers(allowance: Allowance) -> dict[str, str]:
        return {"X-RateLimit-Remaining": str(allowance.remaining)}

    def refusal(allowance: Allowance) -> Response:
        return JSONResponse({"wait": allowance.retry_after_s}, status_code=429)

    bucket = TokenBucket(per_second=0.001, burst=2)
    app = RateLimit(HELLO, lambda scope: bucket, headers, refusal)
    with running(app) as base_url:
        answers = [requests.get(f"{base_url}/hello", timeout=10) for _ in range(3)]
        control = requests.get(f"{base_url}/_sandbox/hello", timeout=10)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert control.status_code == 200
    assert "X-RateLimit-Remaining" not in control.headers


def test_an_aborted_connection_reaches_the_client_as_a_reset() -> None:
    async def rude(scope: Scope, receive: Receive, send: Send) -> None:
        abort_connection(receive)

    with running(rude) as base_url, pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        requests.get(base_url, timeout=10)
