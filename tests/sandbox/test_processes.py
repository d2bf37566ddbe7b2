from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.processes import StartError, free_port, started

SERVER = "import http.server,sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), type('H', (http.server.BaseHTTPRequestHandler,), {'do_GET': lambda s: (s.send_response(200), s.end_headers())})).serve_forever()"
PARENT = "import subprocess,sys,time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid, flush=True); time.sleep(600)"


STARTER = "import os,sys,time; from pathlib import Path; from sandbox.processes import started\nwith started('parent', [sys.executable, '-c', sys.argv[1]], Path(sys.argv[2]), os.environ): time.sleep(600)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


def until_logged(log: Path) -> int:
    """The process id that a server writes first."""
    deadline = time.monotonic() + 20
    while not (log.exists() and log.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    return int(log.read_text())


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_a_port_in_use_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_a_port_that_is_promised_to_another_server_is_not_given_twice() -> None:
    port = free_port(18_400)
    assert free_port(port, {port}) > port


def test_waits_until_a_server_answers_and_stops_it_afterwards(tmp_path: Path) -> None:
    port = free_port(18_000)
    with started("server", [sys.executable, "-c", SERVER, str(port)], tmp_path / "log", os.environ) as server:
        server.wait_until_up(f"http://127.0.0.1:{port}/", seconds=20)
        assert server.process.poll() is None
    assert server.process.poll() is not None


def test_stops_the_children_of_a_server_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with started("parent", [sys.executable, "-c", PARENT], log, os.environ):
        child = until_logged(log)
        assert alive(child)
    assert ends(child)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_starter_that_is_killed_leaves_no_server_behind(tmp_path: Path, sign: signal.Signals) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, PARENT, str(tmp_path / "log")])
    try:
        child = until_logged(tmp_path / "log")
    finally:
        starter.send_signal(sign)
        starter.wait()
    assert ends(child)


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    with (
        started("server", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log", os.environ) as server,
        pytest.raises(StartError, match=r"exit status 3; see .*log"),
    ):
        server.wait_until_up("http://127.0.0.1:9/", seconds=20)
