"""OAuth 2.0 client credentials over real HTTP: on Cloud through the gateway, on Data Center 10 on the site itself."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from confluence_to_twig.confluence.api import errors
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.errors import TransientError
from sandbox.confluence import faults
from sandbox.confluence.sandbox import SYNC_EMAIL, SandboxConfluence
from tests.confluence.spaces import QUICK, forget_requests, requests_of

CLIENT, SECRET = "client-id-of-the-sync", "ATOA-secret-of-the-client"
TOKEN_PATH = r"/oauth/token|/rest/oauth2/latest/token"


def settings(sandbox: SandboxConfluence, secret: str = SECRET, **extra: Any) -> ConfluenceSettings:
    cloud = {"token_url": f"{sandbox.base_url}/oauth/token"} if sandbox.site.is_cloud else {}
    fields = {"client_id": CLIENT, "client_secret": secret, "gateway_url": sandbox.base_url, **cloud, **extra}
    return ConfluenceSettings.from_fields(sandbox.site_url, "", "", fields)


def client_of(sandbox: SandboxConfluence, lifetime_s: float = 3600, **fields: Any) -> ConfluenceClient:
    sandbox.add_oauth_client(SYNC_EMAIL, CLIENT, SECRET, lifetime_s=lifetime_s)
    return ConfluenceClient(settings(sandbox, **fields), patience=QUICK)


def fetched(sandbox: SandboxConfluence) -> int:
    """How many access tokens were asked for."""
    return sum(request.method == "POST" and "oauth" in request.path for request in requests_of(sandbox))


def test_on_cloud_it_reads_through_the_gateway_with_one_token(sandbox: SandboxConfluence) -> None:
    with client_of(sandbox) as client:
        assert client.count(client.space("PROD")).number == 12
        assert (client.sign_in().via, client.sign_in().cloud_id) == ("gateway", sandbox.site.cloud_id)
    paths = [request.path for request in requests_of(sandbox) if request.auth != "none"]
    assert all(path.startswith("/ex/confluence/") for path in paths)
    assert {request.auth for request in requests_of(sandbox)} == {"none", "bearer"}
    assert fetched(sandbox) == 1


def test_on_data_center_it_reads_the_site_itself(data_center: SandboxConfluence) -> None:
    with client_of(data_center) as client:
        assert client.count(client.space("PROD")).number == 12
        assert client.sign_in().via == "datacenter"
    assert fetched(data_center) == 1
    assert "/confluence/rest/oauth2/latest/token" in {request.path for request in requests_of(data_center)}


def test_a_token_is_renewed_before_it_expires(sandbox: SandboxConfluence) -> None:
    with client_of(sandbox, lifetime_s=1.5) as client:
        client.sign_in()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            client.api.visible_spaces()
            time.sleep(0.05)
    assert 2 <= fetched(sandbox) <= 4
    assert sandbox.log.count("", status=401) == 0


def test_threads_share_one_token(sandbox: SandboxConfluence) -> None:
    with client_of(sandbox) as client:
        client.sign_in()
        sandbox.store.tokens.clear()
        forget_requests(sandbox)
        client = ConfluenceClient(settings(sandbox), signed_in=client.sign_in(), patience=QUICK)
        threads = [threading.Thread(target=client.api.visible_spaces) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert fetched(sandbox) == 1


def test_a_token_that_is_refused_before_its_time_is_replaced(sandbox: SandboxConfluence) -> None:
    with client_of(sandbox) as client:
        client.sign_in()
        for token in [token for token in sandbox.store.tokens.values() if token.kind == "oauth"]:
            sandbox.revoke_token(token.value)
        assert client.space("PROD").key == "PROD"
    assert fetched(sandbox) == 2


def test_a_wrong_secret_says_what_to_do_and_shows_nothing(sandbox: SandboxConfluence) -> None:
    with client_of(sandbox, secret="ATOA-wrong") as client, pytest.raises(errors.UnauthorizedError) as raised:
        client.sign_in()
    assert "gives no access token for this client id and client secret" in raised.value.summary
    assert "invalid_client" in raised.value.summary
    assert "OAuth 2.0 credential" in raised.value.remedy
    assert "ATOA-wrong" not in str(raised.value)
    assert sandbox.log.count("/oauth/token") == 1


def test_a_lasting_fault_of_the_token_endpoint_is_transient_and_bounded(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(503), TOKEN_PATH, times=None)
    with client_of(sandbox) as client, pytest.raises(TransientError, match="503"):
        client.sign_in()
    assert sandbox.log.count("/oauth/token") == QUICK.attempts


def test_a_passing_fault_of_the_token_endpoint_is_healed(sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Truncate(), TOKEN_PATH, times=1)
    with client_of(sandbox) as client:
        assert client.sign_in().display_name == "Sync Service"


@pytest.mark.parametrize("body", [{}, [], {"access_token": None}, {"access_token": "x", "expires_in": "soon"}])
def test_an_answer_without_a_token_is_not_taken_for_one(body: Any, sandbox: SandboxConfluence) -> None:
    sandbox.fail(faults.Refuse(200, body), TOKEN_PATH, times=None)
    with client_of(sandbox) as client, pytest.raises(errors.BrokenAnswerError, match="holds no access token"):
        client.sign_in()


def test_neither_secret_nor_token_reaches_a_log_xcom_or_message(
    sandbox: SandboxConfluence, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), client_of(sandbox) as client:
        handed_on = json.dumps(client.sign_in().to_json())
        client.space("PROD")
        sandbox.fail(faults.Refuse(400, {"message": f"You sent {SECRET}"}), "/spaces", times=1)
        with pytest.raises(errors.RejectedRequestError) as raised:
            client.space("PROD")
    issued = [token.value for token in sandbox.store.tokens.values() if token.kind == "oauth"]
    assert issued
    shown = caplog.text + handed_on + str(raised.value) + repr(client.settings)
    for secret in (SECRET, *issued):
        assert secret not in shown


def test_the_hook_takes_a_connection_with_client_id_and_secret(
    sandbox: SandboxConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.add_oauth_client(SYNC_EMAIL, CLIENT, SECRET)
    extra = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "gateway_url": sandbox.base_url,
        "token_url": f"{sandbox.base_url}/oauth/token",
        "space_key": "PROD",
    }
    connection = {"conn_type": "confluence", "host": sandbox.base_url, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(connection))
    assert ConfluenceHook().test_connection() == (True, "Connection successful, found 12 pages")


def with_fields(**extra: Any) -> Callable[[], ConfluenceSettings]:
    return lambda: ConfluenceSettings.from_fields("yourcompany.atlassian.net", "", extra.pop("password", ""), extra)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (with_fields(client_id=CLIENT), "client secret is empty"),
        (with_fields(client_secret=SECRET), "client id is empty"),
        (with_fields(client_id=CLIENT, client_secret=SECRET, password="t"), "API token and a client secret"),
        (
            with_fields(client_id=CLIENT, client_secret=SECRET, token_url="http://x.example.com/t"),
            "begins with http://",
        ),
        (with_fields(client_id=CLIENT, client_secret=SECRET, token_url="auth.example.com"), "is not an address"),
        (
            with_fields(client_id=CLIENT, client_secret=SECRET, token_url="https://u:p@x.example.com"),
            "is not an address",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_named(make: Callable[[], ConfluenceSettings], said: str) -> None:
    with pytest.raises(errors.SettingsError, match=said) as raised:
        make()
    assert SECRET not in str(raised.value)


def test_the_documented_endpoints_are_used() -> None:
    made = with_fields(client_id=CLIENT, client_secret=SECRET)()
    gateway = "https://api.atlassian.com/ex/confluence/abc/wiki/rest/api/user/current"
    assert made.token_endpoint(gateway) == "https://auth.atlassian.com/oauth/token"
    site = ConfluenceSettings.from_fields(
        "https://wiki.example.com/confluence", "", "", {"client_id": CLIENT, "client_secret": SECRET}
    )
    endpoint = "https://wiki.example.com/confluence/rest/oauth2/latest/token"
    assert site.token_endpoint("https://wiki.example.com/confluence/rest/api/content") == endpoint
