"""Extract: the bodies of one shard's pages, as Parquet."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from include.confluence.extract import ExtractOptions, extract_shard
from include.confluence.hook import ConfluenceHook
from include.confluence.space import Space
from include.pipeline.recording import recorded
from include.staging.parquet import read_table, write_rows
from include.staging.schemas import QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from include.pipeline.run import Run

log = logging.getLogger(__name__)


def extract(run: Run, validated: Mapping[str, Any], shard: Mapping[str, int]) -> dict[str, Any]:
    """Fetch the pages that the plan gives to this shard.

    :returns: ``shard`` and counters: ``pages``, ``gone``.
    """
    number = shard["shard"]
    with recorded(run) as record:
        inventory = read_table(run.staging.inventory)
        plan = read_table(run.staging.plan, ["page_id", "shard"])
        wanted = plan.filter(pc.equal(plan["shard"], number))["page_id"]
        rows = inventory.filter(pc.is_in(inventory["page_id"], value_set=wanted.combine_chunks())).to_pylist()
        hook = ConfluenceHook(run.source.confluence_conn_id)
        with hook.client(validated["sign_in"]) as client:
            report = extract_shard(
                client,
                Space.from_json(validated["space"]),
                rows,
                inventory=inventory,
                out=run.staging.pages(number),
                options=_options(run),
            )
        record.figures |= report.figures()
        for warning in report.warnings:
            record.warn(warning)
        # Pages that are there but cannot be fetched: reported, and the others go on.
        failures = [asdict(failure) | {"stage": "extract"} for failure in report.failures]
        write_rows(run.staging.quarantine("extract", number), QUARANTINE, failures)
        return {"shard": number, "pages": report.got, "gone": report.gone}


def _options(run: Run) -> ExtractOptions:
    source = run.source
    return ExtractOptions(
        comments=source.comments,
        attachments=source.attachments,
        render_macros=source.render_macros,
        restricted_pages=source.restricted_pages,
    )
