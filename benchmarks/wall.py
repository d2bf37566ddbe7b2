"""Measure what depends on a quiet machine, and write it into ``docs/benchmarks.md``: ``make bench-wall``, about twelve minutes.

Runs the benchmarks of load, lanes, whole runs and extraction one after the other, and puts what they print into their sections.
``--change`` measures edit to citation as well, which takes a quarter of an hour more. Ends with status 1 when one of them fails or
misses a target.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from typing import NamedTuple

from benchmarks.measuring import ROOT, machine, write_section

LOGGED = re.compile(r"\d{4}-\d\d-\d\dT")


class Benchmark(NamedTuple):
    """One benchmark, and the section that it fills.

    :param text: before its tables; ``{machine}`` is the machine.
    :param more: another measurement of it, whose tables come after those of the first.
    """

    heading: str
    command: tuple[str, ...]
    text: str
    remarks: str = ""
    more: tuple[str, ...] = ()


LOAD = Benchmark(
    "Load",
    ("load", "--chunks", "1200", "12000", "120000", "--budget", "on", "off"),
    """`make bench-load`, or `python -m benchmarks.load --chunks 1200 12000 120000 --budget on off`. {machine} The sandbox Twig
is a process of its own. Pages have 5 chunks of 300 made-up words (2 KB, about 400 tokens); batches of 10 MB compressed; *write budget
on* is the documented one, 10 writes a minute with a burst of 15, enforced by the sandbox. The target is 60 s for 120,000 chunks under
that budget.""",
    """\
* *Writes* are all requests that draw on the write budget: of the 3 for 1,200 chunks one creates the data source, one carries the pages,
  one triggers the processing. An edit needs 2.
* *No change* reads every document and chunk of staging and compares; in a real run unchanged pages are not even in staging. The
  sandbox has indexed the former run by then.
* Not measured: a real Twig. The sandbox answers a write in less than a second and embeds nothing.

Tests show that nothing is lost. `tests/twig/test_histories.py` drives random histories (edits, moves, restrictions, refused documents,
lost answers, requests that arrive late or twice, clocks that are wrong by a day, two runs in any interleaving, death at any step, also
between note and request), and checks at each quiet point, after the last requests were delivered once more, that Twig holds exactly
the visible pages. `tests/staging/test_manifest.py` does that to the journal alone; `tests/twig/test_kill.py` ends a load with SIGKILL at
points spread over all its function calls. The suite runs a few of each, and `make proofs` many ([proofs](proofs.md)).""",
)
LANES = Benchmark(
    "Lanes",
    ("lane",),
    """`make bench-lane`, or `python -m benchmarks.lane`. {machine} The sandbox is a process of its own on the same machine and waits 80 ms
before each answer. A lane is `validate` and `discover`, each in a process of its own, imports left out: from sign-in to the plan on
disk, with a manifest that holds all pages. Processor time is that of these two processes.""",
    """\
* The requests are those of a lane besides its rolling check: sign-in and space in `validate`; the newest pages, the newest blog posts,
  new comments and attachments, the total, and the sign-in again in `discover`. The rolling check asks for each page once between two
  full sweeps, 250 with one request.
* Those that do not depend on each other wait at the same time: three waits of 80 ms are left, and part of the last one is spent on the plan. The rest
  is this project's processor time, and the sandbox's own until it answers.""",
)
RUNS = Benchmark(
    "Whole runs",
    ("run",),
    """`make bench-run`, or `python -m benchmarks.run`. {machine} An Airflow as `make run` starts it (`standalone`, SQLite, LocalExecutor),
the sandbox and the sample space of 258 pages, on one machine. Seconds from the moment a run is asked for to its end, those of each task
from its start to its end, and what passes between tasks: the scheduler, and starting processes.""",
    """\
* Where the seconds go: each task is a process. LocalExecutor forks it from one that has Airflow's task runner loaded; this project's DAGs and
  tasks are imported in each of them. What passes between tasks is the scheduler's. A run with nothing to do starts three (`validate`, `discover`,
  `verify`): `load` and `prune` are skipped before they start where the plan has nothing for them. A first run starts six.
* In the first run `verify` waits for the sandbox Twig, which processes for two seconds and then indexes the pages: for six seconds in its own
  process, after that in the triggerer.
* Airflow's API server makes the routes of all versions that tasks may speak when the first task asks for anything (`Cadwyn._cadwyn_initialize`), once in
  its life: 8 seconds of a processor on a busy machine, where each later request took 0.01. The first `validate` used to wait for that. Whoever
  starts Airflow here now waits until `/execution/health` answers, before a run is asked for; elsewhere the first task after a start of the API server waits.""",
)
EXTRACTION = ("extract", "--write", "--pages", "1000", "5000", "50000", "--rival-pages", "1000")
WATCHER = """\
* SQLite is too little for that many sources: twenty DAGs that were unpaused at once had one request to Airflow's API refused with "Database error".
* Tests show that the trigger neither misses a change nor fires twice. Under a real scheduler `tests/scheduler/test_watching.py` makes two
  edits at once, which become one run, a lane, and are in Twig after it; then it stops the triggerer that watches, lets a second one take over while
  the site is down and then refuses the token, wakes the first, and has one run again. `tests/tasks/test_change_trigger.py` has the same cases
  one by one, and `tests/tasks/test_site_watch.py` what triggers of one site share. `make proofs` kills the triggerer of an Airflow in parts at a
  random moment (`tests/distributed/test_two_workers.py`)."""
CHANGE = Benchmark(
    "Edit to citation",
    ("change",),
    """`make bench-change`, or `python -m benchmarks.change`. {machine} Twenty `on_change` sources of ten pages each in an Airflow as `make
run` starts it, but on PostgreSQL, default `poll_every` and `quiet_for`, Twig processing in 2 s. One page of each is edited at a random time within ten
minutes, and in a second measurement all twenty at once, which has no target; Twig is searched each second until it cites the new words.""",
    WATCHER,
    more=("change", "--burst"),
)


def run(benchmark: Benchmark) -> bool:
    """Measure, and write the section. Returns whether all targets were reached."""
    sentence, tables, reached = machine(), list[str](), True
    for command in filter(None, (benchmark.command, benchmark.more)):
        done = _python(command, capture=True)
        # Airflow's log goes to standard output, too; its lines begin with a time.
        told = "\n".join(line for line in done.stdout.splitlines() if not LOGGED.match(line)).strip()
        if not told.startswith("|"):
            raise SystemExit(f"benchmarks.{command[0]} did not measure anything: see above")
        print(told, flush=True)
        tables.append(told)
        reached = reached and done.returncode == 0
    parts = [benchmark.text.format(machine=sentence), *tables, benchmark.remarks]
    write_section(benchmark.heading, "\n\n".join(part for part in parts if part))
    return reached


def _python(arguments: tuple[str, ...], *, capture: bool) -> subprocess.CompletedProcess[str]:
    name, *rest = arguments
    print(f"benchmarks.{name}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *rest]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE if capture else None, text=True, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--change", action="store_true", help="edit to citation, too")
    options = parser.parse_args()
    reached = [run(benchmark) for benchmark in (RUNS, LANES, LOAD, *([CHANGE] if options.change else []))]
    reached.append(_python(EXTRACTION, capture=False).returncode == 0)
    sys.exit(not all(reached))


if __name__ == "__main__":
    main()
