"""Transform: one shard's pages become documents and chunks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.transform_shard import transform_shard
from confluence_to_twig.runs.log_group import log_group
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.run_spaces import read_selected
from confluence_to_twig.staging.files import remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.content.transform_shard import TransformReport
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)

NAMED_PAGES = 10


def transform(run: Run, extracted: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the pages of one shard; a page that fails is quarantined and the others go on.

    :returns: ``shard`` and counters: ``pages``, ``chunks``, ``quarantined``.
    """
    number = extracted["shard"]
    quarantine = run.staging.quarantine("transform", number)
    with recorded(run) as record:
        if run.try_number > 1:  # an earlier try may have left some
            remove(quarantine)
        with log_group(f"{extracted['pages']:,} pages"):
            report = transform_shard(
                run.staging.pages(number),
                run.staging.documents(number),
                run.staging.chunks(number),
                quarantine,
                inventories=_inventories(run, extracted),
                space_keys=_space_keys(run),
            )
        log.info("%s pages → %s chunks (%s quarantined)", report.pages, report.chunks, report.quarantined)
        record.figures |= {
            "documents": report.documents,
            "chunks_made": report.chunks,
            "tokens": report.tokens,
            "quarantined": report.quarantined,
            "tolerant": report.tolerant,
            "rendered": report.rendered,
            "low_coverage": len(report.low_coverage),
        }
        _warn(report, record)
        return {"shard": number, "pages": report.pages, "chunks": report.chunks, "quarantined": report.quarantined}


def _space_keys(run: Run) -> dict[str, str]:
    """Space id → key, where the source has more spaces than a shard may have pages of."""
    return {space.id: space.key for space in read_selected(run.staging)} if run.source.spaces else {}


def _inventories(run: Run, extracted: Mapping[str, Any]) -> list[ObjectStoragePath]:
    """Those by which the shard was fetched. An extract of a former release does not name them."""
    names = extracted.get("inventories")
    return run.staging.inventories() if names is None else [run.staging.home / name for name in names]


def _warn(report: TransformReport, record: Record) -> None:
    if report.low_coverage:
        named = ", ".join(report.low_coverage[:NAMED_PAGES])
        record.warn(f"{len(report.low_coverage):,} pages lost more than 2 % of their words in conversion: {named}")
    if report.unknown_macros:
        named = ", ".join(f"{name} ({pages})" for name, pages in report.unknown_macros.most_common(NAMED_PAGES))
        log.info("Unknown macros, of which only the text was kept: %s", named)


def skip_unplanned(extracted: Mapping[str, Any], shards: Iterable[Mapping[str, Any]]) -> None:
    """Skip a shard that the run's present plan does not have.

    A cleared run, or a backfill that reprocesses, plans anew and often finds less to do. Airflow 3.3.2 then still runs
    the map indexes of the former try behind a mapped task, with what that one returned.

    :raises AirflowSkipException: the shard is a leftover.
    """
    if extracted["shard"] not in {shard["shard"] for shard in shards}:
        from airflow.sdk.exceptions import AirflowSkipException

        raise AirflowSkipException(f"Shard {extracted['shard']} is not in this run's plan")
