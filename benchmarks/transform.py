"""How fast pages become chunks: ``python -m benchmarks.transform``.

One core converting and chunking, beside html2text alone on the same bodies in turns; whole shards through
``transform_shard`` on one and on two cores with their memory; and time by page size, which must be linear. Exits with 1
if a target is missed. Rates are per second of processor time where one core is measured, so that other work counts little.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath
from html2text import HTML2Text

from benchmarks.measuring import megabytes, peak_kilobytes
from confluence_to_twig.content import PageContext, chunk_document, convert
from confluence_to_twig.content.storage.parse import parse_storage
from confluence_to_twig.content.worker import spare_the_collector
from sandbox.sample_space import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confluence_to_twig.content.nodes import Node

MEDIAN_CHARS = 12_000
LEAST_RATE = 250
LEAST_RATIO = 1.0
LEAST_SPEEDUP = 1.8
MOST_GROWTH = 2.0
MOST_MEGABYTES = 500
CONTEXT = PageContext(
    page_id="1", title="Page", space_name="Documentation", ancestors=("Handbook",), url="https://acme.example/wiki/1"
)


@cache
def _blocks() -> tuple[str, ...]:
    """The top-level blocks of the sample space, as storage format."""
    blocks: list[str] = []
    for page in load().pages:
        parsed = parse_storage(page.storage)
        if not parsed.tolerant:
            blocks.extend(_written(node) for node in parsed.root.elements())
    return tuple(block for block in blocks if len(block) < 6_000)


def _written(node: Node) -> str:
    attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in node.attrs.items())
    inner = "".join(_escaped(child) if isinstance(child, str) else _written(child) for child in node.children)
    if node.tag == "ac:plain-text-body":
        inner = f"<![CDATA[{node.text().replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>" if inner else f"<{node.tag}{attributes} />"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def make_body(rng: random.Random, chars: int) -> str:
    """A body of about so many characters, put together from the sample space's own blocks."""
    parts: list[str] = []
    size = 0
    while size < chars:
        parts.append(rng.choice(_blocks()))
        size += len(parts[-1])
    return "".join(parts)


def make_bodies(count: int, seed: int = 1) -> Iterator[str]:
    """Bodies whose sizes are spread as those of real spaces are: half below the median, a few very long."""
    rng = random.Random(seed)
    for _ in range(count):
        yield make_body(rng, min(400_000, int(rng.lognormvariate(0, 0.9) * MEDIAN_CHARS)))


def _page_rows(count: int) -> Iterator[dict[str, Any]]:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for number, storage in enumerate(make_bodies(count)):
        yield {
            "page_id": str(number), "kind": "page", "space_id": "1", "space_key": "DOC", "space_name": "Documentation",
            "version": 1, "title": f"Page {number}", "url": f"https://acme.example/wiki/spaces/DOC/pages/{number}",
            "parent_id": None, "ancestor_ids": ["0"], "ancestors": ["Handbook"], "labels": [], "author_id": None,
            "author_name": None, "created_at": now, "modified_at": now, "storage": storage, "view": None, "users": [],
            "attachments": [], "comments": [], "included": False,
        }  # fmt: skip


def _ours(body: str) -> None:
    conversion = convert(body, CONTEXT)
    chunk_document(conversion.markdown, CONTEXT, conversion.headings)


def _html2text(body: str) -> None:
    HTML2Text(bodywidth=0).handle(body)


def _seconds(runs: Sequence[Callable[[str], None]], bodies: list[str], rounds: int) -> list[float]:
    """Processor time of each run over all bodies: the runs take turns on each body, whose best round counts."""
    best = [[float("inf")] * len(bodies) for _ in runs]
    for _ in range(rounds):
        for number, body in enumerate(bodies):
            for run, seconds in zip(runs, best, strict=True):
                started = time.process_time()
                run(body)
                seconds[number] = min(seconds[number], time.process_time() - started)
    return list(map(sum, best))


