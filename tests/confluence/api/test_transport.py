"""Requests over real HTTP: where they go, what they reveal, and what they survive."""

from __future__ import annotations

import base64
import http.server
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.api.transport import Transport
from confluence_to_twig.http.retry import Patience
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SYNC_EMAIL, SYNC_TOKEN, SandboxConfluence
from tests.confluence.conftest import ClientFactory
from tests.confluence.spaces import QUICK, requests_of, settings_of
from tests.http.raw_server import dripping_body, dripping_headers, raw_server

WHO = "/rest/api/user/current"


@pytest.fixture
def transport(sandbox: SandboxConfluence) -> Iterator[Transport]:
    made = Transport(settings_of(sandbox), (sandbox.site_url,), patience=QUICK)
    yield made
    made.close()


def who(transport: Transport, sandbox: SandboxConfluence) -> str:
    return str(transport.get(sandbox.site_url + WHO)["displayName"])


# What it survives


@pytest.mark.parametrize(
    "fault",
    [
        faults.Refuse(500),
        faults.Refuse(502, "<h1>Bad gateway</h1>"),
        faults.Refuse(503, headers={"Retry-After": "0"}),
        faults.Reset(),
        faults.Cut(),
        faults.Truncate(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_passing_fault_is_healed_by_trying_again(
    fault: faults.Action, transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(fault, WHO, times=2)
    assert who(transport, sandbox) == "Sync Service"
    assert transport.requests_made == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.Refuse(503), errors.UnavailableError),
        (faults.Reset(), errors.UnavailableError),
        (faults.Cut(), errors.BrokenAnswerError),
        (faults.Truncate(), errors.BrokenAnswerError),
    ],
    ids=["Refuse", "Reset", "Cut", "Truncate"],
)
def test_a_lasting_fault_is_an_error_that_passes_later(
    fault: faults.Action, error: type[Exception], transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(fault, WHO, times=None)
    with pytest.raises(error):
        who(transport, sandbox)
    assert transport.requests_made == QUICK.attempts


def test_a_server_that_drips_does_not_hold_a_request_beyond_its_time(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Drip(pieces=100, pause_s=0.1), WHO, times=None)
    transport = Transport(settings_of(sandbox, timeout_seconds=1), (sandbox.site_url,), patience=Patience(attempts=1))
    with pytest.raises(errors.UnavailableError, match="too slowly"):
        who(transport, sandbox)


@pytest.mark.parametrize("drip", [dripping_headers, dripping_body], ids=lambda drip: drip.__name__)
def test_a_server_that_drips_a_byte_at_a_time_is_given_up_within_its_time(
    drip: Callable[[], tuple[list[bytes], float]],
) -> None:
    start = time.monotonic()
    with raw_server(*drip()) as url:
        settings = ConfluenceSettings.from_fields(url, SYNC_EMAIL, SYNC_TOKEN, {"timeout_seconds": 1})
        with pytest.raises(errors.UnavailableError):
            Transport(settings, (url,), patience=Patience(attempts=1)).get(url + WHO)
    assert 0.9 < time.monotonic() - start < 3


def test_a_server_that_says_nothing_does_not_hold_a_request_beyond_its_time(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Delay(5), WHO, times=None)
    transport = Transport(settings_of(sandbox, timeout_seconds=1), (sandbox.site_url,), patience=Patience(attempts=1))
    with pytest.raises(errors.UnavailableError, match="No answer within"):
        who(transport, sandbox)


def test_what_needs_a_human_is_not_tried_again(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(403), WHO, times=None)
    with pytest.raises(errors.ForbiddenError):
        who(transport, sandbox)
    assert transport.requests_made == 1


def test_a_web_page_is_not_taken_for_an_answer(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(200, "<h1>Sign in</h1>"), WHO, times=None)
    with pytest.raises(errors.NotConfluenceError, match="web page"):
        who(transport, sandbox)


def test_an_answer_above_the_limit_is_not_read_to_its_end(transport: Transport, sandbox: SandboxConfluence) -> None:
    with pytest.raises(errors.AnswerTooLargeError):
        transport.get(sandbox.site_url + WHO, max_bytes=10, patience=Patience(attempts=1))


def test_nobody_at_the_address_is_an_error_that_names_it() -> None:
    settings = ConfluenceSettings.from_fields("http://127.0.0.1:9", SYNC_EMAIL, SYNC_TOKEN)
    with pytest.raises(errors.UnavailableError, match=r"No connection to 127\.0\.0\.1:9"):
        Transport(settings, (settings.site_url,), patience=Patience(attempts=1)).get(settings.site_url + WHO)


# Rate limits


@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_a_rate_limit_is_waited_for_however_it_is_told(
    form: str, transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.LimitRate(1, form), WHO)
    assert who(transport, sandbox) == "Sync Service"
    assert transport.pace.seconds_waited > 0
    assert transport.pace.refusals == 1


def test_rate_limits_do_not_count_as_faults(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.LimitRate(0), WHO, times=QUICK.attempts)
    assert who(transport, sandbox) == "Sync Service"


def test_one_pause_holds_all_threads(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.LimitRate(1), WHO)
    threads = [threading.Thread(target=who, args=(transport, sandbox)) for _ in range(6)]
    with pytest.raises(errors.RateLimitedError):
        transport.get(sandbox.site_url + WHO, patience=Patience(seconds=0))
    transport.pace.pause(1)
    for thread in threads:
        thread.start()
    assert sandbox.log.count(WHO) == 1
    for thread in threads:
        thread.join()
    requests_of(sandbox)
    assert sandbox.log.count(WHO, status=429) == 1
    assert sandbox.log.count(WHO, status=200) == 6


def test_a_wait_beyond_its_patience_is_left_to_the_next_try(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.LimitRate(3600), WHO, times=None)
    with pytest.raises(errors.RateLimitedError):
        who(transport, sandbox)
    assert transport.requests_made == 1


def test_a_warning_of_the_limit_slows_down_and_so_the_wall_is_not_hit(
    transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.limit_rate(20, burst=10)
    for _ in range(25):
        who(transport, sandbox)
    assert sandbox.log.count(WHO, status=429) == 0


# Where it goes


@pytest.mark.parametrize(
    "location", ["http://localhost:1/wiki/x", "https://evil.example/x", "/wiki/rest/api/elsewhere"]
)
def test_a_redirect_is_an_error_and_never_followed(
    location: str, transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Redirect(location), WHO)
    with pytest.raises(errors.RedirectedError):
        who(transport, sandbox)
    assert len(requests_of(sandbox)) == 1


def test_an_address_of_another_host_is_refused_before_anything_is_sent(
    transport: Transport, sandbox: SandboxConfluence
) -> None:
    elsewhere = sandbox.site_url.replace("127.0.0.1", "localhost")
    with pytest.raises(errors.ForeignHostError):
        transport.get(elsewhere + WHO)
    assert requests_of(sandbox) == []
    assert transport.requests_made == 0


def test_netrc_changes_nothing(sandbox: SandboxConfluence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for token, email in ((SYNC_TOKEN, SYNC_EMAIL), ("a-personal-access-token", "")):
        settings = ConfluenceSettings(sandbox.base_url, email, token)
        transport = Transport(settings, (sandbox.base_url,), patience=Patience(attempts=1))
        with pytest.raises(errors.NotFoundError):
            transport.get(f"{sandbox.base_url}/nothing")
        transport.get(f"{sandbox.base_url}/_edge/tenant_info", authorized=False)
    assert [(request.auth, request.login) for request in requests_of(sandbox)] == [
        ("basic", SYNC_EMAIL),
        ("none", ""),
        ("bearer", ""),
        ("none", ""),
    ]


@contextmanager
def forward_proxy() -> Iterator[tuple[str, list[str]]]:
    """An HTTP proxy that notes what passes through it."""
    import requests

    passed: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            passed.append(self.path)
            sent = {"Authorization": self.headers.get("Authorization", "")}
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(self.path, headers=sent, timeout=10)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", passed
    finally:
        server.shutdown()
        server.server_close()


def test_a_proxy_of_the_environment_is_used_unless_the_host_is_exempt(
    sandbox: SandboxConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with forward_proxy() as (proxy, passed):
        monkeypatch.setenv("http_proxy", proxy)
        transport = Transport(settings_of(sandbox), (sandbox.site_url,), patience=QUICK)
        assert who(transport, sandbox) == "Sync Service"
        assert len(passed) == 1
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert who(transport, sandbox) == "Sync Service"
        assert len(passed) == 1


# What it reveals


def test_no_log_shows_the_token_or_the_text_of_a_page(
    sandbox: SandboxConfluence, connect: ClientFactory, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail(faults.Refuse(503), "/spaces/", times=1)
    with caplog.at_level(logging.DEBUG):
        client = connect(sandbox)
        space = client.space("PROD")
        client.api.bodies([sandbox.id_of("guide")], "page")
        client.count(space)
    basic = base64.b64encode(f"{SYNC_EMAIL}:{SYNC_TOKEN}".encode()).decode()
    assert "GET /wiki/api/v2/pages" in caplog.text
    for secret in (SYNC_TOKEN, basic, "Text of Guide"):
        assert secret not in caplog.text


def test_a_server_that_echoes_the_token_does_not_get_it_into_a_message(
    transport: Transport, sandbox: SandboxConfluence
) -> None:
    sandbox.fail(faults.Refuse(400, {"message": f"Cannot read {SYNC_TOKEN}"}), WHO)
    with pytest.raises(errors.RejectedRequestError) as raised:
        who(transport, sandbox)
    assert "Cannot read ***" in str(raised.value)


def test_a_server_cannot_set_cookies(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(503, headers={"Set-Cookie": "session=someone-else; Path=/"}), WHO)
    assert who(transport, sandbox) == "Sync Service"
    assert not transport._session(authorized=True).cookies


# Downloads


def test_a_download_follows_to_the_media_host_without_the_token(
    transport: Transport, sandbox: SandboxConfluence
) -> None:
    content = sandbox.find("rich")
    attachment = next(a for a in sandbox.store.attachments_of(content.id) if a.file_name == "notes.txt")
    url = f"{sandbox.site_url}/rest/api/content/{content.id}/child/attachment/att{attachment.id}/download"
    assert transport.download(url, 1000) == b"Read me first."
    hosts = [(request.host.split(":")[0], request.auth, request.status) for request in requests_of(sandbox)]
    assert hosts == [("127.0.0.1", "basic", 302), ("localhost", "none", 200)]
    with pytest.raises(errors.AnswerTooLargeError):
        transport.download(url, 5)


def test_no_log_shows_the_signature_of_a_media_address(
    transport: Transport, sandbox: SandboxConfluence, caplog: pytest.LogCaptureFixture
) -> None:
    content = sandbox.find("rich")
    attachment = next(a for a in sandbox.store.attachments_of(content.id) if a.file_name == "notes.txt")
    with caplog.at_level(logging.DEBUG):
        transport.download(
            f"{sandbox.site_url}/rest/api/content/{content.id}/child/attachment/att{attachment.id}/download", 1000
        )
        transport.get(sandbox.site_url + "/rest/api/content/search", {"cql": "type = page", "limit": 1})
    signature = next(request.query for request in requests_of(sandbox) if request.host.startswith("localhost"))
    assert "token=" in signature
    assert signature.split("&")[0] not in caplog.text
    assert f"/_media/file/{attachment.file_id}/binary" in caplog.text
    assert "cql=type" in caplog.text


def test_a_download_that_leads_to_a_third_host_is_refused(transport: Transport, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Redirect("https://evil.example/file"), "/download")
    with pytest.raises(errors.ForeignHostError, match="evil"):
        transport.download(f"{sandbox.site_url}/rest/api/content/1/child/attachment/att2/download", 1000)


def test_a_download_that_leads_in_a_circle_ends(transport: Transport, sandbox: SandboxConfluence) -> None:
    url = f"{sandbox.site_url}/rest/api/content/1/child/attachment/att2/download"
    sandbox.fail(faults.Redirect(url), "/download", times=None)
    with pytest.raises(errors.RedirectedError, match="Too many"):
        transport.download(url, 1000)
