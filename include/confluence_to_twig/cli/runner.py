"""Runs of sources' DAGs, in a process of their own with a metadata database of its own.

A run in the caller's database would be seen by a scheduler that works there, which would run its tasks a second time
(``DagRun.get_running_dag_runs_to_examine`` takes every running run), and two runs at once would write the same rows.
Connections come from the caller's Airflow all the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluence_to_twig.airflow_private import task_instances
from confluence_to_twig.cli import in_process, patient_sqlite
from confluence_to_twig.cli.in_process import DATABASE, DOING, ended_mark
from confluence_to_twig.cli.progress import Doing, ProgressPrinter
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.run import UNATTENDED_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from confluence_to_twig.cli.progress import Display
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging

POLL_SECONDS = 0.5
STOP_SECONDS = 10.0
#: What Airflow needs to find the DAGs in a folder of their own; it only reads files that mention "dag" and "airflow".
DAG_FILE = """from confluence_to_twig.dag import build_dags

for dag in build_dags():  # of airflow
    globals()[dag.dag_id] = dag
"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    :param state: ``success`` or ``failed``, as Airflow says it.
    """

    run_id: str
    state: str


@dataclass(frozen=True)
class Runner:
    """The process that runs the sources one after the other, and the folder that it works in."""

    process: subprocess.Popen[bytes]
    work: Path

    def watch(self, source: Source, staging: SourceStaging, display: Display) -> Outcome:
        """Show the run of that source to its end; sources are watched in the order in which they were given.

        :raises PermanentError: the process ended before there was a run.
        """
        progress: ProgressPrinter | None = None
        instances: list[dict[str, Any]] = []
        over = False
        while not over:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(POLL_SECONDS)
            over = self.process.poll() is not None or ended_mark(self.work, source.dag_id).exists()
            instances = self._instances(source.dag_id)
            if instances:
                progress = progress or ProgressPrinter(staging.run(instances[0]["run_id"]), display)
                progress.update(instances, Doing.read(self.work / DOING))
            elif not over:
                display.waiting("Airflow starts")
        if not instances:
            raise PermanentError("Airflow could not start the run", "The log says why; --verbose shows it.")
        return Outcome(instances[0]["run_id"], instances[0]["run_state"])

    def _instances(self, dag_id: str) -> list[dict[str, Any]]:
        database = self.work / DATABASE
        found = task_instances(database) if database.exists() else []
        return [instance for instance in found if instance["dag_id"] == dag_id]


@contextlib.contextmanager
def running(
    sources: Sequence[Source], conf: Mapping[str, Any], home: Path, environment: Mapping[str, str]
) -> Iterator[Runner]:
    """Start to run the sources. The process and everything it needs are gone when the block ends.

    :param conf: parameters of every run.
    :param home: the caller's AIRFLOW_HOME, which keeps an empty database for the next time.
    :param environment: more variables: stored connections, approval.
    """
    template = home / ".confluence-to-twig" / f"metadata-{version('apache-airflow-core')}.db"
    with tempfile.TemporaryDirectory(prefix="confluence-to-twig-") as folder:
        work = Path(folder)
        if template.exists():
            shutil.copyfile(template, work / DATABASE)
        (work / "dags").mkdir()
        (work / "dags" / "dags.py").write_text(DAG_FILE, encoding="utf-8")
        command = [sys.executable, "-m", in_process.__name__, *(source.dag_id for source in sources)]
        command += ["--conf", json.dumps(dict(conf)), "--work", str(work), "--template", str(template)]
        with _started(command, {**os.environ, **_own_airflow(work), **environment}) as process:
            yield Runner(process, work)


def _own_airflow(work: Path) -> dict[str, str]:
    """What differs from the caller's Airflow: the database, and with it executor and DAG folder."""
    bundle = {
        "name": "dags-folder",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(work / "dags")},
    }
    database = work / DATABASE
    connect_args = f"{patient_sqlite.__name__}.CONNECT_ARGS"
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{database}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": connect_args,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": connect_args,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA": "",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_ENGINE_ARGS": "{}",
        "AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS": "",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_FOLDER": str(work / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        UNATTENDED_VARIABLE: "yes",
    }


@contextlib.contextmanager
def _started(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ended with the block, also when this one is told to end."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        signal.signal(signal.SIGTERM, before)
