"""Measure the extraction: ``make bench-extract``, or ``python -m benchmarks.extract [--pages …] [--rival-pages …]``.

Every contestant gets a fresh sandbox Confluence in a process of its own that waits 80 ms before each answer, and runs
in a process of its own. Rivals are installed into environments of their own, in the user's cache folder. Prints
Markdown tables, puts them into the section "Extraction" of ``docs/benchmarks.md`` with ``--write``, and ends with
status 1 when a target is missed. What it says on standard error is how far it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING

import requests

from benchmarks.extract_goals import Goal, Measured, goals_of
from benchmarks.measuring import ROOT, environment, machine, megabytes, write_section
from confluence_to_twig.confluence.api.workers import batches
from sandbox.confluence.sandbox import PERSONAL_ACCESS_TOKEN, SYNC_EMAIL, SYNC_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SPACE = "GEN"
EXPORTER_WORKERS = 20
#: A process for each of a hundred shards would spend five minutes on starting.
SHARDS_A_PROCESS = 10
#: LangChain's check costs a request a page, one after the other: 15 minutes at 10,000 pages. The exporter, which asks
#: twice for each page, needs about 18.
MOST_PAGES_OF_THE_SLOW = 1_000
EDITS, DELETIONS = 10, 5
RIVALS = {
    "langchain": ["langchain-community==0.4.2", "atlassian-python-api==4.0.7", "beautifulsoup4==4.15.0", "lxml"],
    "exporter": ["confluence-markdown-exporter==5.5.0"],
}

REMARKS = """\
* This project is measured as a source runs that was told nothing but its space: restrictions checked, a folder above every
  hundredth page, attachments looked for, the plan made against a manifest; `validate`, `discover` and every shard of `extract`.
* The contestants bring different things. LangChain's loader: plain text of pages with their labels; of restrictions it
  looks at those of the page itself, one request a page, not at those of the pages above. The exporter: Markdown files, of
  whatever the account sees; it meets a Data Center sandbox, as it takes no other address for Cloud's. This project: Parquet
  with storage bodies, labels, the page tree, names of people and of attachments; restrictions of all pages above count.
* Two are left out at 10,000 pages, but for `--slow-rivals`: LangChain's check takes a quarter of an hour there, and the
  exporter longer.
* Converting to Markdown happens in another task and in several processes in a real run. Here it is done in one.
* Ten shards have a process, and run one after the other. In a real run each has one of its own, and as many run at a time
  as Airflow has room for.
* 180 MB of the memory are there before the first request: Airflow's SDK, numpy and pyarrow.
* The sandbox is a Python process on the same cores: part of the seconds is its own work. A real site is slower in other ways;
  nothing here was measured against one."""


@contextmanager
def sandbox(pages: int, latency_ms: float, deployment: str = "cloud") -> Iterator[str]:
    """A sandbox in its own process, with a folder for every hundred pages on Cloud; yields its address."""
    command = [sys.executable, "-m", "sandbox.confluence", "--port", "0", "--generated", str(pages)]
    command += ["--latency-ms", str(latency_ms), "--deployment", deployment]
    command += ["--generated-folders", str(pages // 100 if deployment == "cloud" else 0)]
    with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, text=True) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def run(what: str, url: str, command: Sequence[str]) -> Measured:
    """Run a contestant and ask the sandbox what it was asked."""
    requests.delete(f"{url}/_sandbox/requests", timeout=60)
    with tempfile.TemporaryDirectory() as home:
        # A worker has no examples of Airflow's: their import would be counted as this project's time and memory. And its tasks
        # load the package before Arrow, which chooses its memory pool when it is loaded.
        environment = os.environ | {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    asked = requests.get(f"{url}/_sandbox/requests", timeout=60).json()["requests"]
    measured = Measured(what, told["pages"], told["seconds"], asked, megabytes(told["peak_kb"]), told)
    print(f"  {' | '.join(measured.cells())}", file=sys.stderr, flush=True)
    return measured


def task(url: str, name: str, what: str, run_id: str, staging: Path, *options: str) -> Measured:
    """One task of a run of this project, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.extract_once", name, "--url", url, "--space", SPACE]
    command += ["--email", SYNC_EMAIL, "--token", SYNC_TOKEN, "--staging", str(staging), "--run-id", run_id]
    return run(f"{what}: {name}", url, [*command, *options])


def ours(url: str, what: str, run_id: str, staging: Path, *more: str, hold: bool = False) -> Measured:
    """The tasks of a run that ask Confluence, one after the other; the memory is that of the largest.
    :param hold: whether everything counts as loaded at the end."""
    step = partial(task, url, what=what, run_id=run_id, staging=staging)
    checked, found = step(name="validate"), step(name="discover")
    shards = [
        task(url, "extract", what, run_id, staging, "--shards", json.dumps(some), *more)
        for some in batches(found.told["shards"], SHARDS_A_PROCESS)
    ]
    if hold:
        step(name="hold")
    steps = [checked, found, *shards]
    return Measured(
        what,
        sum(shard.pages for shard in shards),
        sum(step.seconds for step in steps),
        sum(step.requests for step in steps),
        max(step.megabytes for step in steps),
        {"gone": found.told["gone"], "fetched": found.told["fetched"], "discover_mb": found.megabytes},
    )


