"""A connection's fields are checked one by one, each complaint with a remedy."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.errors import SettingsError
from confluence_to_twig.confluence.api.settings import ConfluenceSettings

HOST, EMAIL, TOKEN = "yourcompany.atlassian.net", "me@yourcompany.com", "ATATT3x-example-token"


def settings(
    host: str | None = HOST, login: str | None = EMAIL, password: str | None = TOKEN, **extra: Any
) -> ConfluenceSettings:
    return ConfluenceSettings.from_fields(host, login, password, extra)


def test_reads_the_three_fields_that_everybody_fills_in() -> None:
    read = settings()
    assert (read.site_url, read.email, read.token) == (f"https://{HOST}", EMAIL, TOKEN)
    assert (read.deployment, read.verify, read.token_expires_on, read.space_key) == ("auto", True, None, None)


def test_reads_every_extra() -> None:
    read = settings(
        space_key=" PROD ",
        token_expires_on="2027-03-31",
        deployment="Cloud",
        gateway_url="https://gateway.example.com/",
        verify="/etc/ssl/company.pem",
        timeout_seconds="20",
        threads=4,
    )
    assert read.space_key == "PROD"
    assert read.token_expires_on == date(2027, 3, 31)
    assert read.deployment == "cloud"
    assert read.gateway_url == "https://gateway.example.com"
    assert (read.verify, read.timeout_seconds, read.threads) == ("/etc/ssl/company.pem", 20.0, 4)


@pytest.mark.parametrize(
    ("extra", "share"),
    [
        ({}, None),
        ({"requests_per_second": ""}, None),
        ({"requests_per_second": 20}, 20),
        ({"requests_per_second": "20", "pool_slots": 4}, 5),
        ({"pool_slots": 4}, None),
    ],
)
def test_each_task_takes_its_part_of_the_requests_a_second(extra: dict[str, Any], share: float | None) -> None:
    assert settings(**extra).share_per_second == share


@pytest.mark.parametrize(
    ("entered", "base"),
    [
        ("https://wiki.example.com/confluence/", "https://wiki.example.com/confluence"),
        ("wiki.example.com", "https://wiki.example.com"),
        ("http://wiki:8090", "http://wiki:8090"),
        ("", ""),
    ],
)
def test_the_base_url_is_where_readers_find_the_site(entered: str, base: str) -> None:
    assert settings(base_url=entered).base_url == base


@pytest.mark.parametrize(
    "entered", ["ftp://wiki", "https://", "https://me:secret@wiki.example.com", "https://wiki/?x=1"]
)
def test_a_base_url_that_is_no_address_is_refused_without_repeating_it(entered: str) -> None:
    with pytest.raises(SettingsError, match="base URL is not an address") as raised:
        settings(base_url=entered)
    assert "secret" not in str(raised.value)


def test_the_connection_in_the_docs_of_data_center_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "data-center.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"AIRFLOW_CONN_CONFLUENCE_DEFAULT='(.+?)'", page, re.DOTALL)
    fields = json.loads(text.replace("<personal access token>", TOKEN))
    read = ConfluenceSettings.from_fields(fields["host"], fields.get("login"), fields["password"], fields["extra"])
    assert (read.site_url, read.base_url) == (fields["host"], fields["extra"]["base_url"])
    assert (read.deployment, read.email, read.token, read.threads) == ("datacenter", "", TOKEN, 4)


@pytest.mark.parametrize(
    ("value", "verify"),
    [(None, True), ("", True), (True, True), (False, False), ("false", False), ("True", True), ("0", False)],
)
def test_verify_is_a_switch_or_a_path(value: Any, verify: bool) -> None:
    assert settings(verify=value).verify is verify


def test_takes_blanks_and_line_ends_off_a_copied_token() -> None:
    assert settings(password=f"  {TOKEN}\n").token == TOKEN


def test_a_service_account_has_an_e_mail_too() -> None:
    assert settings(login="sync-bot-1a2b@serviceaccount.atlassian.com").email.startswith("sync-bot")


def test_a_personal_access_token_needs_no_e_mail() -> None:
    assert settings("wiki.example.com", None, TOKEN, deployment="datacenter").email == ""
    assert settings("wiki", None, TOKEN, deployment="datacenter").site_url == "https://wiki"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"login": None}, "e-mail is empty"),
        ({"login": "me"}, "not one"),
        ({"login": "me @yourcompany.com"}, "not one"),
        ({"password": None}, "API token is empty"),
        ({"password": "  "}, "API token is empty"),
        ({"password": "two words"}, "blanks or characters"),
        ({"password": "tökén"}, "blanks or characters"),
        ({"host": "yourcompany"}, "only a part"),
        ({"deployment": "server"}, "deployment"),
        ({"token_expires_on": "next year"}, "expiry date"),
        ({"space_key": "a b"}, "space key"),
        ({"gateway_url": "http://gateway.example.com"}, "unencrypted"),
        ({"timeout_seconds": "soon"}, "timeout_seconds"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"threads": 99}, "threads"),
    ],
)
def test_names_the_field_that_is_wrong_and_what_to_enter(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Exception, match=complaint) as raised:
        settings(**fields)
    assert getattr(raised.value, "remedy", "")


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.text(max_size=40),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8)),
)
def test_any_fields_give_settings_or_a_settings_error_that_keeps_the_token_to_itself(
    host: str, login: str, password: str, extra: dict[str, str]
) -> None:
    try:
        ConfluenceSettings.from_fields(host, login, f"s3cret-{password}", extra)
    except SettingsError as error:
        assert "s3cret-" not in str(error)


def test_the_token_shows_in_no_representation() -> None:
    assert TOKEN not in repr(settings())
