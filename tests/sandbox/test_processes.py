from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from sandbox.processes import StartError, free_port, started

SERVER = "import http.server,sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), type('H', (http.server.BaseHTTPRequestHandler,), {'do_GET': lambda s: (s.send_response(200), s.end_headers())})).serve_forever()"
PARENT = "import subprocess,sys,time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(p.pid, flush=True); time.sleep(600)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


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
        deadline = time.monotonic() + 20
        while not log.read_text().strip() and time.monotonic() < deadline:
            time.sleep(0.05)
        child = int(log.read_text())
        assert alive(child)
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    with (
        started("server", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log", os.environ) as server,
        pytest.raises(StartError, match=r"exit status 3; see .*log"),
    ):
        server.wait_until_up("http://127.0.0.1:9/", seconds=20)
