"""Measure a source with many small spaces: ``make bench-spaces``, or ``python -m benchmarks.spaces [--spaces 500] [--write]``.

A sandbox Confluence in a process of its own holds the spaces, of four pages each. Three looks of discover, each in a process
of its own: the first sweep of all spaces, one at which nothing is new, and one after an edit in each of three spaces. Then a
look of the trigger of ``on_change`` at rest. Counts requests; times are of the processor, so what else the machine does
matters little. Prints a Markdown table, and ends with status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.extract import table
from benchmarks.measuring import machine, megabytes, peak_kilobytes, write_section

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES_EACH = 4
EDITED = (3, 200, 450)
TOLD = """`make bench-spaces`, or `python -m benchmarks.spaces --write`. {machine} {spaces} spaces of {pages} pages each, in a sandbox in a process of its
own; each look in a fresh process, imports left out of the processor time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spaces", type=int, default=500)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    parser.add_argument("--child", choices=["serve", "look", "watch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        {"serve": _serve, "look": _look, "watch": _watch}[options.child](options.spaces)
        return
    rows = _measured(options.spaces)
    text = table(
        ["look", "requests", "a space", "of processor, s", "peak MB"],
        [
            [
                name,
                f"{row['requests']:,}",
                f"{row['requests'] / options.spaces:.2f}",
                f"{row['processor_seconds']:.2f}",
                f"{row['megabytes']:,.0f}",
            ]
            for name, row in rows.items()
        ],
    )
    print(text)
    if options.write:
        told = TOLD.format(machine=machine(), spaces=options.spaces, pages=PAGES_EACH)
        write_section("Many spaces", f"{told}\n\n{text}")
    sys.exit(any(row["requests"] > options.spaces for name, row in rows.items() if name != "first sweep"))


def _measured(spaces: int) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, _served(spaces) as (environment, edit):
        environment |= {"CONFLUENCE_TWIG_STAGING": folder}
        rows = {name: _child("look", spaces, environment) for name in ("first sweep", "nothing new")}
        edit()
        rows[f"{len(EDITED)} spaces changed"] = _child("look", spaces, environment)
        rows["look of the trigger"] = _child("watch", spaces, environment)
        return rows


@contextmanager
def _served(spaces: int) -> Iterator[tuple[dict[str, str], Any]]:
    command = [sys.executable, "-m", "benchmarks.spaces", "--child", "serve", "--spaces", str(spaces)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the sandbox has no pipes")
        stdin, stdout = server.stdin, server.stdout

        def edit() -> None:
            stdin.write("edit\n")
            stdin.flush()
            stdout.readline()

        yield os.environ | {"AIRFLOW_CONN_CONFLUENCE_DEFAULT": stdout.readline()}, edit
        stdin.close()


def _serve(spaces: int) -> None:
    """Serve until there is no more input; each line of it is an edit in some of the spaces."""
    from sandbox.confluence.sandbox import serve
    from sandbox.seed import SeedPage, SeedSpace

    def seed(number: int) -> SeedSpace:
        pages = (SeedPage(f"{number}-{page}", f"{number}.{page}", "<p>x</p>") for page in range(PAGES_EACH))
        return SeedSpace(f"S{number}", f"Space {number}", "", tuple(pages))

    with serve(*map(seed, range(spaces))) as sandbox:
        print(json.dumps(sandbox.connection()), flush=True)
        for _ in sys.stdin:
            for number in EDITED:
                sandbox.edit(f"{number % spaces}-1", storage="<p>Edited.</p>")
            print("edited", flush=True)


def _child(what: str, spaces: int, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spaces", "--child", what, "--spaces", str(spaces)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _look(_: int) -> None:
    """One look of discover at all spaces, written into staging."""
    from confluence_to_twig.confluence.api.hook import ConfluenceHook
    from confluence_to_twig.planning.window import RunFacts
    from confluence_to_twig.runs.params import RunParams
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.tasks.looks import look_at_each

    source = Source(name="everything", spaces=["*"], schedule="*/5 * * * *")
    run = Run(source, "run", RunFacts("manual", datetime.now(UTC)), RunParams(), "discover", 1)
    before = time.process_time()
    with ConfluenceHook(source.confluence_conn_id).client() as client:
        look_at_each(run, client, client.api.all_spaces(), Record()).write(run)
        _tell(client.requests_made, before)


def _watch(_: int) -> None:
    """The second look of a trigger; the first one learns the totals."""
    from confluence_to_twig.confluence.api.content import KINDS
    from confluence_to_twig.confluence.api.hook import ConfluenceHook
    from confluence_to_twig.tasks.site_watch import watching

    async def look() -> None:
        settings = ConfluenceHook("confluence_default").settings()
        async with watching(settings, ["*"], KINDS) as watcher:
            made = before = 0.0
            for _ in range(2):
                made, before, since = watcher.site.client.requests_made, time.process_time(), time.monotonic()
                moments = dict.fromkeys(watcher.spaces, datetime.now(UTC))
                for kind in KINDS:
                    await watcher.newest(kind, since, moments)
                await watcher.miscounted(since, dict.fromkeys(watcher.spaces, PAGES_EACH))
            _tell(int(watcher.site.client.requests_made - made), before)

    asyncio.run(look())


def _tell(requests: int, before: float) -> None:
    spent = time.process_time() - before
    print(json.dumps({"requests": requests, "processor_seconds": spent, "megabytes": megabytes(peak_kilobytes())}))


if __name__ == "__main__":
    main()
