"""Two Celery workers, PostgreSQL, Redis and staging in S3: the same result as on one machine, and a page that is up to date."""

from __future__ import annotations

import os
import signal
import time
from random import Random
from typing import Any

import pytest
import requests

from tests.distributed.cluster import WORKERS, Cluster
from tests.distributed.conftest import GENERATED_PAGES, INTERRUPTED, MACHINES, SIDES
from tests.proofs import FULL_SIZE, SEED, size
from tests.waiting import until

pytestmark = pytest.mark.timeout(1_800)


def trigger(parts: Cluster, source: str, **conf: Any) -> tuple[str, str]:
    dag_id = f"confluence_to_twig__{source}"
    until(lambda: parts.api.dag(dag_id), 300)
    parts.api.call("PATCH", f"dags/{dag_id}", json={"is_paused": False})
    return dag_id, str(parts.api.trigger(dag_id, conf)["dag_run_id"])


def end_of(parts: Cluster, dag_id: str, run_id: str) -> str:
    def look() -> str | None:
        parts.start_what_ended()
        state = parts.api.run_state(dag_id, run_id)
        return state if state in {"success", "failed"} else None

    return until(look, 900)


def shown(parts: Cluster, dag_id: str, run_id: str) -> dict[str, Any] | None:
    """The line of a run in the history of its source, as the page shows it."""
    found: list[dict[str, Any]] = parts.page(f"sources/{dag_id}/history")["runs"]
    return next((row for row in found if row["run_id"] == run_id), None)


def change(parts: Cluster, **what: Any) -> None:
    url = f"http://127.0.0.1:{parts.ports['confluence']}/_sandbox/changes"
    requests.post(url, json=what, timeout=10).raise_for_status()


def test_a_sync_and_the_next_one_are_exact_and_the_page_follows_them(parts: Cluster) -> None:
    dag_id, run_id = trigger(parts, "sample")
    first = until(lambda: shown(parts, dag_id, run_id), 300)
    assert first["state"] == "running", "the page reads S3 while the run goes on"
    assert end_of(parts, dag_id, run_id) == "success"
    assert until(lambda: (row := shown(parts, dag_id, run_id)) and row["state"] == "success", 300)
    held = parts.held("sample")
    assert len(held) > 200
    hosts = {task["hostname"] for task in parts.api.task_instances(dag_id, run_id) if task["hostname"]}
    assert hosts == set(WORKERS)

    edited, gone = sorted(held, key=int)[-2:]
    change(parts, change="edit", page=edited, storage="<p>Edited while two workers watch.</p>")
    change(parts, change="trash", page=gone)
    # Within the hour only a full sweep finds at once that a page is gone.
    dag_id, run_id = trigger(parts, "sample", full=True)
    assert end_of(parts, dag_id, run_id) == "success"
    after = parts.held("sample")
    assert after == {key: value for key, value in held.items() if key != gone} | {edited: held[edited] + 1}
    assert until(lambda: (row := shown(parts, dag_id, run_id)) and row["changed"] and row["removed"] == 1, 300)


#: What holds a task up for so long that it can be hit: the bodies of pages, and a write to Twig.
SLOW = {
    "extract": ("confluence", {"path": "body-format=storage", "times": 8, "action": {"type": "delay", "seconds": 8}}),
    "load": (
        "twig",
        {"kind": "delay", "method": "POST", "path": "/documents$", "applied": False, "seconds": 8, "times": 4},
    ),
}


