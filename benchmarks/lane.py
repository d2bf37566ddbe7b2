"""Measure lanes: ``make bench-lane``, or ``python -m benchmarks.lane [--pages 1000 10000 50000]``.

A sandbox Confluence in a process of its own waits 80 ms before each answer. After a full sweep, and with a manifest that
holds everything, come a lane that finds nothing and one after ten edits: the tasks ``validate`` and ``discover``, each in a
process of its own. Prints a Markdown table, and ends with status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import requests

from benchmarks.extract import SPACE, sandbox, table, task
from benchmarks.extract_goals import Goal, Measured

EVERY_FIVE_MINUTES = ("--schedule", "*/5 * * * *")
EDITS = 10
REQUESTS_AT_REST = 8
SECONDS_AT_REST = {50_000: 1.0}
SECONDS_WITH_EDITS = {1_000: 0.8, 10_000: 1.0}


def lanes(pages: int, latency_ms: float, staging: Path) -> dict[str, Measured]:
    """A lane that finds nothing, and one after ten edits."""
    with sandbox(pages, latency_ms) as url:
        _look(url, "first", staging)
        task(url, "hold", "hold", "first", staging)
        quiet = _look(url, "quiet", staging)
        edited = _edit(url)
        changed = _look(url, "edited", staging)
    if (quiet.told["look"], changed.told["look"]) != ("lane", "lane"):
        raise SystemExit("A run between two full sweeps was no lane")
    if quiet.told["fetched"] or changed.told["fetched"] != sorted(edited):
        raise SystemExit("A lane did not find what had changed, and nothing else")
    return {"nothing changed": quiet, f"after {EDITS} edits": changed}


def _look(url: str, run_id: str, staging: Path) -> Measured:
    """``validate`` and ``discover`` of a run, as one."""
    steps = [task(url, name, run_id, run_id, staging, *EVERY_FIVE_MINUTES) for name in ("validate", "discover")]
    told = steps[1].told | {"processor_seconds": sum(step.told["processor_seconds"] for step in steps)}
    seconds, asked = sum(step.seconds for step in steps), sum(step.requests for step in steps)
    return Measured(run_id, steps[1].pages, seconds, asked, steps[1].megabytes, told)


def _edit(url: str) -> list[str]:
    refs = [f"gen-{number}" for number in range(200, 200 + EDITS)]
    ids = {row["ref"]: row["id"] for row in requests.get(f"{url}/_sandbox/contents?space={SPACE}", timeout=300).json()}
    changes = [{"change": "edit", "page": ref, "storage": "<p>Edited.</p>"} for ref in refs]
    requests.post(f"{url}/_sandbox/changes", json=changes, timeout=60).raise_for_status()
    return [str(ids[ref]) for ref in refs]


def goals_of(pages: int, found: dict[str, Measured]) -> list[Goal]:
    """What is to be reached at this size."""
    quiet, changed = found.values()
    goals = [Goal(f"requests of a lane that finds nothing, {pages:,}", REQUESTS_AT_REST, quiet.requests, True)]
    if bound := SECONDS_AT_REST.get(pages):
        goals.append(Goal(f"seconds of a lane that finds nothing, {pages:,}", bound, quiet.seconds, True))
    if bound := SECONDS_WITH_EDITS.get(pages):
        goals.append(Goal(f"seconds of a lane with {EDITS} edits, {pages:,}", bound, changed.seconds, True))
    return goals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="*", default=[1_000, 10_000, 50_000])
    parser.add_argument("--latency-ms", type=float, default=80.0)
    options = parser.parse_args()
    rows, goals = [], []
    with tempfile.TemporaryDirectory() as folder:
        for pages in options.pages:
            found = lanes(pages, options.latency_ms, Path(folder, str(pages)))
            rows += [
                [
                    f"{pages:,}",
                    what,
                    f"{row.seconds:.2f}",
                    f"{row.told['processor_seconds']:.2f}",
                    str(row.requests),
                    f"{row.megabytes:,.0f}",
                ]
                for what, row in found.items()
            ]
            goals += goals_of(pages, found)
    print(table(["pages", "lane", "seconds", "of processor", "requests", "peak MB"], rows))
    print()
    print(table(["", "asked for", "measured", ""], [goal.cells() for goal in goals]))
    sys.exit(not all(goal.reached for goal in goals))


if __name__ == "__main__":
    main()
