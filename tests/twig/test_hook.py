from __future__ import annotations

import json
from typing import Any

import pytest

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.connection_form import CONNECTION_TYPE
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.settings import TwigSettings
from tests.twig.world import World


@pytest.fixture
def connection(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    def change(**changes: Any) -> TwigHook:
        monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(world.served.connection() | changes))
        return TwigHook()

    return change


@pytest.mark.parametrize(
    ("existing", "message"), [(0, "found 0 data sources"), (1, "found 1 data source"), (2, "found 2 data sources")]
)
def test_a_good_connection_says_how_many_data_sources_there_are(
    world: World, connection: Any, existing: int, message: str
) -> None:
    with world.client() as client:
        for number in range(existing):
            client.create_data_source(f"source {number}", "FILE", "", f"key-{number}")
    assert connection().test_connection() == (True, f"Connection successful, {message}")


def test_a_wrong_key_says_401_and_what_to_do(connection: Any) -> None:
    ok, message = connection(password="twigsk_live_wrong").test_connection()
    assert not ok
    assert message.startswith("401 Unauthorized")
    assert "Create a new API key" in message
    assert "twigsk_live_wrong" not in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"host": "http://api.twig.so"}, "clear text"),
        ({"password": ""}, "Create a key in Twig"),
        ({"extra": {"paths": "{"}}, "not JSON"),
        ({"extra": {"paths": {"data_sources": "/api/data-sources"}}}, "404 Not Found"),
    ],
)
def test_a_mistake_in_the_connection_is_told_and_not_raised(
    connection: Any, changes: dict[str, Any], message: str
) -> None:
    ok, told = connection(**changes).test_connection()
    assert not ok
    assert message in told


def test_a_twig_that_cannot_be_reached_is_told_and_not_raised(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confluence_to_twig.twig.transport.ATTEMPTS", 1)
    ok, told = connection(host="http://127.0.0.1:9").test_connection()
    assert not ok
    assert "No answer from Twig at 127.0.0.1:9" in told


def test_a_connection_that_does_not_exist_is_told_and_not_raised() -> None:
    ok, told = TwigHook("no_such_connection").test_connection()
    assert not ok
    assert told


def test_settings_and_client_come_from_the_connection(world: World, connection: Any) -> None:
    hook = connection(extra={"org_id": "org_7", "batch_mb": 2})
    assert (hook.settings().org_id, hook.settings().batch_bytes) == ("org_7", 2 * 1024 * 1024)
    with hook.get_conn() as client:
        assert list(client.list_data_sources()) == []
    with pytest.raises(PermanentError):
        connection(host="http://api.twig.so").settings()


def test_every_field_of_the_form_is_read_from_the_extra() -> None:
    values = {
        "org_id": "o",
        "agent_id": "a",
        "data_source_type": "TEXT",
        "batch_mb": 1,
        "writes_per_minute": 5,
        "paths": "{}",
        "ca_bundle": "/ca.pem",
    }
    assert CONNECTION_TYPE["conn-fields"].keys() == values.keys()
    found = TwigSettings.from_fields(None, "key", values)
    assert found.agent_id == "a"
    assert (found.org_id, found.data_source_type, found.writes_per_minute, found.verify) == ("o", "TEXT", 5, "/ca.pem")


def test_the_form_names_the_hook_that_exists() -> None:
    assert CONNECTION_TYPE["hook-class-name"] == f"{TwigHook.__module__}.{TwigHook.__qualname__}"
    assert CONNECTION_TYPE["connection-type"] == TwigHook.conn_type
