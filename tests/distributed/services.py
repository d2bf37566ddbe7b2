"""PostgreSQL, Redis and an S3 server of this test's own: own folders, own ports on loopback, ended with the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sandbox.postgres import Postgres, postgres, postgres_binary
from sandbox.processes import Server, StartError, free_port, started

PACKAGES = ("celery", "psycopg2", "s3fs", "moto", "airflow.providers.celery", "airflow.providers.amazon")
BUCKET = "staging"


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
    """Where they listen."""

    postgres: Postgres
    redis: int
    s3: int

    def flush_redis(self) -> None:
        """Redis forgets every queued task."""
        subprocess.run(["redis-cli", "-p", str(self.redis), "FLUSHALL"], check=True, capture_output=True)

    def environment(self) -> dict[str, str]:
        """What every component of Airflow has to know of them."""
        aws = (
            f'{{"conn_type": "aws", "login": "test", "password": "test", "extra": {{"endpoint_url": "{self.s3_url}"}}}}'
        )
        return {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.postgres.url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{self.postgres.address}",
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
    environment, logs = dict(os.environ), folder / "logs"
    with ExitStack() as stack:
        ports = Services(stack.enter_context(postgres(logs)), free_port(26_379), free_port(25_000))
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
