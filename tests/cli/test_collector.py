from __future__ import annotations

import gc

import pytest

from confluence_to_twig.cli.main import main


def test_a_command_has_garbage_collected_seldom(capfd: pytest.CaptureFixture[str]) -> None:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        assert main(["sync", "--help"]) == 0
        assert gc.get_threshold()[0] == 50_000
    finally:
        gc.set_threshold(*before)
