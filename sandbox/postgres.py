"""A PostgreSQL of one's own: own folder, own port on loopback, ended with the block.

For an Airflow that many tasks write to at once, which SQLite refuses at times. PostgreSQL does not run as root, so it runs
as Debian's user ``postgres`` then.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.processes import Server, StartError, free_port, started

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 20.0


def postgres_binary(name: str) -> Path | None:
    """A program of the newest PostgreSQL of Debian."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return found[-1] if found else None


class Postgres:
    """A running server with an empty database ``airflow``.

    :param port: where it listens.
    """

    def __init__(self, data: Path, log: Path, port: int) -> None:
        if postgres_binary("initdb") is None:
            raise StartError("PostgreSQL is not installed: apt-get install postgresql")
        self.port = port
        self._log = log
        self._as_owner = _new_cluster(data)
        command = [*self._as_owner, str(postgres_binary("postgres")), "-D", str(data), "-p", str(port)]
        self._command = [*command, "-k", "", "-h", "127.0.0.1"]
        self._running = ExitStack()

    @property
    def address(self) -> str:
        """User, host, port and database, as they stand in an SQLAlchemy URL after the scheme."""
        return f"postgres@127.0.0.1:{self.port}/airflow"

    @property
    def url(self) -> str:
        """The database for Airflow's ``sql_alchemy_conn``."""
        return f"postgresql+psycopg2://{self.address}"

    def start(self) -> None:
        """Start it, and wait until it answers. Raises :class:`~sandbox.processes.StartError`."""
        self._running = ExitStack()
        server = self._running.enter_context(started("PostgreSQL", self._command, self._log, dict(os.environ)))
        self._running.callback(_end_connections, server)
        deadline = time.monotonic() + _SECONDS_TO_START
        while self.run("SELECT 1").returncode:
            if time.monotonic() > deadline or server.process.poll() is not None:
                self.stop()
                raise StartError(f"PostgreSQL did not start; see {self._log}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, connections and all."""
        self._running.close()

    def restart(self) -> None:
        """End it, connections and all, and start it again with the same data."""
        self.stop()
        self.start()

    def run(self, statement: str) -> subprocess.CompletedProcess[bytes]:
        """Run a statement outside any database of one's own."""
        command = [str(postgres_binary("psql")), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        return subprocess.run([*command, "-c", statement], capture_output=True, check=False)  # noqa: S603 - our own command


@contextmanager
def postgres(logs: Path) -> Iterator[Postgres]:
    """A PostgreSQL until the block ends. :param logs: the folder that takes its log."""
    # Not in the caller's folder: one that lets only its user in is closed to the user postgres.
    data = Path(tempfile.mkdtemp(prefix="confluence-to-twig-postgres-"))
    try:
        server = Postgres(data, logs / "postgres.log", free_port(25_432))
        server.start()
        try:
            if (made := server.run("CREATE DATABASE airflow")).returncode:
                raise StartError(f"PostgreSQL made no database: {made.stderr.decode()}")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _new_cluster(data: Path) -> list[str]:
    """Make an empty database cluster in an empty folder; returns how to run a program as its owner."""
    as_owner: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(data, user.pw_uid, user.pw_gid)
        as_owner = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    initdb = [*as_owner, str(postgres_binary("initdb")), "-D", str(data), "-U", "postgres", "-A", "trust", "-N"]
    done = subprocess.run([*initdb, "-E", "UTF8"], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise StartError(f"initdb failed: {done.stderr}")
    return as_owner


def _end_connections(server: Server) -> None:
    """PostgreSQL ends its connections at SIGINT; at SIGTERM it would wait until they end by themselves."""
    server.process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(_SECONDS_TO_END)
