"""One timed task of this project in a process of its own, as Airflow runs it: ``benchmarks/extract.py`` starts it.

The steps are the functions of the DAG's own tasks, with the settings that a source has without being told: restrictions
are checked, attachments are looked for, the plan is made against the manifest. ``hold`` is not timed: it writes the manifest
that a load of everything would have left. Each prints one line of JSON, with the seconds from the first request to the
finished result.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from airflow.sdk import ObjectStoragePath

from benchmarks.measuring import peak_kilobytes
from confluence_to_twig.content import CONVERTER_VERSION
from confluence_to_twig.memory import give_memory_back, leave_pandas_out
from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.record import record_path
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from confluence_to_twig.staging.manifest_rows import schema_with
from confluence_to_twig.staging.parquet import TABLE_OPTIONS, ParquetWriter, iter_rows, read_table, write_rows
from confluence_to_twig.staging.schemas import INVENTORY, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNKS_A_PAGE = 5
#: What a task loads with its first request, and outside a task runner with its first connection.
LOADED_LATER = (
    "airflow.sdk.execution_time.supervisor",
    "atlassian.rest_client",
    "confluence_to_twig.confluence.api.client",
    "confluence_to_twig.tasks.file_target",
)


def check(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """The task ``validate``."""
    from confluence_to_twig.tasks.validate import validate

    validated = validate(run, token_expires=lambda *_: None)
    Path(options.staging, "validated.json").write_text(json.dumps(validated))
    return {"pages": 0}


def discover(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """The task of that name."""
    from confluence_to_twig.tasks import discover as task

    shards = task.discover(run, _validated(options)).shards
    peak = peak_kilobytes()  # what follows is for the benchmark
    planned = read_table(run.staging.plan, ["page_id", "action", "reason"])
    gone = planned.filter(pc.field("action") == "delete").to_pylist()
    fetched = planned.filter(pc.field("action") == "fetch")["page_id"].to_pylist()
    return {
        "pages": planned.num_rows - len(gone),
        "gone": {row["page_id"]: row["reason"] for row in gone},
        "fetched": sorted(fetched) if len(fetched) < 1_000 else [],
        "shards": shards,
        "peak_kb": peak,
        "look": read_json(record_path(run))["details"]["look"]["kind"],
    }


def extract(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """The task of that name, for one shard after the other."""
    from confluence_to_twig.tasks import extract as task

    pages = 0
    for shard in json.loads(options.shards):
        got = task.extract(replace(run, shard=shard["shard"]), _validated(options), shard)
        pages += got["pages"]
        if options.convert:
            from confluence_to_twig.content import storage_to_markdown

            for row in iter_rows(run.staging.pages(got["shard"]), ["storage"]):
                storage_to_markdown(row["storage"])
    return {"pages": pages}


def hold(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """The manifest as a load of everything leaves it, in another staging."""
    binding = read_binding(run.source_staging)
    assert binding is not None
    data_source = binding.data_source_id
    inventory = pa.concat_tables([read_table(path) for path in run.staging.inventories()])
    size = inventory.num_rows
    hashes = pc.binary_join_element_wise(
        "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11", inventory["page_id"], ""
    )
    texts = pa.chunked_array(
        [pc.binary_join_element_wise(inventory["page_id"].combine_chunks(), "-introduction-0", "")]
    )
    chunks = pa.ListArray.from_arrays(
        pa.array(np.arange(size + 1) * CHUNKS_A_PAGE, pa.int32()),
        texts.combine_chunks().take(pa.array(np.repeat(np.arange(size), CHUNKS_A_PAGE))),
    )
    known = {
        "document_id": inventory["page_id"],
        "content_hash": hashes,
        "converter_version": pa.repeat(CONVERTER_VERSION, size),
        "includes": pa.ListArray.from_arrays(pa.array(np.zeros(size + 1), pa.int32()), pa.array([], pa.string())),
        "chunk_ids": chunks,
        "chunk_hashes": chunks,
        "chunk_count": pa.repeat(pa.scalar(CHUNKS_A_PAGE, pa.int32()), size),
        "text_bytes": pa.repeat(pa.scalar(6_000, pa.int64()), size),
        "data_source": pa.repeat(data_source, size),
        "loaded_at": inventory["modified_at"],
        "run_id": pa.repeat(run.run_id, size),
    }
    columns = [
        known.get(
            field.name, inventory[field.name] if field.name in inventory.column_names else pa.nulls(size, field.type)
        )
        for field in MANIFEST
    ]
    meta = {"seq": 1, "contains": {}, "progress": {data_source: [1, 1]}}
    with ParquetWriter(run.source_staging.manifest, schema_with(meta), options=TABLE_OPTIONS) as writer:
        writer.write_table(pa.table(columns, names=MANIFEST.names).cast(MANIFEST))
    return {"pages": size}


STEPS: dict[str, Callable[[Run, argparse.Namespace], dict[str, Any]]] = {
    "validate": check,
    "discover": discover,
    "extract": extract,
    "hold": hold,
}


def _validated(options: argparse.Namespace) -> dict[str, Any]:
    validated: dict[str, Any] = json.loads(Path(options.staging, "validated.json").read_text())
    return validated


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--space", required=True)
    parser.add_argument("--staging", required=True, help="folder for the files that one step hands to the next")
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--shards", help="which shards to extract, as discover returned them")
    parser.add_argument("--schedule", help="of the source; without it each run sweeps")
    parser.add_argument("--convert", action="store_true", help="convert the bodies to Markdown, too")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    # The address of a real site shows that it is Cloud; that of a sandbox does not.
    connection = {
        "conn_type": "confluence",
        "host": options.url,
        "login": options.email,
        "password": options.token,
        "extra": {"gateway_url": options.url, "deployment": "cloud"},
    }
    os.environ |= {ROOT_VARIABLE: options.staging, "AIRFLOW_CONN_CONFLUENCE_DEFAULT": json.dumps(connection)}
    # What is read of Confluence does not depend on where it goes: for files no Twig is needed.
    given = {"schedule": options.schedule} if options.schedule else {}
    source = Source(
        name="bench", space_key=options.space, delivery="files", files_path=f"{options.staging}/files", **given
    )
    now = datetime.now(UTC)
    run = Run(source, options.run_id, RunFacts("manual", now), RunParams(), options.step, 1)
    if options.step != "hold":
        importlib.import_module(f"confluence_to_twig.tasks.{options.step}")  # all that the real task loads
    for name in LOADED_LATER:
        importlib.import_module(name)
    leave_pandas_out()
    give_memory_back()
    # What Airflow loads with the first file is not what is measured.
    write_rows(ObjectStoragePath(f"file://{options.staging}/warm"), INVENTORY, [])
    started, worked = time.monotonic(), time.process_time()
    told = STEPS[options.step](run, options)
    took = {"seconds": time.monotonic() - started, "processor_seconds": time.process_time() - worked}
    print(json.dumps({"peak_kb": peak_kilobytes()} | told | took))


if __name__ == "__main__":
    main()
