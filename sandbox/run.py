"""``make run``: the sandbox, an Airflow with its UI, and one run of the sample source under the real scheduler."""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from confluence_to_twig.cli.progress import Display, PlainDisplay, ProgressPrinter
from confluence_to_twig.cli.sync import display_on
from confluence_to_twig.cli.terminal import Terminal
from confluence_to_twig.sources.source import SOURCES_VARIABLE, load_sources
from confluence_to_twig.staging.layout import ROOT_VARIABLE, SourceStaging, root_at
from sandbox.airflow_api import READY, AirflowApi
from sandbox.airflow_home import PROJECT, SAMPLE_SOURCES, airflow_environment
from sandbox.airflow_settings import AirflowSettings, read_settings
from sandbox.processes import StartError, free_port, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from confluence_to_twig.sources.source import Source

PORTS = {"airflow": 8080, "confluence": 8090, "twig": 8091}
SANDBOX_SECONDS = 60.0
AIRFLOW_SECONDS = 300.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, watch one run, stop everything. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop everything after the run")
    parser.add_argument("--source", default="product-docs", help="name of the source to run")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with contextlib.ExitStack() as stack:
            source = _source(options.source)
            ports = _ports()
            with display_on(Terminal(sys.stdout, sys.stderr, PROJECT / ".airflow" / "logs")) as display:
                airflow = stack.enter_context(local_airflow(ports, display=display))
                succeeded = run_source(airflow, source, display)
            if not options.once:
                _wait(airflow, source)
            return 0 if succeeded else 1
    except StartError as error:
        _say(f"Could not start: {error}")
        return 1
    except KeyboardInterrupt:
        _say("\nStopped everything that was started.")
        return 130


@dataclass(frozen=True)
class LocalAirflow:
    """An Airflow that is up, with both sandbox servers beside it.

    :param environment: what every process of it was started with; staging and sources file are named there.
    """

    api: AirflowApi
    ports: dict[str, int]
    environment: dict[str, str]

    def staging(self, source: str) -> SourceStaging:
        """Where the tasks of a source leave their files."""
        return SourceStaging(root_at(self.environment[ROOT_VARIABLE]), source)


@contextlib.contextmanager
def local_airflow(
    ports: dict[str, int],
    place: Path = PROJECT,
    base: Mapping[str, str] = os.environ,
    sandbox_options: Mapping[str, Sequence[str]] = {},
    display: Display | None = None,
) -> Iterator[LocalAirflow]:
    """Both sandbox servers and a whole Airflow on these ports, connections applied; stopped when the block ends.

    :param place: the folder that takes ``.airflow``, ``.sandbox`` and ``.staging``.
    :param base: the environment that the caller's own settings are taken from.
    :param sandbox_options: more command-line options for the server ``confluence`` or ``twig``.
    :param display: where it is told what is waited for.
    """
    display = display or PlainDisplay(_say)
    home = place / ".airflow"
    environment = airflow_environment(home, staging=place / ".staging", port=ports["airflow"], base=base)
    with contextlib.ExitStack() as stack:
        for name in ("confluence", "twig"):
            command = [sys.executable, "-m", f"sandbox.{name}", "--port", str(ports[name])]
            command += ["--state", str(place / ".sandbox" / name), *sandbox_options.get(name, ())]
            log = home / "logs" / f"sandbox-{name}.log"
            sandbox = stack.enter_context(started(f"the {name.title()} sandbox", command, log, environment))
            what = f"Waiting for the {name.title()} sandbox"
            sandbox.wait_until_up(
                f"http://127.0.0.1:{ports[name]}/", SANDBOX_SECONDS, functools.partial(display.waiting, what)
            )
        log = home / "logs" / "standalone.log"
        command = [sys.executable, "-m", "airflow", "standalone"]
        airflow = stack.enter_context(started("Airflow", command, log, environment))
        url = f"http://127.0.0.1:{ports['airflow']}"
        display.say(f"Starting Airflow on {url} (half a minute; log: {log})")
        what = "Waiting for Airflow: it prepares its database, then starts its API server"
        for path in READY:
            airflow.wait_until_up(f"{url}/{path}", AIRFLOW_SECONDS, functools.partial(display.waiting, what))
        api = AirflowApi(url)
        api.sign_in()
        api.apply(at_ports(read_settings(), ports))
        yield LocalAirflow(api, ports, environment)