def one_core(count: int, rounds: int) -> list[str]:
    """Ours and html2text in turns on pages of the median size and on pages of all sizes."""
    rng = random.Random(3)
    corpora = {
        "pages of 12 KB": [make_body(rng, 11_000) for _ in range(count)],
        "pages of all sizes": list(make_bodies(count)),
    }
    missed = []
    _ours(next(make_bodies(1)))
    spare_the_collector()  # as the converting processes do
    print("| one core | median KB | mean KB | pages/s | MB/s | html2text alone, pages/s | ratio |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for name, bodies in corpora.items():
        megabytes = sum(len(body.encode()) for body in bodies) / 1e6
        median = sorted(map(len, bodies))[count // 2] / 1e3
        ours, plain = _seconds([_ours, _html2text], bodies, rounds)
        print(
            f"| {name} | {median:.1f} | {megabytes * 1e3 / count:.1f} | {count / ours:,.0f} | {megabytes / ours:.2f} | "
            f"{count / plain:,.0f} | {plain / ours:.2f} |",
            flush=True,
        )
        if name == "pages of 12 KB" and count / ours < LEAST_RATE:
            missed.append(f"{count / ours:,.0f} pages/s of 12 KB instead of {LEAST_RATE}")
        if plain / ours < LEAST_RATIO:
            missed.append(f"{plain / ours:.2f} times html2text's rate on {name} instead of {LEAST_RATIO}")
    return missed


def by_size(rounds: int) -> list[str]:
    """Time per kilobyte for pages of growing size."""
    rng = random.Random(2)
    per_kilobyte = []
    print("\n| page size | ms | µs per KB |\n| --- | --: | --: |")
    for chars in (10_000, 100_000, 1_000_000, 2_000_000):
        bodies = [make_body(rng, chars) for _ in range(max(1, 400_000 // chars))]
        (seconds,) = _seconds([_ours], bodies, rounds)
        per_kilobyte.append(1e6 * seconds / (sum(map(len, bodies)) / 1e3))
        print(f"| {chars / 1e3:,.0f} KB | {1e3 * seconds / len(bodies):,.1f} | {per_kilobyte[-1]:.0f} |", flush=True)
    ratio = per_kilobyte[-1] / per_kilobyte[0]
    return [f"a 2 MB page takes {ratio:.1f} times as long per KB as a 10 KB one"] if ratio > MOST_GROWTH else []


def shards(count: int) -> list[str]:
    """Whole shards, each in a process of its own so that its memory can be told."""
    from confluence_to_twig.staging import schemas
    from confluence_to_twig.staging.parquet import write_rows

    results: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        write_rows(ObjectStoragePath(f"file://{folder}/pages.parquet"), schemas.PAGES, _page_rows(count))
        print(f"\n{count:,} pages through transform_shard\n")
        print(
            "| cores | seconds | pages/s | MB of the task | MB of a converting process |\n| --: | --: | --: | --: | --: |"
        )
        for cores in (1, 2):
            command = [sys.executable, "-m", "benchmarks.transform", "--shard", folder, "--cores", str(cores)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            result = json.loads(answer.splitlines()[-1])
            results.append(result)
            print(
                f"| {cores} | {result['seconds']:,.1f} | {result['rate']:,.0f} | {result['task']:,.0f} | {result['child']:,.0f} |",
                flush=True,
            )
    missed = []
    speedup = results[1]["rate"] / results[0]["rate"]
    print(f"\ntwo cores: {speedup:.2f} times one")
    if speedup < LEAST_SPEEDUP:
        missed.append(f"two cores are {speedup:.2f} times as fast as one")
    most = max(max(result["task"], result["child"]) for result in results)
    return [*missed, f"{most:,.0f} MB of memory"] if most > MOST_MEGABYTES else missed


def one_shard(folder: str, cores: int) -> None:
    """Transform one staged shard and print what it took, as JSON. Reading and writing share the cores with converting."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    from confluence_to_twig.content.transform_shard import transform_shard

    home = ObjectStoragePath(f"file://{folder}")
    children = PeakOfChildren()
    report = transform_shard(
        home / "pages.parquet", home / "documents.parquet", home / "chunks.parquet", home / "q.parquet", workers=cores
    )
    children.ended.set()
    rate = report.pages / report.seconds
    print(
        json.dumps(
            {
                "seconds": report.seconds,
                "rate": rate,
                "task": megabytes(peak_kilobytes()),
                "child": megabytes(children.kilobytes),
            }
        )
    )


class PeakOfChildren:
    """The most memory that a child process of this one had, as far as looking twice a second tells."""

    def __init__(self) -> None:
        self.kilobytes = 0
        self.ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self.ended.wait(0.5):
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread or child that ended just now
                for thread in Path("/proc/self/task").iterdir():
                    for child in (thread / "children").read_text().split():
                        self.kilobytes = max(self.kilobytes, peak_kilobytes(child))


def main() -> None:
    """Run all measurements, or one shard for one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shard", help="internal: transform the shard staged in this folder")
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    if options.shard:
        one_shard(options.shard, options.cores)
        return
    missed = [*one_core(min(options.pages, 300), options.rounds), *by_size(options.rounds), *shards(options.pages)]
    print("\n" + "\n".join(f"MISSED: {miss}" for miss in missed) if missed else "\nAll targets reached.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
