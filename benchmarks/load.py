"""Measure the load: ``python benchmarks/load.py [--chunks 1200 12000] [--budget on off] [--batch-mb 10]``.

Starts a sandbox Twig as its own process, loads made-up pages into it, and prints a Markdown table: a full load, a run
without changes, and a run after an edit of 1 % of the pages, each with requests, bytes, time and chunks a second.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath

from benchmarks.measuring import megabytes, peak_kilobytes
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import ParquetWriter
from confluence_to_twig.staging.schemas import CHUNKS, DOCUMENTS
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.loader import load
from confluence_to_twig.twig.process import check, poll_interval_s, start_processing
from confluence_to_twig.twig.settings import TwigSettings
from tests.twig.world import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNKS_A_PAGE = 5  # the sample space has 1,200 chunks on 245 pages
WORDS_A_CHUNK = 300  # about 400 tokens and 2 KB
PAGES_A_SHARD = 500


@dataclass(frozen=True)
class Figures:
    """One row of the table."""

    budget: str
    chunks: int
    what: str
    writes: int
    bytes: int
    seconds: float
    waited: float

    def __str__(self) -> str:
        rate = f"{self.chunks / self.seconds:,.0f}" if self.what == "full load" else ""
        size = f"{self.bytes / 1e6:,.2f}" if self.bytes < 1e7 else f"{self.bytes / 1e6:,.1f}"
        cells = (
            self.budget, f"{self.chunks:,}", self.what, f"{self.writes}", size, f"{self.seconds:,.1f}",
            f"{self.waited:,.0f}", rate,
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEADER = """| write budget | chunks held | run | writes | MB sent | seconds | of which waited | chunks/s |
|---|--:|---|--:|--:|--:|--:|--:|"""


def words() -> list[str]:
    """A vocabulary of 20,000 made-up words."""
    letters = random.Random(1)
    return ["".join(letters.choices("etaoinshrdlucmfwypvbgk", k=letters.randint(3, 9))) for _ in range(20_000)]


def page(number: int, vocabulary: list[str], edited: bool = False) -> Page:
    """A page whose words are as unevenly distributed as in a real text; edited: one of its chunks is another."""

    def section(part: int) -> str:
        letters = random.Random(f"{number} {part} {edited and part == 0}")
        return " ".join(vocabulary[int(20_000 ** letters.random()) - 1] for _ in range(WORDS_A_CHUNK))

    made = Page(str(1_000_000 + number), tuple(section(part) for part in range(CHUNKS_A_PAGE)))
    return made.edited() if edited else made


def write_shards(staging: SourceStaging, run_id: str, pages: Iterator[Page]) -> tuple[list[Any], list[Any]]:
    """Stream the pages into shards."""
    run, documents, chunks = staging.run(run_id), [], []
    while True:
        shard = len(documents)
        with ParquetWriter(run.documents(shard), DOCUMENTS) as some, ParquetWriter(run.chunks(shard), CHUNKS) as more:
            for _, made in zip(range(PAGES_A_SHARD), pages, strict=False):
                some.write(made.document())
                more.write_all(
                    {**chunk, "content_hash": sha256(chunk["text"].encode()).hexdigest()} for chunk in made.chunks()
                )
        if not some.rows_written:
            return documents, chunks
        documents.append(run.documents(shard))
        chunks.append(run.chunks(shard))


@contextmanager
def sandbox(budget: str) -> Iterator[str]:
    """A Twig in another process, so that its work does not count as ours."""
    rate = "10" if budget == "on" else "off"
    command = [sys.executable, "-m", "sandbox.twig", "--port", "0", "--rate", rate, "--processing-seconds", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield next(line for line in process.stdout if line.startswith("Sandbox Twig")).split()[2]
    finally:
        process.terminate()
        process.wait()


def measure(
    settings: TwigSettings, staging: SourceStaging, files: tuple[list[Any], list[Any]], row: tuple[str, int, str]
) -> Figures:
    """One run: load and trigger the processing."""
    begun = time.perf_counter()
    store = ManifestStore(staging)
    with TwigClient(settings) as client:
        source = find_or_create(client, "bench", staging=staging)
        load(client, source, *files, store, row[2])
        started = start_processing(client, source, store)
        figures, seconds = client.figures, time.perf_counter() - begun
        # The sandbox indexes on one processor: the next run is not to wait for that.
        waited = 0.0
        while started and not check(client, source.id, started.process_id).is_over:
            time.sleep(poll_interval_s(waited))
            waited += poll_interval_s(waited)
    return Figures(*row, figures.writes, figures.bytes_sent, seconds, figures.seconds_waited)


def runs(base_url: str, budget: str, chunks: int, batch_mb: float, folder: str) -> Iterator[Figures]:
    """The three runs for one size."""
    extra = {"batch_mb": batch_mb} | ({} if budget == "on" else {"writes_per_minute": 100_000})
    settings = TwigSettings.from_fields(base_url, "twigsk_test_sandbox", extra)
    staging = SourceStaging(ObjectStoragePath(f"file://{folder}"), f"bench-{budget}-{chunks}")
    vocabulary, count = words(), chunks // CHUNKS_A_PAGE
    everything = write_shards(staging, "full", (page(number, vocabulary) for number in range(count)))
    edits = write_shards(staging, "edit", (page(number, vocabulary, True) for number in range(0, count, 100)))
    yield measure(settings, staging, everything, (budget, chunks, "full load"))
    yield measure(settings, staging, everything, (budget, chunks, "no change"))
    yield measure(settings, staging, edits, (budget, chunks, "1 % of the pages edited"))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, nargs="+", default=[1_200, 12_000, 120_000])
    parser.add_argument("--budget", choices=["on", "off"], nargs="+", default=["on", "off"])
    parser.add_argument("--batch-mb", type=float, default=10.0)
    options = parser.parse_args(arguments)
    print(HEADER, flush=True)
    for budget in options.budget:
        for chunks in options.chunks:
            with sandbox(budget) as base_url, tempfile.TemporaryDirectory() as folder:
                for figures in runs(base_url, budget, chunks, options.batch_mb, folder):
                    print(figures, flush=True)
    peak = megabytes(peak_kilobytes())
    print(f"\nBatches of {options.batch_mb:g} MB compressed; peak memory of the loading process {peak:,.0f} MB.")


if __name__ == "__main__":
    main()
