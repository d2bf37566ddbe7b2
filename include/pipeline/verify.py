"""Verify: wait for Twig, compare what it holds with what was loaded, ask it for sample pages, report."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.errors import PermanentError
from include.pipeline.recording import Record, recorded, write_json
from include.pipeline.report import assemble, build_report, failed_pages, read_records
from include.pipeline.retention import remove_old_runs
from include.staging.manifest import ManifestStore
from include.staging.parquet import read_table
from include.twig.data_source import find_or_create
from include.twig.hook import TwigHook
from include.twig.process import check, start_processing, timeout_for
from include.twig.verify import verify as ask_twig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from include.pipeline.run import Run

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
NAMED_FAILURES = 20


class VerificationError(PermanentError):
    """The run did what it could, and something is not right: pages failed, or Twig does not hold what it should."""


class ProcessingFailedError(PermanentError):
    """Twig says that processing the data source failed."""


@dataclass(frozen=True)
class Wait:
    """Twig is busy: what to wait for, and how long."""

    data_source_id: str
    poll_seconds: float
    timeout: timedelta


def start(run: Run) -> Wait | None:
    """Let Twig process what load and prune sent. Returns None when there is nothing to wait for."""
    if run.params.dry_run or run.source.delivery == "files":
        return None
    with recorded(run) as record, TwigHook(run.source.twig_conn_id).client() as client:
        data_source = find_or_create(client, run.source.data_source_name, remember=run.source_staging.home)
        figures = _figures(run)
        state = check(client, data_source.id)
        if figures.get("changed") or figures.get("removed") or not state.finished:
            start_processing(client, data_source)
            state = check(client, data_source.id)
        record.figures["requests"] = client.requests_made
        if state.finished:
            return None
        return Wait(data_source.id, POLL_SECONDS, timeout_for(int(figures.get("chunks", 0))))


def finish(
    run: Run, event: Mapping[str, Any] | None, *, emit: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Check, report, and raise if anything is not right.

    :param event: what the trigger saw when Twig was done, or None when nobody had to wait.
    :param emit: takes the figures for the asset event.
    :raises VerificationError: pages failed or Twig's content differs; the pages are named.
    """
    with recorded(run) as record:
        problems = [] if run.params.dry_run else _problems(run, event, record)
        record.details["problems"] = problems
        manifest = ManifestStore(run.source_staging).read()
        record.details |= {"pages": manifest.num_rows, "chunks": sum(manifest["chunk_count"].to_pylist())}
    report = write_report(run)
    log.info("%s: %s", run.source.name, report["summary"])
    remove_old_runs(run)
    if emit is not None:
        emit({"summary": report["summary"], **report["result"]})
    if problems:
        raise VerificationError(report["summary"], "\n".join(problems))
    return {"summary": report["summary"], "report": str(run.staging.report), **report["result"]}


def write_report(run: Run) -> dict[str, Any]:
    """Write ``report.json`` from the records of the run's tasks."""
    report = build_report(run.staging, run.source.name, run.run_id)
    write_json(run.staging.report, report)
    return report


def _figures(run: Run) -> dict[str, float]:
    figures: dict[str, float] = assemble(run.source.name, run.run_id, read_records(run.staging))["figures"]
    return figures


def _problems(run: Run, event: Mapping[str, Any] | None, record: Record) -> list[str]:
    failed = failed_pages(run.staging)
    record.figures["failed"] = len(failed)
    problems = [
        f"{row['title']} ({row['url']}): {row['stage']} failed: {row['error_type']}: {row['error']}"
        for row in failed[:NAMED_FAILURES]
    ]
    if len(failed) > NAMED_FAILURES:
        problems.append(f"… and {len(failed) - NAMED_FAILURES:,} more failed pages: see the report")
    if event is not None and event.get("state") == "failed":
        raise ProcessingFailedError(
            "Twig failed to process the data source", "\n".join(event.get("log_lines") or ()) or "Twig gave no reason."
        )
    if run.source.delivery == "api":
        problems += _ask_twig(run, record)
    return problems


def _ask_twig(run: Run, record: Record) -> list[str]:
    plan = read_table(run.staging.plan).to_pylist()
    shards = sorted({row["shard"] for row in plan if row["shard"] is not None})
    with TwigHook(run.source.twig_conn_id).client() as client:
        data_source = find_or_create(client, run.source.data_source_name, remember=run.source_staging.home)
        verdict = ask_twig(
            client,
            data_source,
            manifest=ManifestStore(run.source_staging).read(),
            changed=[row["page_id"] for row in plan if row["action"] == "fetch"],
            deleted=[row for row in plan if row["action"] == "delete"],
            chunks=[path for shard in shards if (path := run.staging.chunks(shard)).exists()],
        )
        record.figures["requests"] = client.requests_made
    record.figures |= verdict.figures()
    return list(verdict.problems)
