"""A load that is ended with SIGKILL anywhere, and run again, ends where an undisturbed one does."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.staging.journal import PartName
from confluence_to_twig.twig.drift import audit
from confluence_to_twig.twig.loader import load
from sandbox.twig import ServedTwig
from tests.proofs import size
from tests.twig.world import Page, World, expected, local_staging

ROOT = Path(__file__).resolve().parents[2]
POINTS = size(4, 100)


def page(number: int) -> Page:
    letters = random.Random(number)
    return Page(
        str(number), tuple(" ".join("".join(letters.choices("abcdefgh", k=7)) for _ in range(25)) for _ in range(3))
    )


BEFORE = [page(number) for number in range(24)]
EDITED = [entry.edited(sections=(*entry.sections[:2], f"edited {entry.page_id}")) for entry in BEFORE[:10]]
LABELLED = [replace(entry, labels=("new",)) for entry in BEFORE[10:14]]
ADDED = [page(number) for number in range(100, 106)]
GONE = BEFORE[20:]
CHANGED = [*EDITED, *LABELLED, *ADDED]
AFTER = [*CHANGED, *BEFORE[14:20]]


@pytest.fixture(scope="module")
def worker() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("mortal_worker.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()


def prepared(served: ServedTwig, folder: Path, source: str) -> World:
    """A source whose pages were loaded before, with the shard of the run that is about to be killed."""
    world = World(served, local_staging(folder, source))
    with world.client() as client:
        documents, chunks = world.shards(*BEFORE, run_id="before")
        load(client, world.source_named(client), documents, chunks, world.manifest, "before")
    world.shards(*CHANGED, run_id="run")
    return world


def run(worker: subprocess.Popen[str], world: World, folder: Path, die_at: int = 0) -> dict[str, int]:
    deletions = [
        {"page_id": entry.page_id, "title": entry.name, "url": entry.url, "version": 1, "reason": "trashed"}
        for entry in GONE
    ]
    order = {
        "base_url": world.served.base_url, "key": world.served.api_key, "folder": str(folder), "run_id": "run",
        "source": world.staging.source, "deletions": deletions, "die_at": die_at,
    }  # fmt: skip
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        if line.startswith("@"):
            return dict(json.loads(line[1:]))
    raise AssertionError("the worker is gone")


def acknowledged(world: World) -> set[str]:
    """The idempotency keys of batches that the manifest knows as acknowledged."""
    names = [PartName.parse(path.name) for path in world.manifest.journal.iterdir()]
    return {name.token for name in names if name and name.kind == "end"}


def pages_of(records: Iterable[Any]) -> Counter[str]:
    """How often each page was sent or deleted in these writes."""
    return Counter(page_id for record in records for page_id in (*record.upserts, *record.deletes))


def state(world: World) -> tuple[Any, ...]:
    with world.client() as client:
        source = world.source_named(client)
        drift = audit(client, source, world.manifest)
        rows = world.manifest.read().drop_columns(["data_source", "loaded_at", "run_id"]).to_pylist()
        removed = sorted(row["page_id"] for row in world.audit.read().to_pylist())
        current = client.get_data_source(source.id)
    status = current and (current.status, current.document_count)
    return world.held_in(source.id), sorted(rows, key=str), removed, drift, status


@pytest.mark.proofs(f"{POINTS} points of SIGKILL, spread over all function calls of a load")
def test_killed_anywhere_and_run_again_ends_as_undisturbed(
    served: ServedTwig, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    undisturbed = prepared(served, tmp_path, "undisturbed")
    calls = run(worker, undisturbed, tmp_path)["calls"]
    wanted = state(undisturbed)
    assert wanted[0] == expected(*AFTER)
    assert not wanted[3].found
    assert calls > 1_000

    survived, outcomes = 0, Counter[str]()
    for point in range(POINTS):
        world = prepared(served, tmp_path, f"killed-{point}")
        served.twig.log.clear()
        died = run(worker, world, tmp_path, die_at=round((point + 0.5) * calls / POINTS))
        survived += died["status"] != -signal.SIGKILL
        before = acknowledged(world)
        sent = world.writes()
        again = run(worker, world, tmp_path)
        assert again["status"] == 0

        assert state(world) == wanted, f"killed at point {point} of {POINTS}"
        settled = pages_of(record for record in sent if record.idempotency_key in before)
        repeated = pages_of(world.writes()[len(sent) :])
        assert not settled.keys() & repeated.keys(), "a page of an acknowledged batch came again"
        assert set(repeated.values()) <= {1}, "a page came twice to one attempt"
        in_flight = [record for record in sent if record.idempotency_key not in before]
        assert len(in_flight) <= 1
        outcomes["in flight" if in_flight else "between batches"] += 1
        outcomes["something sent" if sent else "nothing sent yet"] += 1
    logging.getLogger(__name__).info("Killed at %d points: %s", POINTS, dict(outcomes))
    assert survived <= 1, "the work must be long enough to be killed in"
    assert outcomes["something sent"] >= POINTS // 2
