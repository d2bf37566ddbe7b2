"""Each button with each role: what Airflow would refuse is not offered, and what is offered works.

An API server alone, in this process, with Airflow's own users: no scheduler has to take the runs up.
"""

from __future__ import annotations

import functools
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import uvicorn

from confluence_to_twig.runs.verify_memory import VerifyMemory, write_verify_memory
from confluence_to_twig.sources.source import Source
from confluence_to_twig.twig.finding import Finding
from sandbox.processes import free_port
from tests.web.roles import PASSWORDS, app_with_roles
from tests.web.samples import NOW, SampleSource, page, planned

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
DAG = Source(name="docs", space_key="PROD").dag_id
BUTTONS = {
    "Sync now": ("History", {}),
    "Dry run": ("History", {"dry_run": True}),
    "Process this page again": ("Quarantine", {"page_ids": ["1001"], "force": True}),
    "Acknowledge": ("Warnings", {"acknowledge": True}),
}


@pytest.fixture(scope="module")
def url(airflow_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an API server that knows the DAG, and whose staging gives a reason for each button."""
    folder = tmp_path_factory.mktemp("roles")
    (folder / "sources.yaml").write_text("sources:\n  - {name: docs, space_key: PROD}\n", encoding="utf-8")
    with app_with_roles(folder) as app:
        fill(folder / "staging")
        write_dags()
        port = free_port(24_000 + os.getpid() % 900)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.1)
        url = f"http://127.0.0.1:{port}"
        answer = call(url, "admin", "PATCH", f"api/v2/dags/{DAG}", json={"is_paused": False})
        assert answer.status_code == 200, answer.text
        yield url
        server.should_exit = True
        thread.join()


def fill(root: Path) -> None:
    source = SampleSource(str(root), "docs")
    failure = {key: value for key, value in page(1).items() if key != "kind"}
    failure |= {"stage": "load", "error_type": "PermanentError", "error": "refused"}
    source.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", 1)], quarantine=[failure])
    found = Finding("uncited", "2", "Page 2", "https://example.com/2", "h", "no search cites it", since=NOW)
    write_verify_memory(source.staging, VerifyMemory((found,), NOW, frozenset(), {"compared": 5, "cited": 4}))


def write_dags() -> None:
    """As the DAG processor does it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], bundle_name="dags-folder")
    assert not bag.import_errors
    sync_bag_to_db(bag, "dags-folder", None)


@functools.cache
def token(url: str, user: str) -> str:
    answer = requests.post(f"{url}/auth/token", json={"username": user, "password": PASSWORDS[user]}, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def call(url: str, user: str, method: str, path: str, **kwargs: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token(url, user)}"}
    return requests.request(method, f"{url}/{path}", headers=headers, timeout=30, **kwargs)


def runs(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(url, "admin", "GET", f"api/v2/dags/{DAG}/dagRuns").json()["dag_runs"]
    return found


def signed_in(page: Any, url: str, user: str) -> Any:
    page.context.add_cookies([{"name": "_token", "value": token(url, user), "url": url}])
    return page


def offered(page: Any, tab: str, button: str) -> Any:
    """The button on its tab."""
    page.get_by_role("tab", name=tab).click()
    found = page.get_by_role("button", name=button)
    found.wait_for()
    return found


@pytest.mark.parametrize("user", ["admin", "user"])
def test_each_button_works_for_those_who_may_start_runs(page: Any, url: str, user: str) -> None:
    signed_in(page, url, user).goto(f"{url}/confluence-to-twig/#/docs")
    for button, (tab, conf) in BUTTONS.items():
        before = len(runs(url))
        found = offered(page, tab, button)
        expect(found).to_be_enabled()
        with page.expect_response(lambda answer: answer.request.method == "POST") as started:
            found.click()
        run = quote(started.value.json()["dag_run_id"], safe="")
        page.locator(f"a[href$='/runs/{run}']", has_text="Open it").wait_for()
        after = runs(url)
        assert len(after) == before + 1
        newest = max(after, key=lambda run: str(run["queued_at"]))
        asked = {name: newest["conf"][name] for name in conf}
        assert (button, asked, newest["triggering_user_name"]) == (button, conf, user)


def test_no_button_works_for_those_who_may_only_look(page: Any, url: str) -> None:
    before = len(runs(url))
    signed_in(page, url, "viewer").goto(f"{url}/confluence-to-twig/#/docs")
    for button, (tab, conf) in BUTTONS.items():
        found = offered(page, tab, button)
        expect(found).to_be_disabled()
        expect(found).to_have_attribute("title", re.compile("right to trigger"))
        answer = call(url, "viewer", "POST", f"api/v2/dags/{DAG}/dagRuns", json={"logical_date": None, "conf": conf})
        assert answer.status_code == 403
    assert len(runs(url)) == before


def test_a_stranger_sees_no_source(page: Any, url: str) -> None:
    signed_in(page, url, "stranger").goto(f"{url}/confluence-to-twig/")
    page.get_by_role("heading", name="No source yet").wait_for()
    page.problems.clear()  # Airflow's own lists are refused
