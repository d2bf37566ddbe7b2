"""Staging as the pipeline leaves it, made up, for the page's tests and for looking at the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from confluence_to_twig.staging.binding import Binding, write_binding
from confluence_to_twig.staging.files import write_json
from confluence_to_twig.staging.layout import RunStaging, SourceStaging, root_at
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import DOCUMENTS, PLAN, QUARANTINE

#: An edit long before every sample run.
LONG_BEFORE = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SITE = "https://example.atlassian.net/wiki"


def page(number: int, **changes: Any) -> dict[str, Any]:
    """What plan, manifest, quarantine and documents say alike of a page."""
    return {
        "page_id": str(1000 + number),
        "kind": "page",
        "title": f"Page {number}",
        "url": f"{SITE}/spaces/PROD/pages/{1000 + number}",
        "version": 1,
    } | changes


def planned(action: str, reason: str, number: int, **changes: Any) -> dict[str, Any]:
    """A row of a plan."""
    row = page(number) | {"action": action, "reason": reason, "manifest_version": None, "modified_at": LONG_BEFORE}
    return row | {"shard": 0 if action == "fetch" else None, "restricted": False} | changes


def held(number: int, loaded_at: datetime, **changes: Any) -> dict[str, Any]:
    """A row of the manifest."""
    lists: dict[str, Any] = {
        key: [] for key in ("ancestor_ids", "ancestors", "labels", "includes", "chunk_ids", "chunk_hashes")
    }
    row = page(number) | lists | {"content_hash": "h", "converter_version": "1", "chunk_count": 4}
    row |= {"document_id": row["page_id"], "space_id": "1", "audience": None, "text_bytes": 1}
    return row | {"modified_at": LONG_BEFORE, "loaded_at": loaded_at, "run_id": "r"} | changes


def document(number: int, **changes: Any) -> dict[str, Any]:
    """A row of the documents of a run."""
    lists: dict[str, Any] = {key: [] for key in ("ancestor_ids", "ancestors", "labels", "includes", "unknown_macros")}
    row = (
        page(number)
        | lists
        | {"space_id": "1", "space_key": "PROD", "author": None, "created_at": None, "language": None}
    )
    row |= {"modified_at": LONG_BEFORE, "markdown": "x", "text_bytes": 1, "content_hash": "h", "converter_version": "1"}
    return row | {"chunk_count": 4, "coverage": 1.0, "tolerant": False, "constructs": []} | changes


@dataclass
class SampleSource:
    """Writes the staging of one source.

    :param root: staging root, a local path.
    """

    root: str
    name: str = "docs"
    held: list[dict[str, Any]] = field(default_factory=list)

    @property
    def staging(self) -> SourceStaging:
        return SourceStaging(root_at(self.root), self.name)

    def bind(self, base_url: str = "http://127.0.0.1:1", data_source_id: str = "ds_1") -> None:
        """Say which data source of Twig the source belongs to."""
        write_binding(self.staging, Binding(data_source_id, self.name, "FILE", base_url))
        self.hold(self.held)

    def hold(self, rows: list[dict[str, Any]]) -> None:
        """Write the manifest of the data source that the source is bound to."""
        self.held = rows
        manifest = ManifestStore(self.staging)
        manifest.rebuild(manifest.view().data_source_id, rows)

    def run(
        self,
        run_id: str,
        ended: datetime,
        *,
        plan: list[dict[str, Any]] | None = None,
        quarantine: list[dict[str, Any]] | None = None,
        documents: list[dict[str, Any]] | None = None,
        **report: Any,
    ) -> RunStaging:
        """Write the files of a run that is over. ``report`` replaces entries of its report."""
        run = self.staging.run(run_id)
        if plan is not None:
            write_rows(run.plan, PLAN, plan)
        if quarantine is not None:
            write_rows(run.quarantine("transform", 0), QUARANTINE, quarantine)
        if documents is not None:
            write_rows(run.documents(0), DOCUMENTS, documents)
        write_json(run.report, sample_report(self.name, run_id, ended, **report))
        return run

    def record(self, run_id: str, task: str, ended_at: datetime, **changes: Any) -> None:
        """Write the record of one task of a run, as it is before there is a report."""
        data = {
            "run_id": run_id,
            "task": task,
            "shard": None,
            "state": "success",
            "try_number": 1,
            "started_at": (ended_at - timedelta(seconds=2)).isoformat(),
            "ended_at": ended_at.isoformat(),
            "seconds": 2.0,
            "figures": {},
            "warnings": [],
            "details": {},
            "error": None,
        }
        write_json(self.staging.run(run_id).home / "report" / f"{task}.json", data | changes)


def sample_report(source: str, run_id: str, ended: datetime, **changes: Any) -> dict[str, Any]:
    """A report of a run that went well, as ``confluence_to_twig.runs.report.build_report`` makes it."""
    result = {"pages": 245, "chunks": 1200, "changed": 12, "removed": 3, "failed": 0, "seconds": 14.2}
    result |= changes.pop("result", {})
    seconds = result["seconds"]
    report: dict[str, Any] = {
        "source": source,
        "run_id": run_id,
        "state": "success",
        "run_type": "scheduled",
        "params": {"full": False, "since": None, "page_ids": [], "force": False, "dry_run": False},
        "space": {"id": "1", "key": "PROD", "name": "Product documentation", "url": f"{SITE}/spaces/PROD"},
        "sweep_complete": True,
        "pages": result["pages"],
        "chunks": result["chunks"],
        "figures": {"restricted": 2, "to_skip": 2, "to_fetch": 12, "to_delete": 3, "to_leave": 230},
        "tasks": {},
        "warnings": [],
        "errors": [],
        "problems": [],
        "started_at": (ended - timedelta(seconds=seconds)).isoformat(),
        "ended_at": ended.isoformat(),
        "seconds": seconds,
        "result": result,
        "failures": [],
    }
    report |= changes
    figures = report["result"]
    report["summary"] = changes.get(
        "summary",
        f"{figures['pages']:,} pages → {figures['chunks']:,} chunks ({figures['changed']:,} changed, "
        f"{figures['removed']:,} removed, {figures['failed']:,} failed) in {figures['seconds']:,.0f} s",
    )
    return report


def as_table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as the table that would be read from a file."""
    return pa.Table.from_pylist(rows, schema=schema)
