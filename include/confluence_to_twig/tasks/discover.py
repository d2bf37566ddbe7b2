"""Discover: sweep the space, compare it with the manifest, write the plan."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.sweep.inventory import Sweep, explain_missing, sweep
from confluence_to_twig.content import CONVERTER_VERSION
from confluence_to_twig.planning.plan import Scope, candidates_for_deletion, counts_by_reason, plan
from confluence_to_twig.planning.window import Window
from confluence_to_twig.runs.log_group import log_group
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.staging.files import remove_folder
from confluence_to_twig.staging.parquet import ParquetWriter
from confluence_to_twig.staging.schemas import INVENTORY, PLAN
from confluence_to_twig.tasks.twig_target import settle_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.runs.run import Run

log = logging.getLogger(__name__)


def discover(run: Run, validated: Mapping[str, Any]) -> list[dict[str, int]]:
    """Write ``inventory/<space id>.parquet`` and ``plan.parquet``.

    :returns: one ``{"shard": 0, "first": 1, "last": 500}`` for each slice of the pages to fetch (none in a dry run).
    """
    with recorded(run) as record:
        _clear(run)
        space = Space.from_json(validated["space"])
        with ConfluenceHook(run.source.confluence_conn_id).client(validated["sign_in"]) as client:
            # Before the sweep: what another run loads meanwhile is then not in the manifest, and not taken for gone.
            manifest = settle_manifest(run, record).read()
            with log_group(f"Sweep of space {space.key}"):
                seen = sweep(client, space, kinds=run.source.content, restrictions=run.source.restricted_pages)
            _report_sweep(seen, record)
            planned = plan(
                seen.table, manifest, _scope(run, validated, seen, _missing(run, client, space, seen, manifest))
            )
            record.figures["requests"] = client.requests_made
        _write_table(run.staging.inventory(space.id), seen.table, INVENTORY)
        _write_table(run.staging.plan, planned, PLAN)
        return _shards(run, planned, record)


def _scope(run: Run, validated: Mapping[str, Any], seen: Sweep, missing: Mapping[str, str]) -> Scope:
    return Scope(
        window=Window.from_json(validated["window"]),
        sweep_complete=seen.complete,
        converter_version=CONVERTER_VERSION,
        kinds=run.source.content,
        restricted_pages=run.source.restricted_pages,
        exclude_labels=frozenset(run.source.exclude_labels),
        page_ids=frozenset(run.params.page_ids),
        force=run.params.force,
        missing=missing,
        shard_size=run.source.shard_size,
        run_id=run.run_id,
    )


def _missing(run: Run, client: ConfluenceClient, space: Space, seen: Sweep, manifest: pa.Table) -> dict[str, str]:
    """Why pages of the manifest were not seen. Not asked after an incomplete sweep, which deletes nothing anyway."""
    if not seen.complete:
        return {}
    reasons: dict[str, str] = {}
    candidates = candidates_for_deletion(seen.table, manifest)
    for kind in run.source.content:
        ids = list(candidates.loc[candidates["kind"] == kind, "page_id"])
        reasons |= explain_missing(client, ids, kind=kind, space=space)
    return reasons


def _report_sweep(seen: Sweep, record: Record) -> None:
    for problem in seen.problems:
        record.warn(f"The sweep is not complete, so this run deletes nothing: {problem}")
    for warning in seen.warnings:
        record.warn(warning)
    record.figures["restricted"] = seen.restricted_count or 0
    record.details["sweep_complete"] = seen.complete


def _write_table(path: Any, table: pa.Table, schema: pa.Schema) -> None:
    with ParquetWriter(path, schema) as writer:
        writer.write_table(table)


def _shards(run: Run, planned: pa.Table, record: Record) -> list[dict[str, int]]:
    reasons = counts_by_reason(planned)
    record.details["plan"] = reasons
    for action, counted in reasons.items():
        record.figures[f"to_{action}"] = sum(counted.values())
        for reason, number in counted.items():
            log.info("%s %s pages: %s", action, f"{number:,}", reason)
    if not reasons["fetch"] and not reasons["delete"]:
        log.info("Nothing to do: Twig holds every page in scope in its newest version")
    to_fetch, size = sum(reasons["fetch"].values()), run.source.shard_size
    if run.params.dry_run:
        log.info("Dry run: nothing is fetched, sent or deleted")
        return []
    return [
        {"shard": number, "first": first + 1, "last": min(first + size, to_fetch)}
        for number, first in enumerate(range(0, to_fetch, size))
    ]


def _clear(run: Run) -> None:
    """A second try of discover makes a new plan: files of the old one must not be taken for its results."""
    for folder in ("inventory", "pages", "documents", "chunks", "quarantine"):
        remove_folder(run.staging.home / folder)