def side_by_side(pages: int, latency_ms: float, *, slow: bool) -> dict[str, Measured]:
    """This project and the rivals on the same space; with ``slow`` also those that take a quarter of an hour."""
    rows: dict[str, Measured] = {}
    langchain = [str(environment("langchain", RIVALS["langchain"])), str(ROOT / "benchmarks" / "extract_langchain.py")]
    exporter = [str(environment("exporter", RIVALS["exporter"])), str(ROOT / "benchmarks" / "extract_exporter.py")]
    with sandbox(pages, latency_ms) as url, tempfile.TemporaryDirectory() as folder:
        rows["ours"] = ours(url, "this project", "first", Path(folder, "one"))
        rows["converted"] = ours(url, "this project, converted to Markdown", "first", Path(folder, "two"), "--convert")
        checks = {"skip": "restricted pages left out", "unchecked": "without that check"}
        for check, what in checks.items() if slow else [*checks.items()][1:]:
            command = [*langchain, url, SYNC_EMAIL, SYNC_TOKEN, SPACE, check]
            rows[f"langchain {check}"] = run(f"LangChain ConfluenceLoader, {what}", url, command)
    if slow:
        with sandbox(pages, latency_ms, "datacenter") as url:
            command = [*exporter, url, PERSONAL_ACCESS_TOKEN, SPACE, str(EXPORTER_WORKERS)]
            rows["exporter"] = run(f"confluence-markdown-exporter, {EXPORTER_WORKERS} workers", url, command)
    if any(row.pages != pages for row in rows.values()):
        raise SystemExit(f"Not every contestant brought {pages} pages: {rows}")
    return rows


def growing(pages: int, latency_ms: float, folder: Path) -> list[Measured]:
    """A first run, one that finds nothing, and one after ten edits and five deletions."""
    staging = folder / f"growing-{pages}"
    with sandbox(pages, latency_ms) as url:
        first = ours(url, "first run", "first", staging, hold=True)
        quiet = ours(url, "nothing changed", "quiet", staging)
        edited, deleted = _change(url)
        changed = ours(url, f"after {EDITS} edits and {DELETIONS} deletions", "changed", staging)
    if quiet.told["fetched"] or quiet.told["gone"]:
        raise SystemExit(f"A run without changes found some: {quiet.told}")
    if changed.told["fetched"] != sorted(edited) or changed.told["gone"] != dict.fromkeys(deleted, "trashed"):
        raise SystemExit(f"Not every change was found: {changed.told}")
    return [first, quiet, changed]


def _change(url: str) -> tuple[list[str], list[str]]:
    changed = [f"gen-{number}" for number in range(200, 200 + EDITS + DELETIONS)]
    ids = {row["ref"]: row["id"] for row in requests.get(f"{url}/_sandbox/contents?space={SPACE}", timeout=300).json()}
    edited, deleted = changed[:EDITS], changed[EDITS:]
    changes = [{"change": "edit", "page": ref, "storage": "<p>Edited.</p>"} for ref in edited]
    changes += [{"change": "trash", "page": ref} for ref in deleted]
    answer = requests.post(f"{url}/_sandbox/changes", json=changes, timeout=60)
    answer.raise_for_status()
    return [str(ids[ref]) for ref in edited], [str(ids[ref]) for ref in deleted]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section(
    rivals: dict[int, dict[str, Measured]], growth: dict[int, list[Measured]], goals: Sequence[Goal], latency_ms: float
) -> str:
    """The Markdown of the section, without its heading."""
    head = ["seconds", "requests", "pages/s", "peak MB"]
    parts = [
        f"`make bench-extract`, or `python -m benchmarks.extract --write`. {machine()} Server and client "
        f"on the same machine. The sandbox waits {latency_ms:.0f} ms before each answer. Bodies have a median of 6 KB, "
        "0.4 % of them 200 KB. Seconds run from the first request to the finished result, imports left out; requests "
        "are counted by the server; memory is the peak of the process (VmHWM, in millions of bytes), of the "
        "largest one where this project has several, discover and one for each ten shards."
    ]
    for pages, rows in rivals.items():
        parts += [f"### {pages:,} pages, side by side", table(["", *head], [row.cells() for row in rows.values()])]
    if growth:
        grown = [[f"{pages:,}", *row.cells()] for pages, measured in growth.items() for row in measured]
        parts += ["### As the space grows", table(["pages", "run", *head], grown)]
    parts += [REMARKS, "### Targets", table(["", "asked for", "measured", ""], [goal.cells() for goal in goals])]
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="*", default=[1_000, 10_000, 50_000])
    parser.add_argument("--rival-pages", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--slow-rivals", action="store_true", help="those that take a quarter of an hour, too")
    parser.add_argument("--latency-ms", type=float, default=80.0)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    rivals = {
        pages: side_by_side(pages, options.latency_ms, slow=options.slow_rivals or pages <= MOST_PAGES_OF_THE_SLOW)
        for pages in options.rival_pages
    }
    with tempfile.TemporaryDirectory() as folder:
        growth = {pages: growing(pages, options.latency_ms, Path(folder)) for pages in options.pages}
    goals = goals_of(rivals, growth)
    text = section(rivals, growth, goals, options.latency_ms)
    print(text)
    if options.write:
        write_section("Extraction", text)
    sys.exit(not all(goal.reached for goal in goals))


if __name__ == "__main__":
    main()
