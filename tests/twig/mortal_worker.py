"""Run loads in processes of their own and end them with SIGKILL after a given number of calls.

Reads one JSON order a line, answers one JSON line: ``{"status": <exit status>, "calls": <calls until the end>}``. Each order
runs in a fork, so that the imports are paid for once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.loader import load
from confluence_to_twig.twig.process import start_processing
from confluence_to_twig.twig.pruner import Deletion, prune
from confluence_to_twig.twig.settings import TwigSettings
from tests.twig.world import local_staging


def work(order: dict[str, Any]) -> None:
    """Load, prune and trigger, as the tasks of a run do."""
    staging = local_staging(Path(order["folder"]), order["source"])
    run, store = staging.run(order["run_id"]), ManifestStore(staging)
    extra = {"org_id": "org_sandbox", "writes_per_minute": 100_000, "batch_mb": 0.001}
    with TwigClient(TwigSettings.from_fields(order["base_url"], order["key"], extra)) as client:
        source = find_or_create(client, order["source"], staging=staging)
        load(client, source, [run.documents(0)], [run.chunks(0)], store, order["run_id"])
        deletions = [Deletion(**entry) for entry in order["deletions"]]
        prune(client, source, deletions, store, DeletionLog(staging), order["run_id"])
        start_processing(client, source, store)


def mortal(order: dict[str, Any], report: int) -> None:
    """Do the work, counting calls of Python and C functions; die at the one that the order names."""
    calls, last = 0, order["die_at"]

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        if event in {"call", "c_call"}:
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    work(order)
    sys.setprofile(None)
    os.write(report, str(calls).encode())


def warm_up() -> None:
    """Do once what would be done, and counted, in every fork."""
    with tempfile.TemporaryDirectory() as folder:
        log = DeletionLog(local_staging(Path(folder)))
        log.append("a", [{"page_id": "1", "title": "", "url": "", "reason": "", "run_id": ""}])
        log.merge()


def main() -> None:
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            mortal(order, write)
            os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        calls = int(os.read(read, 20) or 0)
        os.close(read)
        answer = {"status": os.waitstatus_to_exitcode(status), "calls": calls}
        sys.stdout.write(f"@{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
