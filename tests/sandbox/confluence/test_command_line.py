from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from sandbox.confluence.__main__ import main

ROOT = Path(__file__).parents[3]
Start = Callable[..., tuple[subprocess.Popen[str], list[str]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command and yields the process with the lines that it prints when it is up."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
        command = [sys.executable, "-m", "sandbox.confluence", "--port", "0", *arguments]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}
        )
        processes.append(process)
        lines: list[str] = []
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip())
            if "AIRFLOW_CONN" in line:
                break
        return process, lines

    yield run
    for process in processes:
        process.kill()
        process.wait()


def test_a_folder_is_served_and_kept_across_restarts(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "Hello.xhtml").write_text("<p>Hi</p>")
    arguments = ("--space", f"REAL={tmp_path / 'pages'}", "--state", str(tmp_path / "state"))
    process, lines = start(*arguments)
    assert "REAL (2 current pages)" in "\n".join(lines)
    connection = json.loads(re.search(r"='(.*)'", lines[-1])[1])  # type: ignore[index]
    auth = (connection["login"], connection["password"])
    pages = requests.get(f"{connection['host']}/wiki/api/v2/pages", auth=auth, timeout=30).json()["results"]
    assert [page["title"] for page in pages] == ["pages", "Hello"]
    rename = {"change": "rename", "page": pages[1]["id"], "title": "Renamed"}
    assert requests.post(f"{connection['host']}/_sandbox/changes", json=rename, timeout=30).ok
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    _, lines = start(*arguments)
    base = re.search(r"http://[^/]+", lines[0])[0]  # type: ignore[index]
    contents = requests.get(f"{base}/_sandbox/contents", timeout=30).json()
    assert [row["title"] for row in contents] == ["pages", "Renamed"]


def test_data_center_prints_a_connection_with_a_personal_access_token(start: Start) -> None:
    _, lines = start("--generated", "3", "--deployment", "datacenter")
    connection = json.loads(re.search(r"='(.*)'", lines[-1])[1])  # type: ignore[index]
    assert connection["extra"]["deployment"] == "datacenter"
    headers = {"Authorization": f"Bearer {connection['password']}"}
    me = requests.get(f"{connection['host']}/rest/api/user/current", headers=headers, timeout=30).json()
    assert me["type"] == "known"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--host", "0.0.0.0", "--generated", "1"], "loopback"),
        (["--space", "REAL=/does/not/exist"], "not a folder"),
        (["--space", "REAL"], "KEY=FOLDER"),
        (["--latency-ms", "-1"], "a number from 0 on"),
        (["--rate", "0"], "a number above 0"),
        (["--rate", "fast"], "a number above 0"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--port", "0", *arguments])
    assert reason in f"{stopped.value} {capsys.readouterr().err}"
