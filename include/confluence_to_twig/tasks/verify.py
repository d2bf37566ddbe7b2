"""Verify: wait for Twig, compare what it holds with what was loaded, ask it for sample pages, report.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

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
    from confluence_to_twig.twig.client import TwigClient

log = logging.getLogger(__name__)

NAMED_FAILURES = 20
#: A processing that ends so soon is waited for in the task: to come back from the triggerer as a new process takes as long.
BRIEFLY = timedelta(seconds=6)
_BRIEF_PAUSE_S = 0.5
#: How much later than the trigger's own end a task gives up waiting for it.
TRIGGER_GRACE = timedelta(minutes=10)


class VerificationError(PermanentError):
    """The run did what it could, and something is not right: pages failed, or Twig does not hold what it should."""


@dataclass(frozen=True)
class Wait:
    """Twig is busy: which processing to follow, whether this run started it, and how long to wait for it."""

    data_source_id: str
    process_id: str | None
    ours: bool
    timeout: timedelta


class VerifyOperator(Traced, BaseOperator):
    """Start Twig's processing if something changed, wait until it is done, compare, ask sample questions, report.

    It waits in the triggerer and holds no worker, but for the first seconds.

    :param source: the source whose run this task belongs to.
    """

    operator_extra_links = LINKS

    def __init__(self, *, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def execute(self, context: Context) -> Any:
        """Start the processing; if Twig is not done at once, come back when it is."""
        return self._go_on(context, None)

    def processing_ended(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a wait: with the checks, or with another wait when more was loaded meanwhile."""
        return self._go_on(context, event)

    def _go_on(self, context: Context, event: dict[str, Any] | None) -> Any:
        from confluence_to_twig.tasks.targets import targets_of

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


def follow(
    run: Run,
    event: Mapping[str, Any] | None = None,
    targets: Sequence[Target] = (),
    *,
    briefly: timedelta = timedelta(),
) -> Wait | None:
    """Let Twig process what it was given, by this run or by one that did not get so far.

    :param event: what the trigger saw at the end of the last wait; None at first.
    :param targets: of the source, to read each manifest once for :func:`follow` and :func:`finish`.
    :param briefly: how long to wait here.
    :returns: what to wait for, or None when there is nothing (more) to wait for.
    :raises PermanentError: Twig failed to process, with its log lines.
    """
    from confluence_to_twig.tasks.targets import targets_of
    from confluence_to_twig.twig.hook import TwigHook

    if run.params.dry_run or run.source.delivery == "files":
        return None
    with (
        recorded(run, comes_back=event is not None) as record,
        TwigHook(run.source.twig_conn_id).client() as client,
        record.traffic("twig", client),
    ):
        record.goes_on = True
        if event:  # the trigger has no record of its own
            requests = event.get("requests", 0)
            record.count(
                requests=requests, twig_requests=requests, twig_seconds_waited=event.get("seconds_waited", 0.0)
            )
        targets, until = targets or targets_of(run), time.monotonic() + briefly.total_seconds()
        # All of them are started before one is waited for.
        while waits := [wait for target in targets if (wait := _processed(run, client, target, event))]:
            if (event := _ended_by(until, client, waits[0])) is None:
                break
        record.count(requests=client.requests_made)
    return waits[0] if waits else None


def _ended_by(until: float, client: TwigClient, wait: Wait) -> dict[str, Any] | None:
    """What the trigger would see at the end of a wait; None: it has not ended by that moment of the monotonic clock."""
    from confluence_to_twig.twig.process import check, event_of

    while time.monotonic() < until:
        time.sleep(_BRIEF_PAUSE_S)
        if (state := check(client, wait.data_source_id, wait.process_id)).is_over:
            return event_of(state, wait.data_source_id, ours=wait.ours)
    return None


def _processed(run: Run, client: TwigClient, target: Target, event: Mapping[str, Any] | None) -> Wait | None:
    from confluence_to_twig.tasks.twig_target import data_source_of
    from confluence_to_twig.twig.process import check, processing_timeout, start_processing

    data_source, manifest = data_source_of(target, client), target.manifest
    if event and event.get("data_source_id", data_source.id) != data_source.id:
        event = None  # another one was waited for
    seen, again = _seen(event), bool(event and event["ours"])
    while seen not in {"done", "late"}:
        started = start_processing(client, data_source, manifest, again=again)
        if started is None:
            break
        state = check(client, data_source.id, started.process_id)
        if not state.is_over:
            timeout = processing_timeout(int(_figures(run).get("chunks_sent", 0)))
            return Wait(data_source.id, started.process_id, started.ours, timeout)
        state.require_success()
        seen, again = "done" if state.state == "done" and started.ours else "again", started.ours
    return None


def _seen(event: Mapping[str, Any] | None) -> str:
    """``done`` after a processing that covers everything this run loaded, ``late`` when it did not end in time; anything
    else means: look again."""
    from confluence_to_twig.twig.process import ProcessState

    if event is None:
        return "nothing"
    state = ProcessState(event["state"], event["status"], event["message"], tuple(event["lines"]))
    state.require_success()
    if state.state == "waiting":
        return "late"
    return "done" if state.state == "done" and event["ours"] else "again"


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
        record.details |= {
            "problems": problems,
            "pages": held.num_rows,
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
        raise VerificationError(report["summary"], "\n".join(problems))
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


def _figures(run: Run) -> dict[str, float]:
    from confluence_to_twig.runs.report import assemble, read_records

    figures: dict[str, float] = assemble(run.source.name, run.run_id, read_records(run.staging))["figures"]
    return figures


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