def at_ports(settings: AirflowSettings, ports: dict[str, int]) -> AirflowSettings:
    """The settings with the sandbox connections pointed at the ports that the sandbox really got."""
    text = json.dumps(settings.connections)
    for name in ("confluence", "twig"):
        text = text.replace(f"http://127.0.0.1:{PORTS[name]}", f"http://127.0.0.1:{ports[name]}")
    return replace(settings, connections=copy.deepcopy(json.loads(text)))


def run_source(airflow: LocalAirflow, source: Source, display: Display | None = None) -> bool:
    """Run the DAG of one source to its end and print its summary. Returns whether it succeeded."""
    display = display or PlainDisplay(_say)
    api = airflow.api
    _wait_for_dag(api, source.dag_id, display)
    runs = _runs_to_watch(api, source.dag_id, display)
    display.say(f"Running {source.dag_id}")
    states = [_watch(api, source.dag_id, run["dag_run_id"], airflow.staging(source.name), display) for run in runs]
    return all(state == "success" for state in states)


def _wait_for_dag(api: AirflowApi, dag_id: str, display: Display) -> None:
    deadline = time.monotonic() + AIRFLOW_SECONDS
    while api.dag(dag_id) is None:
        if time.monotonic() > deadline:
            errors = "\n".join(error["stack_trace"] for error in api.import_errors())
            raise StartError(f"Airflow did not find the DAG {dag_id}\n{errors}")
        display.waiting(f"Waiting for the DAG processor to find {dag_id}")
        time.sleep(0.5)


def _runs_to_watch(api: AirflowApi, dag_id: str, display: Display) -> list[dict[str, Any]]:
    """The run that the schedule starts by itself once the DAG is unpaused, if one is due; else one of our own."""
    api.call("PATCH", f"dags/{dag_id}", json={"is_paused": False})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _is_due(api, dag_id):
        display.waiting("Waiting for the scheduler to start the run that is due")
        time.sleep(0.5)
    active = api.runs(dag_id, "queued", "running")
    return active or [api.trigger(dag_id)]


def _is_due(api: AirflowApi, dag_id: str) -> bool:
    from datetime import UTC, datetime

    due = (api.dag(dag_id) or {}).get("next_dagrun_run_after")
    return due is not None and datetime.fromisoformat(due) <= datetime.now(UTC)


def _watch(api: AirflowApi, dag_id: str, run_id: str, staging: SourceStaging, display: Display) -> str:
    run_staging = staging.run(run_id)
    progress = ProgressPrinter(run_staging, display)
    while True:
        state = api.run_state(dag_id, run_id)
        instances = api.task_instances(dag_id, run_id)
        progress.update(instances)
        if state in {"success", "failed"}:
            break
        if not any(instance["state"] for instance in instances):
            display.waiting("Waiting for the scheduler to start the first task")
        time.sleep(1.0)
    if run_staging.report.exists():
        with run_staging.report.open("r") as file:
            report = json.load(file)
        for warning in report["warnings"]:
            display.say(f"  warning: {warning}")
        for problem in report.get("problems", ()):
            display.say(f"  problem: {problem}")
        display.say(f"\n{report['summary']}")
    display.say(f"Run {state}: {api.base_url}/dags/{dag_id}/runs/{run_id}")
    return state


def _source(name: str) -> Source:
    """Raises :class:`StartError`, before anything is started, with the names that there are."""
    try:
        return load_sources(os.environ.get(SOURCES_VARIABLE) or SAMPLE_SOURCES).named(name)
    except KeyError as error:
        raise StartError(str(error.args[0])) from None


def _ports() -> dict[str, int]:
    ports: dict[str, int] = {}
    for name, wanted in PORTS.items():
        wanted = int(os.environ.get(f"{name.upper()}_PORT", wanted))
        ports[name] = free_port(wanted, ports.values())
        if ports[name] != wanted:
            _say(f"Port {wanted} is in use; {name} gets {ports[name]} instead")
    return ports


def _wait(airflow: LocalAirflow, source: Source) -> None:
    _say(f"\nAirflow   {airflow.api.base_url}   (no login)")
    _say(f"Twig      http://127.0.0.1:{airflow.ports['twig']}   (sandbox: search what was loaded)")
    _say(f"Past windows, from another terminal: make backfill SOURCE={source.name} FROM=2026-01-01 TO=2026-01-31")
    _say("Ctrl-C stops everything.")
    while True:
        time.sleep(3600)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
