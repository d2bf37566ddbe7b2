"""Measure whole runs under a real scheduler: ``make bench-run``, or ``python -m benchmarks.run [--quiet 5]``.

Starts the sandbox and an Airflow as ``make run`` does, runs the sample space for the first time, and then several times with
nothing to do. Prints a Markdown table: seconds from the moment a run is asked for to its end, and those of each task. Ends with
status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.extract import table
from benchmarks.extract_goals import Goal
from benchmarks.scheduled import RunTimes, airflow, ended, times_of, unpause

TASKS = ("validate", "discover", "extract", "transform", "load", "prune", "verify")
FIRST_S, QUIET_S = 20.0, 10.0


def measure(folder: Path, quiet: int) -> tuple[RunTimes, list[RunTimes]]:
    """The first run, and those that find nothing."""
    source = {
        "name": "sample",
        "space_key": "PROD",
        "schedule": "manual",
        "comments": True,
        "exclude_labels": ["draft"],
    }
    with airflow(folder, [source]) as started:
        api, dag_id = started.api, unpause(started.api, "sample")

        def run() -> RunTimes:
            return times_of(api, dag_id, ended(api, dag_id, api.trigger(dag_id)["dag_run_id"]))

        return run(), [run() for _ in range(quiet)]


def _cells(what: str, run: RunTimes) -> list[str]:
    took = [run.tasks.get(name) for name in TASKS]
    waited = run.seconds - sum(end - start for start, end in run.tasks.values())
    return [what, f"{run.seconds:.1f}", *(f"{it[1] - it[0]:.1f}" if it else "–" for it in took), f"{waited:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet", type=int, default=5, help="runs with nothing to do")
    options = parser.parse_args()
    # The progress of starting goes to standard error: what this prints is the table.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        first, quiet = measure(Path(folder), options.quiet)
    middle = sorted(quiet, key=lambda run: run.seconds)[len(quiet) // 2]
    rows = [_cells("first run of the sample space", first), _cells("nothing to do (median)", middle)]
    print(table(["run", "seconds", *TASKS, "between tasks"], rows))
    goals = [
        Goal("seconds of a first run of the sample", FIRST_S, first.seconds, True),
        Goal("seconds of a run with nothing to do", QUIET_S, median(run.seconds for run in quiet), True),
    ]
    print(f"\n{table(['', 'asked for', 'measured', ''], [goal.cells() for goal in goals])}")
    sys.exit(not all(goal.reached for goal in goals))


if __name__ == "__main__":
    main()
