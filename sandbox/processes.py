"""Start servers, and stop every one of them: each runs in a process group of its own.

A keeper stops the group of a server whose starter ended without doing so, killed or broken off.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 20.0
#: Waits until nobody holds the other end of its standard input, then stops the group that its argument names.
KEEPER = f'read -r _; kill -s TERM -- "-$1" && sleep {STOP_SECONDS:.0f}; kill -s KILL -- "-$1"'


class StartError(RuntimeError):
    """A server did not come up; the text names its log."""


@dataclass(frozen=True)
class Server:
    """A process that serves HTTP on loopback."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_up(self, url: str, seconds: float, waiting: Callable[[], None] = lambda: None) -> None:
        """Return when ``url`` answers 200. Raises :class:`StartError` when the process ends or the time is over.

        :param waiting: called about three times a second until then.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartError(f"{self.name} ended with exit status {self.process.returncode}; see {self.log}")
            if _answers(url):
                return
            waiting()
            time.sleep(0.3)
        raise StartError(f"{self.name} did not answer within {seconds:.0f} s; see {self.log}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port(wanted: int, promised: Collection[int] = ()) -> int:
    """``wanted`` if nothing listens there, else the next free port above it that is not promised to another server."""
    for port in range(wanted, wanted + 200):
        if port in promised:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartError(f"no free port between {wanted} and {wanted + 200}")


@contextlib.contextmanager
def started(name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run ``command`` in a process group of its own until the block ends, or this process; then end the whole group."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    with _keeper(process):
        try:
            yield Server(name, process, log)
        finally:
            _end_group(process)


@contextlib.contextmanager
def _keeper(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Have a shell stop the group of ``process`` when this process dies within the block."""
    keeper = subprocess.Popen(  # noqa: S603 - our own script
        ["/bin/sh", "-c", KEEPER, "sh", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        keeper.kill()
        keeper.communicate()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the group, SIGKILL to what is left of it. Its children can outlive the process that leads it."""
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and _group_lives(process):
            time.sleep(0.1)
    process.wait()


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
