from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.airflow_settings import DEFAULT, read_settings

SETTINGS = """
airflow:
  connections:
    - {conn_id: one, conn_type: confluence, conn_host: https://x.example, conn_login: me@x.example,
       conn_password: token, conn_port: , conn_extra: {space_key: PROD}}
    - {conn_id: two, conn_type: twig, conn_extra: '{"org_id": "o"}', conn_port: 8443}
    - {conn_id: three, conn_uri: "http://user:secret@host/path"}
    - {conn_id: , conn_type: }
  pools:
    - {pool_name: p, pool_slot: 2, pool_description: }
    - {pool_name: , pool_slot: }
  variables:
    - {variable_name: v, variable_value: 7}
    - {variable_name: , variable_value: }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "airflow_settings.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


def test_reads_astros_schema_and_skips_empty_entries(path: Path) -> None:
    settings = read_settings(path)
    assert settings.connections["one"] == {
        "conn_type": "confluence",
        "host": "https://x.example",
        "login": "me@x.example",
        "password": "token",
        "extra": {"space_key": "PROD"},
    }
    assert settings.connections["two"]["extra"] == {"org_id": "o"}
    assert settings.connections.keys() == {"one", "two", "three"}
    assert settings.connections["three"] == {"uri": "http://user:secret@host/path"}
    assert settings.pools == {"p": {"slots": 2, "description": ""}}
    assert settings.variables == {"v": "7"}


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.yaml").connections == {}


def test_the_shipped_file_has_what_the_shipped_sources_name() -> None:
    from confluence_to_twig.sources.source import load_sources

    settings = read_settings(DEFAULT)
    for source in load_sources(DEFAULT.parent / "include" / "sources.yaml").sources:
        assert {source.confluence_conn_id, source.twig_conn_id} <= settings.connections.keys()
        assert {source.confluence_pool, source.twig_pool} - {None} <= settings.pools.keys()
