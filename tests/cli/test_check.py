"""``confluence-to-twig check``: a table of what answers, in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.cli.main import main
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from sandbox import confluence, twig

Servers = tuple[confluence.SandboxConfluence, twig.ServedTwig]


@pytest.fixture
def connected(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Both default connections; the function writes the sources file."""
    served, served_twig = servers
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
    monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(served_twig.connection()))
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))

    def write(*entries: dict[str, Any]) -> None:
        (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": list(entries)}), encoding="utf-8")

    return write


def test_both_sides_of_each_source_are_told_with_the_number_of_pages(
    connected: Callable[..., None], servers: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    connected(
        {"name": "docs", "space_key": "SMALL"},
        {"name": "disk", "space_key": "SMALL", "delivery": "files", "files_path": "/f"},
    )
    assert main(["check"]) == 0
    head, *rows = capfd.readouterr().out.splitlines()
    assert head.split() == ["source", "connection", "result"]
    assert [row.split()[0] for row in rows] == ["docs", "docs", "disk", "disk"]
    assert servers[0].base_url in rows[0]
    assert "Connection successful, found 12 pages in SMALL" in rows[0]
    assert "data source 'docs' will be created by the first run" in rows[1]
    assert servers[1].twig.data_specs() == []


def test_a_space_that_is_not_there_is_1_and_a_missing_connection_2(
    connected: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    wrong_space = {"name": "typo", "space_key": "SMAL"}
    connected(wrong_space)
    assert main(["check"]) == 1
    assert "SMAL" in capfd.readouterr().out
    connected(wrong_space, {"name": "none", "space_key": "SMALL", "twig_conn_id": "nowhere"})
    assert main(["check"]) == 2
    assert "there is no connection nowhere" in capfd.readouterr().out


def test_a_mistake_in_another_entry_is_told_below_the_table(
    connected: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    connected({"name": "docs", "space_key": "SMALL"}, {"name": "two", "space_key": "A B"})
    assert main(["check"]) == 2
    out, err = capfd.readouterr()
    assert "found 12 pages" in out
    assert "source 'two', field 'space_key'" in err
    assert main(["check", "docs"]) == 0
