"""Measure plan and manifest: ``python -m benchmarks.plan [--pages 10000 100000 1000000] [--batches 100]``.

For each size a process of its own reads a manifest and an inventory of so many made-up pages and plans: 1 % of the pages
are edited, 0.1 % are new and as many gone. Another process loads ``--batches`` batches of 1,000 pages into the manifest's
journal, without a Twig, and compacts. The output is Markdown: processor seconds and peak memory, which do not depend on
what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from airflow.sdk import ObjectStoragePath

from benchmarks.measuring import megabytes, peak_kilobytes, resident_kilobytes
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.planning.decision import Scope
from confluence_to_twig.planning.plan import OF_MANIFEST, candidates_for_deletion, plan
from confluence_to_twig.planning.slim import slimmed
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.staging.manifest_rows import schema_with
from confluence_to_twig.staging.parquet import TABLE_OPTIONS, ParquetWriter, read_table
from confluence_to_twig.staging.schemas import INVENTORY, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence

MODIFIED = datetime(2026, 1, 1, tzinfo=UTC)
PAGES_A_BATCH = 1_000
CHUNKS_A_PAGE = 5


def _texts(pattern: str, numbers: np.ndarray[Any, Any]) -> pa.Array:
    before, _, after = pattern.partition("#")
    return pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.string()), after, "")


def _lists(values: pa.Array, length: int) -> pa.Array:
    """Each value ``length`` times as the list of its row."""
    offsets = pa.array(np.arange(len(values) + 1) * length, pa.int32())
    return pa.ListArray.from_arrays(offsets, values.take(pa.array(np.repeat(np.arange(len(values)), length))))


def pages(numbers: np.ndarray[Any, Any]) -> dict[str, pa.Array]:
    """What inventory and manifest share of made-up pages: ids of ten digits, five levels deep, titles of 40 characters."""
    size, parents = len(numbers), numbers // 20
    ids = _texts("#", 3_000_000_000 + numbers)
    return {
        "page_id": ids,
        "document_id": ids,
        "space_id": pa.repeat("65538", size),
        "kind": pa.repeat("page", size),
        "version": pa.array(np.full(size, 3), pa.int64()),
        "title": _texts("How the service # is run by its team", numbers),
        "url": _texts("https://example.atlassian.net/wiki/spaces/PROD/pages/#/How-the-service-is-run", numbers),
        "ancestor_ids": _lists(_texts("#", 3_000_000_000 + parents), 5),
        "ancestors": _lists(_texts("Services of division #", parents), 5),
        "labels": _lists(_texts("team-#", numbers % 40), 2),
        "modified_at": pa.repeat(pa.scalar(MODIFIED, INVENTORY.field("modified_at").type), size),
    }


def inventory(numbers: np.ndarray[Any, Any], edited: np.ndarray[Any, Any]) -> pa.Table:
    """The inventory of these pages; those that were edited have a newer version."""
    shared = pages(numbers)
    known = shared | {
        "version": pa.array(3 + edited.astype(int), pa.int64()),
        "status": pa.repeat("current", len(numbers)),
        "restricted": pa.repeat(False, len(numbers)),
        "labels_known": pa.repeat(True, len(numbers)),
        "parent_id": _texts("#", 3_000_000_000 + numbers // 20),
        "attachments_digest": pa.repeat("", len(numbers)),
        "comments_digest": pa.repeat("", len(numbers)),
    }
    return _table(known, INVENTORY, len(numbers))


def manifest(numbers: np.ndarray[Any, Any]) -> pa.Table:
    """The manifest of these pages, with five chunks each."""
    size = len(numbers)
    known = pages(numbers) | {
        "includes": _lists(_texts("#", numbers), 0),
        "content_hash": _texts("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11#", 10**11 + numbers),
        "converter_version": pa.repeat("1", size),
        "chunk_ids": _lists(_texts("#-introduction-0", 3_000_000_000 + numbers), CHUNKS_A_PAGE),
        "chunk_hashes": _lists(_texts("5e884898da2804715#", 10**11 + numbers), CHUNKS_A_PAGE),
        "chunk_count": pa.repeat(pa.scalar(CHUNKS_A_PAGE, pa.int32()), size),
        "text_bytes": pa.repeat(pa.scalar(9_000, pa.int64()), size),
        "data_source": pa.repeat("", size),
        "loaded_at": pa.repeat(pa.scalar(MODIFIED, MANIFEST.field("loaded_at").type), size),
        "run_id": pa.repeat("scheduled__2026-01-01T00:00:00+00:00", size),
    }
    return _table(known, MANIFEST, size)


def _table(known: dict[str, pa.Array], schema: pa.Schema, size: int) -> pa.Table:
    columns = [known[field.name] if field.name in known else pa.nulls(size, field.type) for field in schema]
    return pa.table([column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def write(staging: SourceStaging, count: int) -> None:
    """Manifest and inventory, a slice at a time."""
    step, new = 50_000, max(1, count // 1000)
    schema = schema_with({"seq": 1, "contains": {}, "progress": {"": [1, 1]}})
    with ParquetWriter(staging.manifest, schema, options=TABLE_OPTIONS) as writer:
        for start in range(0, count, step):
            writer.write_table(manifest(np.arange(start, min(start + step, count))))
    with ParquetWriter(staging.home / "inventory.parquet", INVENTORY, options=TABLE_OPTIONS) as writer:
        for start in range(new, count + new, step):  # the first ones are gone, the last ones new
            numbers = np.arange(start, min(start + step, count + new))
            writer.write_table(inventory(numbers, numbers % 100 == 0))


def measure_plan(staging: SourceStaging) -> dict[str, Any]:
    """Read manifest and inventory, and plan."""
    give_memory_back()
    before, begun = peak_kilobytes(), time.process_time()
    held, seen = (
        slimmed(ManifestReader(staging, OF_MANIFEST).read()),
        read_table(staging.home / "inventory.parquet"),
    )
    gone = candidates_for_deletion(seen, held)["page_id"].to_pylist()
    scope = Scope(
        Window(None, None, "whole space"),
        sweep_complete=True,
        converter_version="1",
        missing=dict.fromkeys(gone, "trashed"),
        decorations={"attachments": {}, "comments": {}},
    )
    planned = plan(seen, held, scope)
    fetched = pc.sum(pc.equal(planned["action"], "fetch")).as_py()
    return {
        "seconds": time.process_time() - begun,
        "peak_mb": megabytes(peak_kilobytes()),
        "before_mb": megabytes(before),
        "planned": planned.num_rows,
        "fetched": fetched,
        "deleted": len(gone),
    }


def measure_journal(staging: SourceStaging, batches: int) -> dict[str, Any]:
    """Write batches as a load does, and compact. Seconds are the median of five batches around the tenth and the last."""
    give_memory_back()
    store, seconds, resident = ManifestStore(staging), [], []
    for number in range(batches):
        rows = manifest(np.arange(number * PAGES_A_BATCH, (number + 1) * PAGES_A_BATCH)).to_pylist()
        begun = time.process_time()
        view = store.view("")
        for row in rows:
            view.standing(row["document_id"])
        view = store.view("")
        operation = store.begin(view, run_id="bench", rows=rows)
        store.end(operation, done=operation.rows)
        seconds.append(time.process_time() - begun)
        del rows, operation, view
        give_memory_back()
        resident.append(resident_kilobytes())
    first = min(10, batches // 2)
    held = (resident[-1] - resident[first - 1]) * 1024 / ((batches - first) * PAGES_A_BATCH)
    begun = time.process_time()
    store.compact()
    return {
        "tenth": sorted(seconds[7:12])[2],
        "last": sorted(seconds[-5:])[2],
        "bytes_a_page": held,
        "compaction": time.process_time() - begun,
        "peak_mb": megabytes(peak_kilobytes()),
    }


def _child(what: str, folder: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.plan", "--child", what, folder, str(size)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def _staging(folder: str) -> SourceStaging:
    return SourceStaging(ObjectStoragePath(f"file://{folder}"), "bench")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--batches", type=int, nargs="*", default=[100])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        what, folder, size = options.child
        staging = _staging(folder)
        print(json.dumps(measure_plan(staging) if what == "plan" else measure_journal(staging, int(size))))
        return
    print("| pages | processor seconds | peak MB | of which before | fetched | deleted |\n|--:|--:|--:|--:|--:|--:|")
    for count in options.pages:
        with tempfile.TemporaryDirectory() as folder:
            write(_staging(folder), count)
            told = _child("plan", folder, count)
        print(
            f"| {count:,} | {told['seconds']:,.1f} | {told['peak_mb']:,.0f} | {told['before_mb']:,.0f} "
            f"| {told['fetched']:,} | {told['deleted']:,} |",
            flush=True,
        )
    print(
        "\n| batches of 1,000 pages | ms of the tenth | ms of the last | bytes a page | s to compact | peak MB |"
        "\n|--:|--:|--:|--:|--:|--:|"
    )
    for count in options.batches:
        with tempfile.TemporaryDirectory() as folder:
            told = _child("journal", folder, count)
        print(
            f"| {count:,} | {1000 * told['tenth']:,.0f} | {1000 * told['last']:,.0f} | {told['bytes_a_page']:,.0f} "
            f"| {told['compaction']:,.1f} | {told['peak_mb']:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
