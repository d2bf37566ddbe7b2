"""Measure the page in Airflow's UI: ``python -m benchmarks.web [--sources 50] [--runs 1000]``.

Writes the staging of many sources, each with many runs, fills Airflow's own database with as many DAG runs, starts the
API server, and opens the page in Debian's Chromium. Also measures what the plugin adds to the start of a task.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.web.samples import SampleSource

ROOT = Path(__file__).resolve().parents[1]
PAGES = 245
PLUGIN = ROOT / "plugins" / "confluence_to_twig_plugin.py"
PLUGIN_PROBE = """
import importlib.util, sys, time
import airflow.plugins_manager
began = time.perf_counter()
spec = importlib.util.spec_from_file_location("confluence_to_twig_plugin", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print((time.perf_counter() - began) * 1000)
"""


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--runs", type=int, default=1_000, help="runs a source, all of them still in staging")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = prepare(Path(folder), options.sources)
        print(f"Writing {options.sources} × {options.runs:,} runs", flush=True)
        write_staging(environment, options.sources, options.runs)
        write_database(options.sources, options.runs)
        with api_server(environment, Path(folder) / "api-server.log") as url:
            measured = measure(url, options.sources)
    measured["plugin at a task's start"] = f"{plugin_milliseconds():.1f} ms"
    print("\n| what | time |\n|---|---|")
    for what, value in measured.items():
        print(f"| {what} | {value} |")


def prepare(folder: Path, sources: int) -> dict[str, str]:
    """The environment of an Airflow of its own. Set in this process too: Airflow reads it when it is imported."""
    from confluence_to_twig.sources.source import SOURCES_VARIABLE
    from sandbox.airflow_home import airflow_environment
    from sandbox.processes import free_port

    entries = "\n".join(f"  - {{name: {name(number)}, space_key: S{number:02}}}" for number in range(sources))
    (folder / "sources.yaml").write_text(f"sources:\n{entries}\n", encoding="utf-8")
    base = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "CONFLUENCE_TWIG"))}
    base[SOURCES_VARIABLE] = str(folder / "sources.yaml")
    port = free_port(23_000)
    environment = airflow_environment(folder / "home", staging=folder / "staging", port=port, base=base)
    os.environ.update(environment)
    return environment


def name(number: int) -> str:
    """Of a source."""
    return f"source-{number:02}"


def write_staging(environment: dict[str, str], sources: int, runs: int) -> None:
    """The runs of every source, the newest with a plan, and the manifest."""
    from confluence_to_twig.runs.history import remember
    from tests.web.samples import SampleSource, held, planned

    newest = datetime.now(UTC) - timedelta(hours=1)
    plan = [planned("leave", "unchanged", number, manifest_version=1) for number in range(PAGES)]
    plan[:12] = [planned("fetch", "version 1 → 2", number, version=2, manifest_version=1) for number in range(12)]
    for number in range(sources):
        source = SampleSource(environment["CONFLUENCE_TWIG_STAGING"], name(number))
        source.bind()
        source.hold([held(page, newest, version=2) for page in range(PAGES)])
        write_runs(source, newest, runs)
        source.run(run_id(newest), newest, plan=plan)
        remember(source.staging, run_id(newest))


def write_runs(source: SampleSource, newest: datetime, runs: int) -> None:
    """All but the newest run: a report each, nothing more."""
    from confluence_to_twig.staging.layout import folder_name
    from tests.web.samples import sample_report

    folder = Path(source.root) / source.name / "runs"
    for age in range(1, runs):
        ended = newest - timedelta(hours=age)
        report = sample_report(source.name, run_id(ended), ended, result={"pages": PAGES - age % 9, "changed": age % 7})
        place = folder / folder_name(run_id(ended))
        place.mkdir(parents=True)
        (place / "report.json").write_text(json.dumps(report), encoding="utf-8")


def run_id(ended: datetime) -> str:
    """As Airflow's scheduler makes them."""
    return f"scheduled__{ended:%Y-%m-%dT%H:%M:%S+00:00}"


def write_database(sources: int, runs: int) -> None:
    """The DAGs and as many DAG runs, in Airflow's own database."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import insert

    initdb()
    subprocess.run([sys.executable, "-m", "airflow", "dags", "reserialize"], check=True, stdout=subprocess.DEVNULL)
    newest = datetime.now(UTC) - timedelta(hours=1)
    with create_session() as session:
        for number in range(sources):
            rows = [_dag_run(number, newest - timedelta(hours=age)) for age in range(runs)]
            session.execute(insert(DagRun.__table__), rows)


def _dag_run(number: int, ended: datetime) -> dict[str, Any]:
    times = dict.fromkeys(("queued_at", "start_date", "end_date", "run_after", "logical_date", "updated_at"), ended)
    dag_id = f"confluence_to_twig__{name(number)}"
    run = {"dag_id": dag_id, "run_id": run_id(ended), "run_type": "scheduled", "state": "success"}
    return run | times | {"clear_number": 0, "conf": {}}


@contextlib.contextmanager
def api_server(environment: dict[str, str], log: Path) -> Iterator[str]:
    """Airflow's API server alone; yields its address."""
    from airflow.sdk import conf

    from sandbox.processes import started

    url = conf.get("api", "base_url")
    with started("Airflow's API server", [sys.executable, "-m", "airflow", "api-server"], log, environment) as server:
        server.wait_until_up(f"{url}/api/v2/monitor/health", 180)
        yield url


def measure(url: str, sources: int) -> dict[str, str]:
    """Answer times of the endpoint, and times until the page shows every source."""
    import requests

    session = requests.Session()
    session.trust_env = False
    endpoint = f"{url}/confluence-to-twig/api/sources"
    measured = {"first answer after the start": seconds(lambda: answered(session, endpoint, sources))}
    again = [timed(lambda: answered(session, endpoint, sources)) for _ in range(10)]
    measured["later answers (median of 10)"] = f"{statistics.median(again):.3f} s"
    history = f"{endpoint}/confluence_to_twig__{name(0)}/history"
    measured["the history of one source"] = seconds(lambda: session.get(history, timeout=60).raise_for_status())
    if shutil.which("chromium"):
        measured |= opened(url, sources)
    return measured


def answered(session: Any, endpoint: str, sources: int) -> None:
    """One call, with every source in its answer."""
    answer = session.get(endpoint, timeout=60)
    answer.raise_for_status()
    if len(answer.json()["sources"]) != sources:
        raise RuntimeError("the answer does not hold every source")


def opened(url: str, sources: int) -> dict[str, str]:
    """Seconds from the navigation until the last row is there, and until a source's charts are."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        times = []
        for _ in range(5):
            page = chromium.new_page()

            def show(page: Any = page) -> None:
                page.goto(f"{url}/confluence-to-twig/", wait_until="commit")
                page.locator("table.sources tbody tr").nth(sources - 1).wait_for()

            times.append(timed(show))

        def charts(page: Any = page) -> None:
            page.locator("a.open").first.click()
            page.locator(".chart svg").nth(3).wait_for()

        detail = seconds(charts)
        chromium.close()
    return {
        "the page in Chromium, first": f"{times[0]:.2f} s",
        "the page in Chromium, later (median of 4)": f"{statistics.median(times[1:]):.2f} s",
        "a source with its charts": detail,
    }


def plugin_milliseconds() -> float:
    """What executing the plugin file costs a process that has Airflow loaded; median of five processes."""
    command = [sys.executable, "-c", PLUGIN_PROBE, str(PLUGIN)]
    outputs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(5)]
    return statistics.median(float(output.splitlines()[-1]) for output in outputs)


def timed(act: Callable[[], Any]) -> float:
    """Seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def seconds(act: Callable[[], Any]) -> str:
    """As text."""
    return f"{timed(act):.2f} s"


if __name__ == "__main__":
    main()
