"""``confluence-to-twig doctor``: it reads, within its budget, and its estimate is compared with the real run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.cli.doctor.findings import MOST_REQUESTS
from confluence_to_twig.cli.main import main
from confluence_to_twig.confluence.api.scopes import ALL_SCOPES
from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from sandbox import confluence, twig
from sandbox.confluence.generated import generated_space
from tests.dags.conftest import Site
from tests.dags.conftest import kept as kept
from tests.dags.conftest import site as site

Servers = tuple[confluence.SandboxConfluence, twig.ServedTwig]
Look = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Look:
    """Let the doctor look at a source; its status and its JSON."""
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "sources.yaml"))
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))

    def run(**fields: Any) -> tuple[int, dict[str, Any]]:
        entry = {"name": "docs", "space_key": "SMALL"} | fields
        (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": [entry]}), encoding="utf-8")
        status = main(["doctor", "docs", "--json"])
        (found,) = json.loads(capfd.readouterr().out)
        return status, found

    return run


@pytest.fixture
def connected(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Servers:
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(servers[0].connection()))
    monkeypatch.setenv("AIRFLOW_CONN_TWIG_DEFAULT", json.dumps(servers[1].connection()))
    return servers


def states(found: dict[str, Any]) -> dict[str, str]:
    return {f"{row['side']}: {row['what']}": row["state"] for row in found["findings"]}


def test_it_reads_within_its_budget_and_changes_nothing(look: Look, connected: Servers, tmp_path: Path) -> None:
    served, served_twig = connected
    status, found = look(comments=True)
    assert status == 0
    assert served.log.count() + len(served_twig.twig.log.records()) == found["requests"] <= MOST_REQUESTS
    assert served_twig.twig.data_specs() == []
    assert "missing" not in states(found).values()
    assert states(found)["Twig: Create, write, process"] == "unknown"
    assert found["estimate"]["pages"] == 12
    assert json.loads((tmp_path / "staging" / "docs" / "doctor.json").read_text())["source"] == "docs"


def test_people_get_tables_settings_and_steps(
    look: Look, connected: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    look()
    assert main(["doctor"]) == 0
    out = capfd.readouterr().out
    for part in ("Sign-in", "Small space (SMALL)", "requests to Confluence", "space_key: SMALL", "Unpause the DAG"):
        assert part in out


def test_a_space_that_is_not_there_is_told_in_one_row(look: Look, connected: Servers) -> None:
    status, found = look(space_key="SMAL")
    assert status == 1
    (row,) = [row for row in found["findings"] if row["state"] == "missing"]
    assert 'Did you mean "SMALL"' in row["found"]
    assert found["estimate"] is None


def test_a_scoped_token_is_told_scope_by_scope(look: Look, connected: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    served, _ = connected
    scoped = served.connection(confluence.SCOPED_TOKEN)
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(scoped))
    _, found = look()
    assert found["requests"] <= MOST_REQUESTS
    assert sum(name.startswith("Confluence: Scope ") for name in states(found)) == len(ALL_SCOPES)


def test_files_need_no_twig(look: Look, connected: Servers) -> None:
    status, found = look(delivery="files", files_path="/srv/out", files_limit=5)
    assert status == 0
    assert connected[1].twig.log.records() == []
    assert found["estimate"]["files"] == 1
    assert any("/srv/out/docs/documents" in step for step in found["by_hand"])


@pytest.mark.proofs("10,000 pages")
def test_the_estimate_is_within_a_fifth_of_a_large_run(site: Site, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.proofs import FULL_SIZE

    within_a_fifth(site, look, monkeypatch, 10_000 if FULL_SIZE else 600)


def within_a_fifth(site: Site, look: Look, monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    with confluence.serve(generated_space(pages)) as served:
        monkeypatch.setenv("AIRFLOW_CONN_CONFLUENCE_DEFAULT", json.dumps(served.connection()))
        _, found = look(space_key="GEN")
        site.configure(name="docs", space_key="GEN")
        site.name = "docs"
        served.log.reset()
        monkeypatch.setenv(SOURCES_VARIABLE, str(site.sources))
        report = site.run()
    assert report["state"] == "success"
    expected, figures = found["estimate"], report["figures"]
    real = {
        "pages": report["result"]["pages"],
        "chunks": report["result"]["chunks"],
        "requests": served.log.count(),
        "writes": site.writes() + 1,  # and the one that created the data source
    }
    for name, value in real.items():
        assert abs(expected[name] - value) <= max(0.2 * value, 1), (name, expected[name], value, figures)
