"""Whatever people enter as the domain ends in one form, or in a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.address import (
    check_is_a_site,
    cloud_root,
    gateway_root,
    is_loopback,
    normalize_site,
    origin,
)
from confluence_to_twig.confluence.api.errors import SettingsError

SITE = "https://yourcompany.atlassian.net"


@pytest.mark.parametrize(
    "text",
    [
        "yourcompany.atlassian.net",
        "  yourcompany.atlassian.net\n",
        "YourCompany.Atlassian.net",
        "https://yourcompany.atlassian.net",
        "https://yourcompany.atlassian.net/",
        "https://yourcompany.atlassian.net:443/wiki",
        "yourcompany.atlassian.net/wiki/",
        "https://yourcompany.atlassian.net/wiki/spaces/PROD/pages/123/A+page?focusedId=7#there",
        "https://yourcompany.atlassian.net/wiki/api/v2",
    ],
)
def test_every_way_to_write_a_cloud_site_gives_the_same_address(text: str) -> None:
    assert normalize_site(text) == SITE


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://wiki.example.com/confluence", "https://wiki.example.com/confluence"),
        ("https://wiki.example.com/confluence/display/DOC/Home", "https://wiki.example.com/confluence"),
        ("wiki.example.com:8443", "https://wiki.example.com:8443"),
        ("https://wiki.example.com/wiki", "https://wiki.example.com/wiki"),
        ("http://127.0.0.1:8090/wiki/", "http://127.0.0.1:8090/wiki"),
        ("http://localhost:8090", "http://localhost:8090"),
        ("http://[::1]:8090/confluence", "http://[::1]:8090/confluence"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_keeps_port_and_context_path_of_a_self_hosted_site(text: str, address: str) -> None:
    assert normalize_site(text) == address


def test_takes_scheme_and_port_from_their_own_fields_when_the_host_has_none() -> None:
    assert normalize_site("localhost", scheme="http", port=8090) == "http://localhost:8090"
    assert normalize_site("http://localhost:1234", scheme="https", port=8090) == "http://localhost:1234"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("http://yourcompany.atlassian.net", "unencrypted"),
        ("http://wiki.example.com", "unencrypted"),
        ("ftp://wiki.example.com", "ftp://"),
        ("your company.atlassian.net", "blank"),
        ("https://you@example.com:token@yourcompany.atlassian.net", "@"),
        ("wiki.example.com:eighty", "port"),
        ("wiki.example.com:99999", "port"),
        ("https://", "host name"),
        ("https://[::1", "cannot be read"),
        ("-.example.com", "host name"),
        ("exa_mple!.com", "host name"),
    ],
)
def test_says_what_is_wrong_with_an_impossible_domain(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as raised:
        normalize_site(text)
    assert raised.value.remedy


def test_does_not_repeat_a_password_written_into_the_domain() -> None:
    with pytest.raises(SettingsError) as raised:
        normalize_site("https://me:s3cret@yourcompany.atlassian.net")
    assert "s3cret" not in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_gives_an_address_or_a_settings_error(text: str) -> None:
    try:
        address = normalize_site(text)
    except SettingsError:
        return
    assert normalize_site(address) == address
    assert address.startswith("https://") or is_loopback(address.split("/")[2].rsplit(":", 1)[0].strip("[]"))


def test_wiki_is_no_part_of_a_cloud_site() -> None:
    assert cloud_root("http://127.0.0.1:8090/wiki") == "http://127.0.0.1:8090"
    assert cloud_root(SITE) == SITE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://A.example:443/y?z", True),
        ("http://localhost:80", "http://localhost/", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example", "https://a.example.evil.test", False),
        ("https://a.example", "https://a.example@evil.test", False),
        ("https://a.example", "https://a.example:8443.evil.test", False),
        ("https://a.example", "https://[", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) is same


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("LOCALHOST", True),
        ("x.localhost", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("0.0.0.0", False),
    ],
)
def test_knows_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


GATEWAY = "https://api.atlassian.com/ex/confluence/0123abcd-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GATEWAY, "gateway"),
        (f"{GATEWAY}/wiki", "gateway"),
        (f"{GATEWAY}/wiki/rest/api/", "gateway"),
        (GATEWAY.removeprefix("https://"), "gateway"),
        (f" {GATEWAY.upper()} ", "gateway"),
        ("api.atlassian.com", "gateway"),
        ("api.atlassian.com:443", "gateway"),
        ("https://api.atlassian.com?x", "gateway"),
        ("https://me@api.atlassian.com/", "gateway"),
        ("https://id.atlassian.com/manage-profile/security/api-tokens", "not of your site"),
        ("admin.atlassian.com", "not of your site"),
    ],
)
def test_an_address_of_atlassian_s_own_is_told_which_one_to_enter(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        check_is_a_site(text)
    assert "yourcompany.atlassian.net" in raised.value.remedy


@pytest.mark.parametrize(
    "text",
    [SITE, "notatlassian.com", "atlassian.com.example.com", "wiki.example.com/id.atlassian.com", "", "https://["],
)
def test_what_only_looks_like_it_is_left_to_other_checks(text: str) -> None:
    check_is_a_site(text)


@pytest.mark.parametrize("text", ["https://api.atlassian.com", f"{GATEWAY}/wiki", GATEWAY, "api.atlassian.com/"])
def test_the_gateway_is_kept_without_the_path_of_a_site(text: str) -> None:
    assert gateway_root(text) == "https://api.atlassian.com"
