"""``python -m sandbox.twig`` and what outlives a restart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from sandbox.twig import DEFAULT_KEY, SandboxTwig, serve
from sandbox.twig.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
AUTHORIZED = {"Authorization": f"Bearer {DEFAULT_KEY}"}


@contextmanager
def started(*options: str) -> Iterator[tuple[list[str], dict[str, object]]]:
    """The server as a process of its own: the lines it printed and the connection in them."""
    command = [sys.executable, "-m", "sandbox.twig", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline() for _ in range(4)]
            exported = lines[2].partition("AIRFLOW_CONN_TWIG_DEFAULT=")[2].strip().strip("'")
            yield lines, json.loads(exported)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


def test_prints_how_to_connect_keeps_its_state_and_stops_cleanly(tmp_path: Path) -> None:
    with started("--state", str(tmp_path / "twig"), "--rate", "off") as (lines, connection):
        assert "no limits" in lines[0]
        new = {"name": "kept", "type": "FILE"}
        made = requests.post(f"{connection['host']}/api/data-specs", json=new, headers=AUTHORIZED, timeout=30)
        assert "X-RateLimit-Limit" not in made.headers
        assert connection["password"] == DEFAULT_KEY
    with started("--state", str(tmp_path / "twig"), "--rate", "30") as (lines, connection):
        assert "30 writes a minute" in lines[0]
        found = requests.get(f"{connection['host']}/api/data-specs", headers=AUTHORIZED, timeout=30)
        assert [item["name"] for item in found.json()["data"]["items"]] == ["kept"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "fast"], "'off' or a number above 0, not 'fast'"),
        (["--rate", "0"], "'off' or a number above 0, not '0'"),
        (["--latency-ms", "-1"], "a number from 0 on, not '-1'"),
    ],
)
def test_a_wrong_option_is_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_serves_this_machine_only() -> None:
    with pytest.raises(SystemExit, match="loopback"):
        main(["--host", "0.0.0.0", "--port", "0"])


def test_a_port_in_use_is_said_clearly() -> None:
    with serve() as served, pytest.raises(SystemExit, match="choose another --port"):
        main(["--port", served.base_url.rsplit(":", 1)[1]])


def test_what_is_held_and_indexed_outlives_a_restart(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        base = f"{served.base_url}/api/data-specs"
        spec = requests.post(base, json={"name": "n", "type": "FILE"}, headers=AUTHORIZED, timeout=30).json()["data"][
            "id"
        ]
        chunk = {"id": "a", "ordinal": 0, "hash": "h", "text": "lasting words", "url": "u", "tokenCount": 2}
        document = {"id": "1", "version": 1, "contentHash": "c", "title": "t", "url": "u", "chunks": [chunk]}
        requests.post(f"{base}/{spec}/documents", json={"upserts": [document]}, headers=AUTHORIZED, timeout=30)
        requests.post(f"{base}/{spec}/process", headers=AUTHORIZED, timeout=30)
        before = served.twig.documents(spec)
    twig = SandboxTwig(tmp_path)
    assert twig.documents(spec) == before
    assert [hit["text"] for hit in twig.search("lasting")] == ["lasting words"]
    twig.close()


def test_latency_is_added_to_api_calls_only() -> None:
    with serve(latency_ms=300) as served:
        with pytest.raises(requests.Timeout):
            requests.get(f"{served.base_url}/api/data-specs", headers=AUTHORIZED, timeout=0.05)
        requests.get(f"{served.base_url}/_sandbox/stats", timeout=5).raise_for_status()
