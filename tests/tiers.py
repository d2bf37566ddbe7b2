"""Which tests belong to ``make check``, ``make test`` and ``make proofs``; what is held against them, and written down about them.

* ``fast``: pure functions. Set for the folders in PURE, and by hand elsewhere. A fast test that opens a connection or starts a process fails.
* ``whole_server``: set for the folders in WHOLE_SERVERS. These tests share the machine with the servers they start. Only they may be run
  again, once, and a line at the end counts how often that happened. Not in ``make proofs``: what failed once is a loss.
* ``proofs``: grows to its full size in ``make proofs``.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import proof_record
from tests.proofs import FULL_SIZE, SEED

TESTS = Path(__file__).resolve().parent
PURE = ("content", "planning", "sources", "staging")
WHOLE_SERVERS = ("browser", "distributed", "scheduler")
#: Folders whose files take longest, so that they are begun first.
LONG = ("packaging", "cli", "dags")
#: What no pure function does. Forked or spawned Python processes are seen by their connection.
_FORBIDDEN = {"socket.connect", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}
_seen: list[str] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # croniter calls `file` when it is imported, to learn whether Python has 32 bits.
    if _seen is not None and event in _FORBIDDEN and arguments[0] != "file":
        _seen.append(event)


def pytest_configure() -> None:
    from hypothesis import settings

    settings.register_profile("sample", derandomize=True, deadline=None)
    settings.register_profile("proof", deadline=None, print_blob=True)
    settings.load_profile("proof" if FULL_SIZE else "sample")
    sys.addaudithook(_audit)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only fast tests are wanted, do not even import a file that cannot have one."""
    if config.option.markexpr != "fast" or collection_path.suffix != ".py" or _folder(collection_path) in PURE:
        return None
    return True if "mark.fast" not in collection_path.read_text(encoding="utf-8") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    last = len(LONG)
    items.sort(key=lambda item: LONG.index(folder) if (folder := _folder(item.path)) in LONG else last)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: thousands of modules, which it would look through in every test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def _folder(path: Path) -> str:
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""


def _is_fuzz(item: pytest.Item) -> bool:
    """Whether Hypothesis makes up the input of the test, or it grows in ``make proofs``."""
    function = getattr(item, "obj", None)
    return bool(getattr(function, "is_hypothesis_test", False) or item.get_closest_marker("proofs"))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test by its folder."""
    folder = _folder(item.path)
    if folder in WHOLE_SERVERS:
        item.add_marker(pytest.mark.whole_server)
        if not FULL_SIZE and not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if folder in PURE and not _is_fuzz(item) and not item.get_closest_marker("slow"):
        item.add_marker(pytest.mark.fast)
    if proof := item.get_closest_marker("proofs"):
        item.user_properties.append(("tried", proof.args[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a fast test that is not one."""
    global _seen
    _seen = [] if item.get_closest_marker("fast") else None
    try:
        yield
    finally:
        seen, _seen = _seen, None
    if seen:
        pytest.fail(
            f"A test marked fast must not do this: {', '.join(sorted(set(seen)))}. Mark it slow.", pytrace=False
        )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the tests that were run again, and write down the proofs."""
    stats = terminalreporter.stats
    again = [report.nodeid for report in stats.get("rerun", [])]
    ended = [report for outcome in ("passed", "failed") for report in stats.get(outcome, []) if report.when == "call"]
    if again or any("whole_server" in report.keywords for report in ended):
        terminalreporter.write_line(f"Whole-server tests that were run again: {len(again)}. {' '.join(again)}")
    if FULL_SIZE:
        _write_proofs([report for report in ended if "proofs" in report.keywords])


def _write_proofs(reports: list[pytest.TestReport]) -> None:
    commit, today = proof_record.commit(), f"{datetime.now(UTC):%Y-%m-%d}"
    proof_record.write(
        [
            proof_record.Proof(
                report.nodeid,
                str(dict(report.user_properties)["tried"]),
                report.outcome,
                f"{report.duration / 60:.1f}",
                str(SEED),
                commit,
                today,
            )
            for report in reports
        ]
    )
