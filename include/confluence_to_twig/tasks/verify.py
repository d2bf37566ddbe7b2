"""Verify: wait for Twig, compare what it holds with what was loaded, ask it for sample pages, report.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TriggerRule

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.links import LINKS
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.staging.files import read_json, write_json
from confluence_to_twig.tasks.traced import Traced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from airflow.sdk import Context

    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.tasks.targets import Target

log = logging.getLogger(__name__)

NAMED_FAILURES = 20
#: How much later than the trigger's own end a task gives up waiting for it.
TRIGGER_GRACE = timedelta(minutes=10)


class VerificationError(PermanentError):
    """The run did what it could, and something is not right: pages failed, or Twig does not hold what it should."""


class VerifyOperator(Traced, BaseOperator):
    """Start Twig's processing if something changed, wait until it is done, compare, ask sample questions, report.

    It waits in the triggerer and holds no worker, but for the first seconds.

    :param source: the source whose run this task belongs to.
    """

    operator_extra_links = LINKS

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, **kwargs)
        self.source = source

    def execute(self, context: Context) -> Any:
        """Start the processing; if Twig is not done at once, come back when it is."""
        return self._go_on(context, None)

    def processing_ended(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a wait: with the checks, or with another wait when more was loaded meanwhile."""
        return self._go_on(context, event)

    def _go_on(self, context: Context, event: dict[str, Any] | None) -> Any:
        from confluence_to_twig.tasks.targets import targets_of
        from confluence_to_twig.tasks.twig_processing import BRIEFLY, follow

        run = Run.of(self.source, context)
        self.source = run.source
        targets = targets_of(run)
        if wait := follow(run, event, targets, briefly=timedelta() if event else BRIEFLY):
            from confluence_to_twig.tasks.processing_trigger import ProcessingTrigger

            self.defer(
                trigger=ProcessingTrigger(
                    self.source.twig_conn_id,
                    wait.data_source_id,
                    wait.process_id,
                    ours=wait.ours,
                    seconds=wait.timeout.total_seconds(),
                ),
                method_name="processing_ended",
                timeout=wait.timeout + TRIGGER_GRACE,  # for a triggerer that is gone
            )
        late = event["status"] if event is not None and event["state"] == "waiting" else ""
        verified = finish(run, emit=lambda extra: self._emit(context, extra), late=late, targets=targets)
        self.trace(run)
        return verified

    def _emit(self, context: Context, extra: dict[str, Any]) -> None:
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = extra


def finish(
    run: Run,
    *,
    emit: Callable[[dict[str, Any]], None] | None = None,
    late: str = "",
    targets: Sequence[Target] = (),
) -> dict[str, Any]:
    """Check, report, and raise if anything is not right.

    :param emit: takes the figures for the asset event. :param late: Twig's status, if it was waited for in vain.
    :raises VerificationError: pages failed or Twig's content differs; the pages are named.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from confluence_to_twig.runs.report import failed_pages, read_records
    from confluence_to_twig.runs.retention import keep_history
    from confluence_to_twig.staging.rows import ATTACHMENT_KIND
    from confluence_to_twig.tasks.targets import targets_of

    targets = targets or targets_of(run)
    with recorded(run, comes_back=True) as record:
        failed, records = failed_pages(run.staging), read_records(run.staging)
        problems = [] if run.params.dry_run else _failed(failed, record)
        if not run.params.dry_run:
            problems += (
                _check_files(run, record) if run.source.delivery == "files" else _check_twig(run, record, targets, late)
            )
        held = pa.concat_tables([target.manifest.read() for target in targets])
        chunk_counts = held["chunk_count"]
        files = pc.sum(pc.equal(held["kind"], ATTACHMENT_KIND)).as_py() or 0
        record.details |= {
            "problems": problems,
            "pages": held.num_rows - files,
            "files": files,
            "chunks": pc.sum(chunk_counts).as_py() or 0,
        }
        if not run.params.dry_run:
            until = _in_step_until(run, held, records, failed)
            empty = pc.sum(pc.equal(chunk_counts, 0)).as_py() or 0
            record.details["quality"] = _judge(run, record.figures, held.num_rows, empty, len(failed), until)
    report = write_report(run, failed, records)
    log.info("%s: %s", run.source.name, report["summary"])
    keep_history(run)
    if emit is not None:
        told: dict[str, Any] = {name: report[name] for name in ("verified", "look", "quality") if name in report}
        emit({"summary": report["summary"], "run_id": run.run_id, **report["result"], **told})
    if problems:
        raise VerificationError(report["summary"], record.discreet("\n".join(problems)))
    return {"summary": report["summary"], "report": str(run.staging.report), **report["result"]}


def _in_step_until(
    run: Run, held: pa.Table, records: Sequence[dict[str, Any]], failed: list[dict[str, Any]]
) -> datetime | None:
    """The moment up to which every change is in Twig, by this run's plan, or by that of the last one that saw everything."""
    from confluence_to_twig.runs.freshness import by_plan, freshness
    from confluence_to_twig.runs.history import newest_first, row_of_records

    row = row_of_records(run.staging, run.source.name, records, failed) if records else None
    if row and row.whole:
        return by_plan(run.staging.plan, row, lambda: held).in_step_until
    return freshness(run.source_staging, newest_first(run.source_staging)).in_step_until


def _judge(
    run: Run, figures: Mapping[str, float], documents: int, empty: int, quarantined: int, until: datetime | None
) -> dict[str, Any]:
    from confluence_to_twig.runs.quality import Measured, judge

    cited, uncited = int(figures.get("cited", 0)), int(figures.get("uncited", 0))
    verdict = judge(
        Measured(
            documents,
            empty,
            quarantined,
            asked=cited + uncited,
            cited=cited,
            drift=int(figures["differences"]) if "differences" in figures else None,
            behind=round((datetime.now(UTC) - until).total_seconds(), 1) if until else None,
        ),
        run.source.quality,
    )
    log.info("Quality: %s", verdict)
    return verdict.to_json()


def write_report(run: Run, failed: list[dict[str, Any]], records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write ``report.json`` from the records of the run's tasks.

    :param failed: the pages that were quarantined. :param records: those of the other tasks, and perhaps a former one of this.
    """
    from confluence_to_twig.runs.record import record_path
    from confluence_to_twig.runs.report import build_report

    own = read_json(record_path(run))
    all_records = [*(record for record in records if record["task"] != run.task_id), own]
    report = build_report(
        run.staging, run.source.name, run.run_id, failed, sorted(all_records, key=lambda record: record["started_at"])
    )
    write_json(run.staging.report, report)
    return report


def _failed(failed: list[dict[str, Any]], record: Record) -> list[str]:
    record.figures["failed"] = len(failed)
    named = [
        f"{row['title']} ({row['url']}): {row['stage']} failed: {row['error_type']}: {row['error']}"
        for row in failed[:NAMED_FAILURES]
    ]
    more = len(failed) - len(named)
    return [*named, f"… and {more:,} more failed pages: see the report"] if more else named


def _check_twig(run: Run, record: Record, targets: Sequence[Target], late: str) -> list[str]:
    from confluence_to_twig.tasks.verify_twig import check_twig

    return check_twig(run, record, targets, late=late)


def _check_files(run: Run, record: Record) -> list[str]:
    from confluence_to_twig.tasks.verify_files import check_folder

    return check_folder(run, record)
