"""Extract: the bodies of one shard's pages, as Parquet."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from include.confluence.extract import ExtractOptions, extract_shard
from include.confluence.hook import ConfluenceHook
from include.confluence.sign_in import SignIn
from include.confluence.space import Space
from include.pipeline.recording import recorded
from include.staging.parquet import read_table

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
        with hook.client(SignIn.from_json(validated["sign_in"])) as client:
            report = extract_shard(
                client,
                Space.from_json(validated["space"]),
                rows,
                inventory=inventory,
                out=run.staging.pages(number),
                options=ExtractOptions(
                    comments=run.source.comments,
                    attachments=run.source.attachments,
                    render_macros=run.source.render_macros,
                ),
            )
            record.figures |= {"requests": client.requests_made, **report.figures()}
        for warning in report.warnings:
            record.warn(warning)
        return {"shard": number, "pages": report.got, "gone": report.gone}
