"""One timed task of this project in a process of its own, as Airflow runs it: ``benchmarks/extract.py`` starts it.

``discover`` sweeps the space and writes the inventory; ``extract`` fetches one shard of what differs from an earlier
inventory. Both print one line of JSON, with the seconds from the first request to the finished result.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atlassian.rest_client  # noqa: F401 - imports are not what is measured
import pandas as pd  # noqa: F401 - Arrow loads it with the first table
from airflow.sdk import ObjectStoragePath

from benchmarks.measuring import peak_kilobytes
from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.settings import ConfluenceSettings
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.extract.extract_shard import extract_shard
from confluence_to_twig.confluence.extract.page import ROW_COLUMNS
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.parquet import ParquetWriter, iter_rows, read_table, write_rows
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

#: As the product cuts them.
SHARD: int = Source.model_fields["shard_size"].default


def discover(client: ConfluenceClient, staging: ObjectStoragePath, options: argparse.Namespace) -> dict[str, Any]:
    """Sweep, and ask why pages of the earlier inventory are gone."""
    from confluence_to_twig.confluence.sweep.inventory import (  # the other step does without what it loads
        explain_missing,
        sweep,
    )

    space = client.space(options.space)
    swept = sweep(client, space, restrictions=options.restrictions)
    if not swept.complete:
        raise SystemExit(f"The sweep is incomplete: {swept.problems}")
    held = _held(options)
    missing = held.keys() - set(swept.table["page_id"].to_pylist()) if held else ()
    gone = explain_missing(client, sorted(missing), "page", space)
    with ParquetWriter(staging / "inventory.parquet", INVENTORY) as writer:
        writer.write_table(swept.table)
    handed_on = {"space": space.to_json(), "sign_in": client.sign_in().to_json()}
    Path(options.staging, "handed-on.json").write_text(json.dumps(handed_on))
    to_fetch = sum(1 for _ in _wanted(staging / "inventory.parquet", _held(options)))
    return {"pages": swept.table.num_rows, "gone": gone, "shards": max(1, -(-to_fetch // SHARD))}


def _held(options: argparse.Namespace) -> dict[str, int]:
    """Versions by page id of the earlier inventory."""
    if options.held is None:
        return {}
    held = read_table(ObjectStoragePath(f"file://{options.held}"), ["page_id", "version"])
    return dict(zip(held["page_id"].to_pylist(), held["version"].to_pylist(), strict=True))


def extract(client: ConfluenceClient, staging: ObjectStoragePath, options: argparse.Namespace) -> dict[str, Any]:
    """Fetch the bodies of a shard of all pages, or of those that are new or changed since the earlier inventory."""
    space = Space.from_json(json.loads(Path(options.staging, "handed-on.json").read_text())["space"])
    inventory = staging / "inventory.parquet"
    first = options.shard * SHARD
    shard = set(islice(_wanted(inventory, _held(options)), first, first + SHARD))
    rows = (row for row in iter_rows(inventory, ROW_COLUMNS) if row["page_id"] in shard)
    out = staging / "pages" / f"shard-{options.shard}.parquet"
    report = extract_shard(client, space, rows, inventory=inventory, out=out)
    if report.got != len(shard):
        raise SystemExit(f"Only {report.got} of {len(shard)} pages came")
    if options.convert:
        from confluence_to_twig.content import storage_to_markdown

        for row in iter_rows(out, ["storage"]):
            storage_to_markdown(row["storage"])
    return {"pages": len(shard), "fetched": sorted(shard) if options.held else []}


def _wanted(inventory: ObjectStoragePath, before: dict[str, int]) -> Iterator[str]:
    for row in iter_rows(inventory, ["page_id", "version", "restricted"]):
        if not row["restricted"] and before.get(row["page_id"]) != row["version"]:
            yield row["page_id"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["discover", "extract"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--space", required=True)
    parser.add_argument("--staging", required=True, help="folder for the files that one step hands to the next")
    parser.add_argument("--restrictions", choices=["skip", "unchecked"], required=True)
    parser.add_argument("--held", type=Path, help="inventory of an earlier run: fetch only what differs")
    parser.add_argument("--shard", type=int, default=0, help="which shard to extract")
    parser.add_argument("--convert", action="store_true", help="convert the bodies to Markdown, too")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    importlib.import_module(f"confluence_to_twig.tasks.{options.step}")  # all that the real task loads
    give_memory_back()
    staging = ObjectStoragePath(f"file://{options.staging}")
    # What Airflow loads with the first file and Arrow with the first table (pandas) is not what is measured.
    write_rows(staging / "warm", INVENTORY, [])
    # The address of a real site shows that it is Cloud; that of a sandbox does not.
    extra = {"gateway_url": options.url, "deployment": "cloud"}
    settings = ConfluenceSettings.from_fields(options.url, options.email, options.token, extra)
    handed_on = Path(options.staging, "handed-on.json")
    signed_in = json.loads(handed_on.read_text())["sign_in"] if options.step == "extract" else None
    started = time.monotonic()
    with ConfluenceClient(settings, signed_in=signed_in) as client:
        told = {"discover": discover, "extract": extract}[options.step](client, staging, options)
    seconds = time.monotonic() - started
    print(json.dumps(told | {"seconds": seconds, "peak_kb": peak_kilobytes()}))


if __name__ == "__main__":
    main()
