"""PostgreSQL, Redis and an S3 server of this test's own: own folders, own ports on loopback, ended with the test.

PostgreSQL refuses to run as root, so it runs as Debian's user ``postgres`` then.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from sandbox.processes import Server, StartError, free_port, started

PACKAGES = ("celery", "psycopg2", "s3fs", "moto", "airflow.providers.celery", "airflow.providers.amazon")
BUCKET = "staging"


def postgres_binary(name: str) -> Path | None:
    """A program of the newest PostgreSQL of Debian."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return found[-1] if found else None


def missing() -> list[str]:
    """What has to be installed before these tests can run."""
    programs = {"postgresql": postgres_binary("initdb"), "redis-server": shutil.which("redis-server")}
    return [name for name, path in programs.items() if path is None] + [name for name in PACKAGES if not _found(name)]


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@dataclass
class Services:
    """Where they listen, and PostgreSQL's process."""

    postgres: int
    redis: int
    s3: int
    _start_postgres: Callable[[], ExitStack] = ExitStack
    _postgres: ExitStack = field(default_factory=ExitStack)

    def restart_postgres(self) -> None:
        """End PostgreSQL, connections and all, and start it again with the same data."""
        self._postgres.close()
        self._postgres = self._start_postgres()

    def flush_redis(self) -> None:
        """Redis forgets every queued task."""
        subprocess.run(["redis-cli", "-p", str(self.redis), "FLUSHALL"], check=True, capture_output=True)

    def environment(self) -> dict[str, str]:
        """What every component of Airflow has to know of them."""
        database = f"postgres@127.0.0.1:{self.postgres}/airflow"
        aws = (
            f'{{"conn_type": "aws", "login": "test", "password": "test", "extra": {{"endpoint_url": "{self.s3_url}"}}}}'
        )
        return {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{database}",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{self.redis}/0",
            "AIRFLOW_CONN_AWS_DEFAULT": aws,
            "AWS_DEFAULT_REGION": "us-east-1",
            "CONFLUENCE_TWIG_STAGING": f"s3://aws_default@{BUCKET}/confluence-twig",
        }

    @property
    def s3_url(self) -> str:
        return f"http://127.0.0.1:{self.s3}"


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """All three, until the block ends. :param folder: takes their files and logs."""
    ports = Services(free_port(25_432), free_port(26_379), free_port(25_000))
    environment = dict(os.environ)
    with ExitStack() as stack:
        psql = [str(postgres_binary("psql")), "-h", "127.0.0.1", "-p", str(ports.postgres), "-U", "postgres"]
        # Not in pytest's folder: each pytest that starts lets only its user into that.
        data, logs = Path(tempfile.mkdtemp(prefix="confluence-to-twig-postgres-")), folder / "logs"
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        as_postgres = _new_cluster(data)

        def start_postgres() -> ExitStack:
            program = [*as_postgres, str(postgres_binary("postgres")), "-D", str(data)]
            command = [*program, "-p", str(ports.postgres), "-k", "", "-h", "127.0.0.1"]
            running = ExitStack()
            server = running.enter_context(started("PostgreSQL", command, logs / "postgres.log", environment))
            running.callback(lambda: _end_connections(server))
            _until(lambda: subprocess.run([*psql, "-c", "SELECT 1"], capture_output=True, check=False).returncode == 0)
            return running

        ports._start_postgres = start_postgres
        stack.callback(lambda: ports._postgres.close())
        ports.restart_postgres()
        subprocess.run([*psql, "-c", "CREATE DATABASE airflow"], capture_output=True, check=True)

        command = [
            "redis-server",
            "--port",
            str(ports.redis),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        server = stack.enter_context(started("Redis", command, logs / "redis.log", environment))
        _until_listening(server, ports.redis)

        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(ports.s3)]
        server = stack.enter_context(started("S3", command, logs / "s3.log", environment))
        _until_listening(server, ports.s3)
        _create_bucket(ports.s3_url)
        yield ports


def _end_connections(server: Server) -> None:
    """PostgreSQL ends its connections at SIGINT; at SIGTERM it would wait until they end by themselves."""
    server.process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(20)


def _new_cluster(data: Path) -> list[str]:
    """Make an empty database cluster in an empty folder; returns how to run a program as its owner."""
    as_postgres: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(data, user.pw_uid, user.pw_gid)
        as_postgres = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    initdb = [*as_postgres, str(postgres_binary("initdb")), "-D", str(data), "-U", "postgres", "-A", "trust", "-N"]
    done = subprocess.run([*initdb, "-E", "UTF8"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"initdb failed: {done.stderr}")
    return as_postgres


def _create_bucket(url: str) -> None:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)


def _until_listening(server: Server, port: int) -> None:
    def listens() -> bool:
        if server.process.poll() is not None:
            raise StartError(f"{server.name} ended with exit status {server.process.returncode}; see {server.log}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _until(listens)


def _until(look: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise StartError(f"a service did not answer within {seconds:.0f} s")
        time.sleep(0.2)
