"""Extract: the bodies of one shard's pages, as Parquet."""

from __future__ import annotations

import logging
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.extract.extract_shard import extract_shard
from confluence_to_twig.confluence.extract.page import ROW_COLUMNS, ExtractOptions
from confluence_to_twig.runs.log_group import log_group
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run_spaces import read_run_spaces
from confluence_to_twig.staging.parquet import iter_rows, write_rows
from confluence_to_twig.staging.schemas import QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.extract.page import Row
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


def extract(run: Run, validated: Mapping[str, Any], shard: Mapping[str, int]) -> dict[str, Any]:
    """Fetch the pages that the plan gives to this shard.

    :returns: ``shard``, counters (``pages``, ``gone``), and ``inventories``: the files of the run that it was fetched by.
    """
    number = shard["shard"]
    with recorded(run) as record:
        inventories = run.staging.inventories()
        hook = ConfluenceHook(run.source.confluence_conn_id)
        title = f"Pages {shard['first']:,}-{shard['last']:,}"
        with hook.client(validated["sign_in"]) as client, record.traffic("confluence", client), log_group(title):
            report = extract_shard(
                client,
                read_run_spaces(run, validated).selected,
                _planned(run, number, inventories),
                inventory=inventories,
                out=run.staging.pages(number),
                options=_options(run),
                unreadable=run.source_staging.unreadable,
                first_try=run.try_number == 1,
            )
        record.figures |= report.figures()
        log.info("%s: %d fetched, %d gone, %d failed", title, report.got, report.gone, report.failed)
        for warning in report.warnings:
            record.warn(warning)
        # Pages that are there but cannot be fetched: reported, and the others go on.
        failures = [asdict(failure) | {"stage": "extract"} for failure in report.failures]
        if failures or run.try_number > 1:  # an earlier try may have left some
            write_rows(run.staging.quarantine("extract", number), QUARANTINE, failures)
        names = [path.path.removeprefix(f"{run.staging.home.path}/") for path in inventories]
        return {"shard": number, "pages": report.got, "gone": report.gone, "inventories": names}


def _planned(run: Run, shard: int, inventories: Sequence[ObjectStoragePath]) -> Iterator[Row]:
    """The shard's rows of the inventories, one by one."""
    wanted = [row["page_id"] for row in iter_rows(run.staging.plan, ["page_id"], where=("shard", [shard]))]
    return chain.from_iterable(iter_rows(path, ROW_COLUMNS, where=("page_id", wanted)) for path in inventories)


def _options(run: Run) -> ExtractOptions:
    source = run.source
    return ExtractOptions(
        comments=source.comments,
        attachments=source.attachments,
        render_macros=source.render_macros,
        restricted_pages=source.restricted_pages,
    )
