"""An Airflow in parts, as it runs on several machines: each has a home, a working folder and a host name of its own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.airflow_api import READY, AirflowApi
from sandbox.airflow_home import airflow_environment
from sandbox.airflow_settings import read_settings
from sandbox.processes import Server, StartError, free_port, started
from sandbox.run import at_ports
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG
from tests.distributed.own_name import VARIABLE
from tests.distributed.services import Services
from tests.whole_airflow import PROMPT_TWIG, base_environment

WORKERS = ("worker-1", "worker-2")
COMMANDS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer"],
} | {name: ["celery", "worker", "--concurrency", "2", "--celery-hostname", f"{name}@test"] for name in WORKERS}


@dataclass
class Cluster:
    """Components by name, and what tests ask of the whole."""

    folder: Path
    services: Services
    ports: dict[str, int]
    shared: dict[str, str]
    api: AirflowApi
    running: dict[str, tuple[Server, ExitStack]] = field(default_factory=dict)

    def start(self, name: str) -> Server:
        """Start a component with a home, a working folder and a host name of its own."""
        home = self.folder / name
        environment = self._environment(name)
        work = home / "work"
        work.mkdir(exist_ok=True)
        command = ["env", "--chdir", str(work), sys.executable, "-m", "airflow", *COMMANDS[name]]
        stack = ExitStack()
        server = stack.enter_context(started(name, command, self.folder / "logs" / f"{name}.log", environment))
        self.running[name] = server, stack
        return server

    def stop(self, name: str) -> None:
        """End a component with all its processes: first SIGTERM, then SIGKILL."""
        server, stack = self.running.pop(name)
        stack.close()
        _kill_session(server.process.pid)

    def kill(self, name: str) -> None:
        """End a component as a machine that loses power does, with the tasks on it."""
        _kill_session(self.running[name][0].process.pid)
        self.stop(name)

    def start_what_ended(self) -> None:
        """Start anew what ended by itself, as a service manager does: without their database most components end."""
        for name, (server, _) in list(self.running.items()):
            if server.process.poll() is not None:
                self.stop(name)
                self.start(name)

    def wait_for_api(self) -> None:
        """Until the API server answers people and tasks."""
        for path in READY:
            self.running["api-server"][0].wait_until_up(f"{self.api.base_url}/{path}", 180)

    def _environment(self, name: str) -> dict[str, str]:
        home = self.folder / name
        own = {VARIABLE: name, "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.ports.get(name, 8793))}
        environment = airflow_environment(
            home, staging=home / "no-staging", port=self.ports["airflow"], base=self.shared | own
        )
        return environment | {"HOME": str(home)}

    def migrate(self) -> None:
        """Create the tables of the metadata database."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=self._environment("scheduler"), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StartError(f"airflow db migrate failed: {done.stderr[-2_000:]}")

    def held(self, source: str) -> dict[str, int]:
        """What Twig holds of a source: the version of each page."""
        settings = TwigSettings.from_fields(
            f"http://127.0.0.1:{self.ports['twig']}", DEFAULT_KEY, {"org_id": DEFAULT_ORG}
        )
        with TwigClient(settings) as client:
            (spec,) = [found for found in client.list_data_sources(search=source) if found.name == source]
            return {document.id: document.version for document in client.list_documents(spec.id)}

    def in_confluence(self, space: str) -> dict[str, int]:
        """What stands in a space of Confluence: the version of each page."""
        url = f"http://127.0.0.1:{self.ports['confluence']}/_sandbox/contents"
        answer = requests.get(url, params={"space": space}, timeout=60)
        answer.raise_for_status()
        found = [row for row in answer.json() if (row["kind"], row["status"]) == ("page", "current")]
        return {row["id"]: row["version"] for row in found}

    def page(self, path: str) -> Any:
        """What the page *Confluence → Twig* answers, which reads staging from the API server."""
        answer = self.api._session.get(f"{self.api.base_url}/confluence-to-twig/api/{path}", timeout=60)
        answer.raise_for_status()
        return answer.json()


def _kill_session(leader: int) -> None:
    """SIGKILL to all processes of a session. A task has a process group of its own in the session of its worker."""
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()):
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


@contextmanager
def cluster(folder: Path, services: Services, sources: list[dict[str, Any]], generated: int = 0) -> Iterator[Cluster]:
    """Sandbox servers and all components of an Airflow with two Celery workers; everything ends with the block.

    :param generated: pages of a generated space that Confluence has besides the sample space; 0: none.
    """
    names = ("airflow", "confluence", "twig", *WORKERS)
    ports: dict[str, int] = {}
    for number, name in enumerate(names):
        ports[name] = free_port(28_000 + 100 * number, ports.values())
    shared = _shared(services, ports, sources)
    api = AirflowApi(f"http://127.0.0.1:{ports['airflow']}")
    with ExitStack() as stack:
        confluence = ["--sample", "--generated", str(generated)] if generated else []
        for name, options in {"confluence": confluence, "twig": PROMPT_TWIG}.items():
            command = [sys.executable, "-m", f"sandbox.{name}", "--port", str(ports[name]), *options]
            log = folder / "logs" / f"sandbox-{name}.log"
            server = stack.enter_context(started(f"the sandbox {name}", command, log, shared))
            server.wait_until_up(f"http://127.0.0.1:{ports[name]}/", 60)
        made = Cluster(folder, services, ports, shared, api)
        made.migrate()
        stack.callback(lambda: [made.kill(name) for name in list(made.running)])
        made.start("api-server")
        made.wait_for_api()
        for name in COMMANDS:
            if name != "api-server":
                made.start(name)
        api.sign_in()
        api.apply(at_ports(read_settings(), ports))
        yield made


def _shared(services: Services, ports: Mapping[str, int], sources: list[dict[str, Any]]) -> dict[str, str]:
    """What all components have in common, as on several machines: addresses, keys, and nothing of this machine's."""
    return base_environment() | services.environment() | {
        SOURCES_VARIABLE: "variable://sources",
        "AIRFLOW_VAR_SOURCES": json.dumps({"sources": sources}),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "tests.distributed.own_name.host_name",
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(64),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
    }  # fmt: skip
