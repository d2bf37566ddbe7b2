"""The hook: both connection types, and what the Test button says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confluence_to_twig.confluence.api import connection_form, errors
from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from sandbox.confluence import faults
from sandbox.confluence.sandbox import (
    PERSONAL_ACCESS_TOKEN,
    SCOPED_TOKEN,
    SYNC_EMAIL,
    SYNC_TOKEN,
    SandboxConfluence,
)
from tests.confluence.spaces import requests_of

Environment = pytest.MonkeyPatch


def define(environment: Environment, *, conn_id: str = "confluence_default", **fields: Any) -> ConfluenceHook:
    environment.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
    return ConfluenceHook(conn_id)


def hook_of(
    sandbox: SandboxConfluence, environment: Environment, *, token: str = SYNC_TOKEN, **extra: Any
) -> ConfluenceHook:
    return define(
        environment,
        conn_type="confluence",
        host=sandbox.base_url,
        login=SYNC_EMAIL,
        password=token,
        extra={"gateway_url": sandbox.base_url, **extra},
    )


@pytest.mark.parametrize("conn_type", ["confluence", "jira"])
def test_reads_connections_of_both_types(conn_type: str, monkeypatch: Environment) -> None:
    hook = define(
        monkeypatch,
        conn_type=conn_type,
        host="https://yourcompany.atlassian.net",
        login="me@yourcompany.com",
        password="token",
        extra={"verify": False},
    )
    assert hook.settings() == ConfluenceSettings(
        "https://yourcompany.atlassian.net", "me@yourcompany.com", "token", verify=False
    )


def test_reads_a_connection_given_as_an_address(monkeypatch: Environment) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", "confluence://me%40x.com:tok@localhost:8090/http")
    settings = ConfluenceHook().settings()
    assert (settings.site_url, settings.email, settings.token) == ("http://localhost:8090", "me@x.com", "tok")


def test_a_wrong_field_is_named_before_anything_is_sent(monkeypatch: Environment) -> None:
    hook = define(monkeypatch, conn_type="confluence", host="yourcompany.atlassian.net", login="me", password="t")
    with pytest.raises(errors.SettingsError, match="e-mail"):
        hook.client()


def test_success_counts_the_pages_of_the_space(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    hook = hook_of(sandbox, monkeypatch, space_key="PROD")
    assert hook.test_connection() == (True, "Connection successful, found 12 pages")


def test_a_scoped_token_works_like_any_other(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    hook = hook_of(sandbox, monkeypatch, token=SCOPED_TOKEN, space_key="PROD")
    assert hook.test_connection() == (True, "Connection successful, found 12 pages")


def test_without_a_space_key_it_says_who_signed_in(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    good, said = hook_of(sandbox, monkeypatch).test_connection()
    assert good
    assert said.startswith("Connection successful, signed in as Sync Service; 1 space visible. Add a space key")


def test_a_token_near_its_end_is_a_success_with_a_warning(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    good, said = hook_of(sandbox, monkeypatch, space_key="PROD", token_expires_on=str(soon)).test_connection()
    assert good
    assert "expires in" in said


@pytest.mark.parametrize(
    ("extra", "token", "said"),
    [
        ({"space_key": "PROD"}, "wrong-token", "401 Unauthorized: "),
        ({"space_key": "prod"}, SYNC_TOKEN, 'Space not found: "prod". The key is case-sensitive. Did you mean "PROD"'),
        ({"space_key": "no key"}, SYNC_TOKEN, '"no key" cannot be a space key.'),
        ({"token_expires_on": "soon"}, SYNC_TOKEN, "The token expiry date"),
    ],
)
def test_each_failure_has_its_message(
    extra: dict[str, str], token: str, said: str, sandbox: SandboxConfluence, monkeypatch: Environment
) -> None:
    good, message = hook_of(sandbox, monkeypatch, token=token, **extra).test_connection()
    assert not good
    assert message.startswith(said)
    assert token not in message


def test_a_site_that_is_down_is_said_soon(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    sandbox.fail(faults.Refuse(503), times=None)
    good, message = hook_of(sandbox, monkeypatch).test_connection()
    assert not good
    assert message.startswith("503")


def test_never_raises(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    good, message = ConfluenceHook("no_such_connection").test_connection()
    assert not good
    assert message
    sandbox.fail(faults.Rewrite(lambda body: ["not", "a", "user"]), "user/current", times=None)
    good, message = hook_of(sandbox, monkeypatch).test_connection()
    assert not good
    assert SYNC_TOKEN not in message


def test_making_a_hook_sends_nothing(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    hook = hook_of(sandbox, monkeypatch)
    with hook.client() as client, hook.get_conn():
        assert client.requests_made == 0


def test_the_form_offers_what_the_settings_read() -> None:
    form = connection_form.CONNECTION_TYPE
    assert form["connection-type"] == ConfluenceHook.conn_type
    assert form["hook-class-name"] == f"{ConfluenceHook.__module__}.{ConfluenceHook.__name__}"
    fields = {name: field["schema"].get("default") for name, field in form["conn-fields"].items()}
    read = ConfluenceSettings.from_fields("yourcompany.atlassian.net", "a@b.c", "t", fields)
    assert set(fields) <= set(ConfluenceSettings.__dataclass_fields__)
    assert read == ConfluenceSettings.from_fields("yourcompany.atlassian.net", "a@b.c", "t", {})
    behaviour = form["ui-field-behaviour"]
    assert behaviour["relabeling"] == {"host": "Domain", "login": "E-mail", "password": "API token"}
    assert behaviour["placeholders"]["host"] == "yourcompany.atlassian.net"


def test_data_center_with_a_context_path_takes_a_personal_access_token_and_no_e_mail(
    data_center: SandboxConfluence, monkeypatch: Environment
) -> None:
    assert data_center.site_url.endswith("/confluence")
    hook = define(
        monkeypatch,
        conn_type="confluence",
        host=data_center.site_url,
        password=PERSONAL_ACCESS_TOKEN,
        extra={"space_key": "PROD"},
    )
    assert hook.test_connection() == (True, "Connection successful, found 12 pages")
    asked = [request for request in requests_of(data_center) if request.auth != "none"]
    assert {request.auth for request in asked} == {"bearer"}
    assert all(request.path.startswith("/confluence/rest/api/") for request in asked)


def test_data_center_without_its_context_path_is_told_where_to_look(
    data_center: SandboxConfluence, monkeypatch: Environment
) -> None:
    hook = define(monkeypatch, conn_type="confluence", host=data_center.base_url, password=PERSONAL_ACCESS_TOKEN)
    good, message = hook.test_connection()
    assert not good
    assert "context path" in message


def test_a_jira_connection_reads_confluence_as_well(sandbox: SandboxConfluence, monkeypatch: Environment) -> None:
    hook = define(
        monkeypatch,
        conn_type="jira",
        host=sandbox.base_url,
        login=SYNC_EMAIL,
        password=SYNC_TOKEN,
        extra={"verify": True, "space_key": "PROD"},
    )
    assert hook.test_connection() == (True, "Connection successful, found 12 pages")
