from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.settings import PATHS, TwigSettings


def settings(
    host: str | None = None, password: str | None = "key", extra: Any = None, port: int | None = None
) -> TwigSettings:
    return TwigSettings.from_fields(host, password, extra, port)


@pytest.mark.parametrize(
    ("host", "port", "base_url"),
    [
        (None, None, "https://api.twig.so"),
        ("", None, "https://api.twig.so"),
        ("api.twig.so", None, "https://api.twig.so"),
        (" https://api.twig.so/ ", None, "https://api.twig.so"),
        ("app.twig.so/api", None, "https://app.twig.so/api"),
        ("twig.example.com", 8443, "https://twig.example.com:8443"),
        ("https://twig.example.com:9000", 8443, "https://twig.example.com:9000"),
        ("http://127.0.0.1:8702", None, "http://127.0.0.1:8702"),
        ("http://localhost", 8702, "http://localhost:8702"),
        ("http://[::1]:8702", None, "http://[::1]:8702"),
    ],
)
def test_takes_the_address_with_and_without_scheme_and_port(host: str | None, port: int | None, base_url: str) -> None:
    assert settings(host, port=port).base_url == base_url


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("http://api.twig.so", "clear text"),
        ("http://127.0.0.1.example.com", "clear text"),
        ("ftp://api.twig.so", "not a web address"),
        ("https://", "not a web address"),
        ("https://me:secret@api.twig.so", "must not contain a user name"),
        ("https://api.twig.so?key=secret", "must not contain"),
    ],
)
def test_refuses_an_address_and_says_why_without_repeating_secrets(host: str, problem: str) -> None:
    with pytest.raises(PermanentError, match=problem) as caught:
        settings(host)
    assert "field 'Host'" in caught.value.summary
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", [None, "", "   "])
def test_asks_for_a_key_when_there_is_none(key: str | None) -> None:
    with pytest.raises(PermanentError, match="Settings → API keys"):
        settings(password=key)


@pytest.mark.parametrize("key", ["twigsk_live_a", "sk_live_b", "anything-else"])
def test_accepts_any_prefix_and_never_shows_the_key(key: str) -> None:
    found = settings(password=f" Bearer {key} ")
    assert found.api_key == key
    assert key not in repr(found)


def test_refuses_a_key_that_was_copied_with_its_surroundings() -> None:
    with pytest.raises(PermanentError, match="Copy the key again") as caught:
        settings(password="my key: twigsk_live_secret")
    assert "twigsk_live_secret" not in str(caught.value)


def test_has_the_documented_defaults() -> None:
    found = settings()
    assert dict(found.paths) == PATHS
    assert (found.batch_bytes, found.writes_per_minute, found.data_source_type) == (10 * 1024 * 1024, 10, "FILE")
    assert found.org_id is None


def test_reads_the_extra_and_ignores_empty_fields() -> None:
    extra = {
        "org_id": " org_1 ",
        "batch_mb": 1.5,
        "writes_per_minute": "20",
        "compress": False,
        "verify_tls": "false",
        "ca_bundle": "",
        "paths": None,
    }
    found = settings(extra=extra)
    assert (found.org_id, found.batch_bytes, found.writes_per_minute) == ("org_1", 1_572_864, 20)
    assert (found.compress, found.verify) == (False, False)
    assert settings(extra={"ca_bundle": "/etc/ca.pem"}).verify == "/etc/ca.pem"


@pytest.mark.parametrize("paths", ['{"search": "/v1/semantic-search"}', {"search": "/v1/semantic-search"}])
def test_takes_other_paths(paths: Any) -> None:
    found = settings(extra={"paths": paths})
    assert found.url("search") == "https://api.twig.so/v1/semantic-search"
    assert found.url("documents", id="ds/1 ü") == "https://api.twig.so/api/data-specs/ds%2F1%20%C3%BC/documents"


def test_does_not_repeat_api_when_the_host_ends_with_it() -> None:
    assert settings("app.twig.so/api").url("data_sources") == "https://app.twig.so/api/data-specs"
    assert settings("example.com/twig").url("data_sources") == "https://example.com/twig/api/data-specs"


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"paths": "search=/x"}, "not JSON"),
        ({"paths": ["/x"]}, "must map route names"),
        ({"paths": {"search": "x"}}, "begin with /"),
        ({"paths": {"serach": "/x"}}, "no route named 'serach'"),
        ({"paths": {"documents": "/api/documents"}}, "must contain {id}"),
        ({"paths": {"search": "/api/{id}"}}, "must not contain {id}"),
        ({"batch_mb": 11}, "from 0.001 to 10"),
        ({"batch_mb": "big"}, "batch_mb"),
        ({"writes_per_minute": 0}, "writes_per_minute"),
        ({"timeout_s": "nan"}, "timeout_s"),
        ({"compress": "yes"}, "neither true nor false"),
    ],
)
def test_names_the_field_that_is_wrong(extra: dict[str, Any], problem: str) -> None:
    with pytest.raises(PermanentError, match=problem) as caught:
        settings(extra=extra)
    assert "Twig connection, field '" in caught.value.summary