@pytest.mark.skipif(not FULL_SIZE, reason="in make proofs")
@pytest.mark.proofs(
    f"two sources of {GENERATED_PAGES:,} pages at the same time; a task or a whole worker killed in one of them; scheduler and "
    "triggerer started anew; Twig compared with Confluence; losses: 0"
)
@pytest.mark.parametrize(("what", "task_id"), INTERRUPTED)
def test_what_is_killed_in_one_of_two_large_sources_costs_time_and_nothing_else(
    parts: Cluster, what: str, task_id: str
) -> None:
    server, fault = SLOW[task_id]
    faults = f"http://127.0.0.1:{parts.ports[server]}/_sandbox/faults"
    requests.post(faults, json=fault, timeout=10).raise_for_status()
    left, right = (f"{what}-{task_id}-{side}" for side in SIDES)
    runs = {source: trigger(parts, source) for source in (left, right)}

    def running() -> dict[str, Any] | None:
        tasks = parts.api.task_instances(*runs[left])
        found = [task for task in tasks if (task["task_id"], task["state"]) == (task_id, "running") and task["pid"]]
        return found[0] if found else None

    task = until(running, 600)
    if what == "task":
        os.kill(task["pid"], signal.SIGKILL)
    else:
        parts.kill(task["hostname"])
    requests.delete(faults, timeout=10).raise_for_status()
    for name in ("scheduler", "triggerer"):
        parts.stop(name)
        parts.start(name)
    if what == "worker":
        parts.start(task["hostname"])
    for source, run in runs.items():
        assert end_of(parts, *run) == "success"
        assert parts.held(source) == parts.in_confluence("GEN")
    tries = [again["try_number"] for again in parts.api.task_instances(*runs[left]) if again["task_id"] == task_id]
    assert max(tries) > 1, "nothing was interrupted"


#: What fails, each in so many runs.
FAILING = ("scheduler", "triggerer", "api-server", *WORKERS, "postgres", "redis")
RUNS = size(1, 3)
#: Tasks during which it fails. A run of few changes can end before it is noticed that a later one has begun.
HIT = ("validate", "discover", "extract", "transform", "load")


@pytest.mark.skipif(not FULL_SIZE, reason="in make proofs")
@pytest.mark.proofs(
    f"it fails at a random moment of each of {RUNS} runs over {GENERATED_PAGES:,} pages, of which five were edited, one is new and "
    "one is in the trash; Twig compared with Confluence after each; losses: 0"
)
@pytest.mark.parametrize("what", FAILING)
def test_whatever_fails_at_a_random_moment_twig_ends_equal(parts: Cluster, what: str) -> None:
    chance = Random(f"{SEED} {what}")
    for number in range(RUNS):
        change_some(parts, chance, f"before {what} fails, {number}")
        run = trigger(parts, MACHINES, full=True)
        until_begun(parts, run, chance.choice(HIT), chance.choice(["queued", "running"]))
        time.sleep(chance.uniform(0, 3))
        assert parts.api.run_state(*run) in {"queued", "running"}, "the run was over before anything failed"
        fail(parts, what)
        if end_of(parts, *run) == "failed":
            assert end_of(parts, *trigger(parts, MACHINES, full=True)) == "success"
        assert parts.held(MACHINES) == parts.in_confluence("GEN")


def change_some(parts: Cluster, chance: Random, why: str) -> None:
    """Five edits, a new page, and a page that goes."""
    *edited, gone = chance.sample(sorted(parts.in_confluence("GEN")), 6)
    for page_id in edited:
        change(parts, change="edit", page=page_id, storage=f"<p>Edited {why}.</p>")
    change(parts, change="new_page", space_key="GEN", title=f"Written {why}", storage="<p>New.</p>")
    change(parts, change="trash", page=gone)


def until_begun(parts: Cluster, run: tuple[str, str], task_id: str, state: str) -> None:
    """Until a task is queued or, if ``state`` says so, running; or beyond."""
    before = {None, "scheduled"} | ({"queued"} if state == "running" else set())

    def begun() -> bool:
        tasks = parts.api.task_instances(*run)
        return any(task["state"] not in before for task in tasks if task["task_id"] == task_id)

    until(begun, 600)


def fail(parts: Cluster, what: str) -> None:
    """Let a component or a service fail, and come back."""
    match what:
        case "postgres":
            parts.services.postgres.restart()
        case "redis":
            parts.services.flush_redis()
        case _:
            parts.kill(what)
            parts.start(what)
            parts.wait_for_api()
