"""The extra of a connection: what is masked in logs, and of what Airflow warns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk._shared.secrets_masker.secrets_masker import SecretsMasker
from airflow.sdk.log import redact

from confluence_to_twig.http.connection_extra import extra_of

WARNING = "Skipping masking for a secret"


@pytest.fixture(autouse=True)
def warns_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow warns once a process."""
    monkeypatch.setattr(SecretsMasker, "_has_warned_short_secret", False)


def connection(extra: Any) -> Connection:
    return Connection(conn_id="docs", conn_type="confluence", extra=json.dumps(extra))


def test_a_short_value_that_is_no_secret_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    extra = {"space_key": "PROD", "org_id": "7", "verify": True, "batch_mb": 2}
    assert extra_of(connection(extra)) == extra
    assert WARNING not in caplog.text


def test_airflow_s_own_way_does_warn_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """When this fails, ``extra_dejson`` will do again."""
    assert connection({"space_key": "PROD"}).extra_dejson == {"space_key": "PROD"}
    assert WARNING in caplog.text


def test_secrets_are_masked_and_one_that_is_too_short_is_told(caplog: pytest.LogCaptureFixture) -> None:
    extra_of(connection({"api_token": "a-token-of-a-test"}))
    assert "a-token-of-a-test" not in str(redact("with a-token-of-a-test in it"))
    assert WARNING not in caplog.text
    extra_of(connection({"client_secret": "abc"}))
    assert WARNING in caplog.text


def test_an_extra_that_is_no_object_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    assert extra_of(Connection(conn_id="docs", conn_type="confluence")) == {}
    assert caplog.text == ""
    assert extra_of(connection([1])) == {}
    assert "The extra of connection docs is left out" in caplog.text
