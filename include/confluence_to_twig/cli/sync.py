"""``make sync``: every DAG of a sources file once, in this process: no scheduler, no UI, no sandbox."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluence_to_twig.sources.source import SOURCES_VARIABLE, Source, load_sources
from sandbox.airflow_home import PROJECT, airflow_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOME = PROJECT / ".airflow-sync"
LOG = HOME / "sync.log"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every source of the file. Returns 0 if all succeeded, 1 if one failed, 2 for a mistake in the file."""
    options = _options(arguments)
    _prepare(options)
    file = load_sources()
    for problem in file.problems:
        _say(f"error: {problem}")
    reports = {source.name: _sync(source, _conf(options)) for source in file.sources}
    if options.report:
        Path(options.report).write_text(json.dumps(reports, ensure_ascii=False, indent=1), encoding="utf-8")
    if file.problems:
        return 2
    return 0 if reports and all(report["state"] == "success" for report in reports.values()) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sync", description=__doc__)
    parser.add_argument("sources", nargs="?", help="the sources file; default include/sources.yaml")
    parser.add_argument("--report", help="also write every source's report to this JSON file")
    parser.add_argument("--full", action="store_true", help="look at the whole space, whatever the lookback")
    parser.add_argument("--since", help="cover pages modified from this time on, 2026-11-01T00:00:00Z")
    parser.add_argument("--force", action="store_true", help="process pages in scope again")
    parser.add_argument("--dry-run", action="store_true", help="plan and report, send nothing")
    parser.add_argument("--approve-deletions", action="store_true", help="do not stop at the mass-delete brake")
    parser.add_argument("--verbose", action="store_true", help="show the tasks' logs")
    return parser.parse_args(arguments)


def _conf(options: argparse.Namespace) -> dict[str, Any]:
    conf = {"full": options.full, "since": options.since, "force": options.force, "dry_run": options.dry_run}
    return {name: value for name, value in conf.items() if value}


def _prepare(options: argparse.Namespace) -> None:
    """Environment first: Airflow reads it when it is imported."""
    if options.sources:
        os.environ[SOURCES_VARIABLE] = str(Path(options.sources).resolve())
    os.environ.update(airflow_environment(HOME, staging=PROJECT / ".staging"))
    os.environ.setdefault("AIRFLOW__SECRETS__BACKEND", "sandbox.airflow_settings.AirflowSettingsBackend")
    os.environ["CONFLUENCE_TWIG_UNATTENDED"] = "yes"
    if options.approve_deletions:
        os.environ["CONFLUENCE_TWIG_APPROVE_DELETIONS"] = "yes"
    if not options.verbose:
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")
    from airflow.utils.db import initdb

    with _quiet():
        initdb()


def _sync(source: Source, conf: dict[str, Any]) -> dict[str, Any]:
    """One run of one source's DAG. Returns its report, also when it failed."""
    from airflow.dag_processing.dagbag import DagBag

    from confluence_to_twig.runs.report import build_report
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    _say(f"{source.name}: space {source.space_key}")
    folder = PROJECT / "dags"
    dag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="dags-folder").dags[source.dag_id]
    with _quiet():
        dag_run = dag.test(logical_date=None, run_conf=conf)
    report = build_report(SourceStaging(staging_root(), source.name).run(dag_run.run_id), source.name, dag_run.run_id)
    report["state"] = str(getattr(dag_run.state, "value", dag_run.state))
    for warning in report["warnings"]:
        _say(f"  warning: {warning}")
    for problem in report.get("problems", ()):
        _say(f"  problem: {problem}")
    for error in report["errors"]:
        _say(f"  {error['task']} failed: {error['error']}")
    _say(f"{source.name}: {report['summary']}" if "summary" in report else f"{source.name}: {report['state']}")
    return report


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Airflow's own lines go to the log file; ``--verbose`` shows them all the same."""
    if logging.getLogger().isEnabledFor(logging.INFO):
        yield
        return
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("a", encoding="utf-8") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        yield


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
