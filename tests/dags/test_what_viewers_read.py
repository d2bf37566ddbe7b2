"""A whole run in which pages that are not for everybody go wrong: nothing that a viewer of the DAG can read names them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from confluence_to_twig.alerts.notify import failed_run
from confluence_to_twig.cli.audiences import audiences
from confluence_to_twig.cli.terminal import Terminal
from confluence_to_twig.sources.source import load_sources
from confluence_to_twig.staging.audience_book import read_audience_book
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from tests.dags.conftest import Site
from tests.web.roles import PASSWORDS, app_with_roles

SECRET, OPEN = "Zanzibar merger", "Beta topic 4"
DAG = "confluence_to_twig__small"
PAGE = f"/confluence-to-twig/api/sources/{DAG}"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHOWN = ("", "/history", "/plans", "/plan", "/plan?action=skip", "/plan.csv", "/trouble", "/spaces")


@pytest.mark.parametrize(
    ("mode", "audience_count"), [("skip", 0), ("audiences", 1), ("include", 0)], ids=["skip", "audiences", "include"]
)
def test_a_page_that_is_not_for_everybody_is_counted_and_never_named(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str], mode: str, audience_count: int
) -> None:
    site.first_run()
    site.configure(restricted_pages=mode, everyone_groups=["confluence-users"], attachments="text")
    site.confluence.rename("alpha-2", SECRET)
    site.confluence.edit("alpha-2", storage="<p>Who buys whom.</p>")
    site.confluence.attach("alpha-2", f"{SECRET}.docx", b"no docx at all", media_type=DOCX)
    site.confluence.restrict("alpha-2", groups=["staff"])
    site.confluence.edit("beta-4", storage="<p>Topic 4 of beta, written anew.</p>")
    site.twig.twig.refuse_documents([site.confluence.id_of(page) for page in ("alpha-2", "beta-4")])
    capfd.readouterr()
    report = site.run(full=True)
    assert report["state"] == "failed"
    logs = "".join(capfd.readouterr())
    assert OPEN in logs  # that a page was refused is told by name, where everybody may read the name
    read = {"logs": logs, "database": _database(), "alert": str(_alert(report["run_id"]))}
    read |= {"command": _command(tmp_path)} | _as_viewer(tmp_path)
    found = [place for place, text in read.items() if SECRET in text or SECRET.replace(" ", "+") in text]
    assert found == []
    named = str(read_json(site.staging(report["run_id"]).report))
    assert (SECRET in named) == (mode != "skip")  # staging has it, for those who may see it
    assert len(read_audience_book(SourceStaging(staging_root(), "small")).entries) == audience_count


def _database() -> str:
    """Everything in Airflow's metadata: XComs, rendered templates, events, answers, the audit log."""
    from airflow.configuration import conf

    path = conf.get("database", "sql_alchemy_conn").removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: database.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    assert found["xcom"]
    return str(found)


def _alert(run_id: str) -> str:
    [source] = load_sources().sources
    return str(failed_run(source, run_id))


def _command(folder: Path) -> str:
    with (folder / "out").open("w+") as out:
        for as_json in (False, True):
            assert audiences(Terminal(out, out, None), None, [], as_json=as_json) == 0
        out.seek(0)
        return out.read()


def _as_viewer(folder: Path) -> dict[str, str]:
    """What the page's endpoints and Airflow's own say to somebody who only looks."""
    with app_with_roles(folder) as app, TestClient(app, base_url="http://127.0.0.1") as client:
        body = {"username": "viewer", "password": PASSWORDS["viewer"]}
        token = client.post("/auth/token", json=body).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        paths = [f"{PAGE}{path}" for path in SHOWN]
        return {path: client.get(path, headers=headers).raise_for_status().text for path in paths}
