"""Report: what a run did, put together from the records of its tasks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from confluence_to_twig.staging.files import files_in, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.staging.layout import RunStaging

Record = dict[str, Any]


@dataclass(frozen=True)
class Summary:
    """The figures of the one line that ends a run.

    :param pages: pages that Twig holds for the source after the run.
    :param chunks: chunks that Twig holds for the source after the run.
    :param changed: pages and files that this run sent to Twig, new ones included.
    :param removed: pages and files that this run deleted from Twig.
    :param failed: pages and files that could not be extracted, converted or loaded.
    :param seconds: from the start of the first task to the end of the last, without what the run waited for.
    :param lane: the run asked only for what is new since the last one, see :mod:`confluence_to_twig.planning.look`.
    :param files: files that Twig holds as documents of their own, after the run.
    :param stopped_in: the task that failed before the run could count what Twig holds.
    """

    pages: int
    chunks: int
    changed: int
    removed: int
    failed: int
    seconds: float
    dry_run: bool = False
    stopped_in: str | None = None
    lane: bool = False
    files: int = 0

    def __str__(self) -> str:
        if self.stopped_in:
            return (
                f"stopped in {self.stopped_in} after {self.seconds:,.0f} s "
                f"({self.changed:,} changed, {self.removed:,} removed until then)"
            )
        line = (
            f"{amount(self.pages, self.files)} → {self.chunks:,} chunks ({self.changed:,} changed, {self.removed:,} removed, "
            f"{self.failed:,} failed) in {self.seconds:,.0f} s{', lane' if self.lane else ''}"
        )
        if self.dry_run:
            return f"{line}: dry run, nothing was sent"
        return line if self.changed or self.removed or self.failed else f"{line}: nothing to do"


def amount(pages: int, files: int) -> str:
    """``245 pages``, or ``245 pages and 31 files`` where files are documents of their own."""
    return f"{pages:,} pages and {files:,} files" if files else f"{pages:,} pages"


def read_records(staging: RunStaging) -> list[Record]:
    """The records of the tasks that ran so far, in the order in which they started."""
    folder = staging.home / "report"
    records = [read_json(folder / name) for name in files_in(folder) if name.endswith(".json")]
    return sorted(records, key=lambda record: str(record["started_at"]))


def build_report(
    staging: RunStaging,
    source: str,
    run_id: str,
    failures: list[dict[str, Any]] | None = None,
    records: Iterable[Record] | None = None,
) -> dict[str, Any]:
    """The report of a run as far as it got: figures, reasons, seconds a task, failed pages, and the summary line.

    :param failures: what :func:`failed_pages` told just now, if it was asked.
    :param records: what :func:`read_records` told just now, likewise.
    """
    report = assemble(source, run_id, read_records(staging) if records is None else records)
    summary = summarise(report)
    result = asdict(summary)
    del result["dry_run"], result["stopped_in"], result["lane"]
    return report | {
        "summary": str(summary),
        "result": result,
        "failures": failed_pages(staging) if failures is None else failures,
    }


def summarise(report: dict[str, Any]) -> Summary:
    """The figures of the summary line out of an assembled report."""
    figures = report["figures"]
    return Summary(
        pages=report.get("pages", 0),
        chunks=report.get("chunks", 0),
        changed=int(figures.get("changed", 0)),
        removed=int(figures.get("removed", 0)),
        failed=int(figures.get("failed", 0)),
        seconds=round(report["seconds"] - report.get("waited", 0.0), 3),
        dry_run=report.get("params", {}).get("dry_run", False),
        lane=report.get("look", {}).get("kind") == "lane",
        files=report.get("files", 0),
        stopped_in=report["errors"][-1]["task"] if report["errors"] and "pages" not in report else None,
    )


def failed_pages(staging: RunStaging) -> list[dict[str, Any]]:
    """The pages that were quarantined in this run, with stage and error."""
    folder = staging.home / "quarantine"
    names = [name for name in files_in(folder) if name.endswith(".parquet")]
    if not names:
        return []
    from confluence_to_twig.staging.parquet import iter_rows  # loads Arrow, which most tasks that report do not need

    return [row for name in names for row in iter_rows(folder / name)]


def assemble(source: str, run_id: str, records: Iterable[Record]) -> dict[str, Any]:
    """One report from the records: figures summed over tasks and shards, seconds a task, failures, warnings."""
    records = list(records)
    tasks: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"seconds": 0.0, "requests": 0, "shards": 0, "state": "success"}
    )
    figures: dict[str, float] = defaultdict(int)
    details: dict[str, Any] = {}
    for record in records:
        task = tasks[record["task"]]
        task["seconds"] = round(task["seconds"] + record["seconds"], 3)
        task["requests"] += record["figures"].get("requests", 0)
        task["shards"] += record["shard"] is not None
        if record["state"] != "success":
            task["state"] = record["state"]
        for name, value in record["figures"].items():
            figures[name] += value
        details |= record["details"]
    return {
        "source": source,
        "run_id": run_id,
        "state": _state(records),
        **details,
        "figures": dict(figures),
        "tasks": dict(tasks),
        "warnings": [warning for record in records for warning in record["warnings"]],
        "errors": [
            {"task": record["task"], "shard": record["shard"], "error": record["error"]}
            for record in records
            if record["error"]
        ],
        "seconds": elapsed(records),
        "waited": waited(records),
        "ended_at": max((str(record["ended_at"]) for record in records), default=None),
    }


def _state(records: list[Record]) -> str:
    failed = any(record["error"] or record["details"].get("problems") for record in records)
    ended = any(record["task"] == "verify" and record["state"] == "success" for record in records)
    return "failed" if failed else "success" if ended else "running"


def waited(records: Iterable[Record]) -> float:
    """Seconds of a run in which none of its tasks worked: for a person, for Twig, for a slot, for the next try."""
    spans = sorted(_work(record) for record in records)
    if not spans:
        return 0.0
    idle, until = 0.0, spans[0][1]
    for start, end in spans[1:]:
        idle += max(0.0, (start - until).total_seconds())
        until = max(until, end)
    return round(idle, 3)


def _work(record: Record) -> tuple[datetime, datetime]:
    """When a task worked. One that waited in between has worked for its seconds, right before it ended."""
    ended = datetime.fromisoformat(record["ended_at"])
    return max(datetime.fromisoformat(record["started_at"]), ended - timedelta(seconds=record["seconds"])), ended


def elapsed(records: Iterable[Record]) -> float:
    """Seconds from the start of the first record to the end of the last."""
    records = list(records)
    if not records:
        return 0.0
    start = min(datetime.fromisoformat(record["started_at"]) for record in records)
    end = max(datetime.fromisoformat(record["ended_at"]) for record in records)
    return round((end - start).total_seconds(), 3)
