from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from confluence_to_twig.cli.terminal import LOGS_KEPT, terminal


def test_what_others_print_goes_to_the_log_and_the_command_keeps_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with terminal(tmp_path, "sync") as shown:
        os.write(1, b"a library\n")
        os.write(2, b"a C library\n")
        subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
        shown.say("the command")
        shown.error("its mistake")
    os.write(1, b"afterwards\n")
    out, err = capfd.readouterr()
    assert (out, err) == ("the command\nafterwards\n", "error: its mistake\n")
    assert shown.log is not None
    assert set(shown.log.read_text(encoding="utf-8").split("\n")) == {"a library", "a C library", "a child", ""}


def test_verbose_shows_everything(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with terminal(tmp_path, "sync", verbose=True) as shown:
        os.write(1, b"a library\n")
        shown.say("the command")
    assert capfd.readouterr().out == "a library\nthe command\n"
    assert not shown.is_watched


def test_the_newest_logs_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "confluence-to-twig"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"{'sync' if number % 2 else 'check'}__2026-01-01T0000{number:02}-1.log").touch()
    with terminal(tmp_path, "sync") as shown:
        pass
    kept = sorted(path.name.partition("__")[2] for path in folder.iterdir())
    assert len(kept) == LOGS_KEPT
    assert kept[0] == "2026-01-01T000011-1.log"
    assert shown.log is not None
    assert shown.log.exists()
