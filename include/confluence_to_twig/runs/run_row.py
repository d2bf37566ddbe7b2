"""A run in one line: the figures of its report that the page shows of many runs at once."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from typing import Any

from confluence_to_twig.runs.quality import broken_rules

_REMEDY_LIMIT = 2_000
_WARNING_LIMIT = 500


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in a line.

    :param folder: its folder below ``runs``; all that is known of a run that has not written its report yet.
    :param run_id: Airflow's name of it; empty for a run of an earlier release that left no report.
    :param state: ``success``, ``failed`` or ``running``, as far as staging knows; Airflow knows better.
    :param kind: ``sync`` for a regular one; ``backfill``, ``dry run`` and ``chosen pages`` tell of a part only.
    :param seconds: from its first task to its last, without what it waited for. :param waited: for a person, for Twig to
        process, and for tasks to be tried again.
    :param pages: pages that Twig held for the source after the run; None when the run did not get that far.
    :param whole: the run looked at everything that the source covers: no backfill, no selection, a complete sweep.
    :param left: pages that it left as they are, unchanged or outside its window.
    :param warning: the first of its warnings, in a line.
    :param token_expires_on: the day that the Confluence connection named, ISO 8601; empty if it names none.
    :param problem: what went wrong, in a line; empty if nothing did. :param remedy: what to do about it, if it says so.
    :param failed_in: the task that failed first, as an address of Airflow's UI names it; empty if none did.
    :param settings: as :func:`confluence_to_twig.runs.timeline.settings_of` writes them. :param converter: its version.
    :param approval: who answered the question before a mass deletion, and what; empty if nobody was asked.
    :param approved_at: when, ISO 8601. :param quality: the rules of the quality gate that it broke, in words.
    :param files: files that Twig holds as documents of their own, besides ``pages``.
    """

    folder: str
    run_id: str
    state: str
    run_type: str
    kind: str
    started_at: str
    ended_at: str
    seconds: float
    waited: float
    pages: int | None
    chunks: int | None
    changed: int
    removed: int
    failed: int
    restricted: int
    skipped: int
    left: int
    warnings: int
    warning: str
    whole: bool
    dry_run: bool
    summary: str
    problem: str
    remedy: str
    space_name: str
    space_url: str
    token_expires_on: str
    failed_in: str = ""
    settings: str = ""
    converter: str = ""
    approval: str = ""
    approved_at: str = ""
    quality: str = ""
    files: int = 0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRow:
        """The inverse of ``asdict``. Unknown fields are left out; raises ``KeyError`` for a missing one without default."""
        later = {name: data[name] for name in _LATER if name in data}
        return cls(**{name: data[name] for name in _NAMES}, **later)


_NAMES = tuple(field.name for field in fields(RunRow) if field.default is MISSING)
#: Fields that lines of earlier releases lack.
_LATER = tuple(field.name for field in fields(RunRow) if field.default is not MISSING)


def row_of(report: dict[str, Any], folder: str, *, started_at: str, ended_at: str) -> RunRow:
    """The line of a report as :func:`confluence_to_twig.runs.report.build_report` makes it."""
    figures, params, space = report["figures"], report.get("params", {}), report.get("space") or {}
    problem, remedy = _what_went_wrong(report)
    waited, approval = float(report.get("waited", 0.0)), report.get("approval") or {}
    return RunRow(
        folder=folder,
        run_id=report["run_id"],
        state=report["state"],
        run_type=str(report.get("run_type", "")),
        kind=kind_of(report),
        started_at=started_at,
        ended_at=ended_at,
        seconds=round(float(report["seconds"]) - waited, 3),
        waited=waited,
        pages=report.get("pages"),
        chunks=report.get("chunks"),
        changed=int(report["result"]["changed"]),
        removed=int(report["result"]["removed"]),
        failed=int(report["result"]["failed"]),
        restricted=int(figures.get("restricted", 0)),
        skipped=int(figures.get("to_skip", 0)),
        left=int(figures.get("to_leave", 0)),
        warnings=len(report["warnings"]),
        warning=str(next(iter(report["warnings"]), "")).partition("\n")[0][:_WARNING_LIMIT],
        whole=covers_everything(report),
        dry_run=bool(params.get("dry_run")),
        summary=str(report["summary"]),
        problem=problem,
        remedy=remedy,
        space_name=str(space.get("name", "")),
        space_url=str(space.get("url", "")),
        token_expires_on=str(report.get("token_expires_on") or ""),
        failed_in=_failed_in(report),
        settings=str(report.get("settings", "")),
        converter=str(report.get("converter", "")),
        approval=str(approval.get("text", "")),
        approved_at=str(approval.get("at", "")),
        quality=broken_rules(report.get("quality") or {}),
        files=int(report.get("files", 0)),
    )


def _failed_in(report: dict[str, Any]) -> str:
    if not report["errors"]:
        return "verify" if report.get("problems") else ""
    error = report["errors"][0]
    return str(error["task"]) if error["shard"] is None else f"{error['task']}/mapped/{error['shard']}"


def _what_went_wrong(report: dict[str, Any]) -> tuple[str, str]:
    """The first error without its class name, or else the first problem: its first line, and the rest of it."""
    errors = [re.sub(r"^\w+: ", "", str(error["error"])) for error in report["errors"]]
    problem, _, remedy = next(iter([*errors, *report.get("problems", ())]), "").partition("\n")
    return problem, remedy[:_REMEDY_LIMIT]


def kind_of(report: dict[str, Any]) -> str:
    """Whether a run was a regular sync, or one that tells of a part of the source only."""
    params = report.get("params", {})
    if report.get("run_type") == "backfill":
        return "backfill"
    return "dry run" if params.get("dry_run") else "chosen pages" if params.get("page_ids") else "sync"


def covers_everything(report: dict[str, Any]) -> bool:
    """Whether the plan of this run compared everything that the source covers with Twig."""
    params = report.get("params", {})
    selected = params.get("page_ids") or params.get("since")
    return bool(report.get("sweep_complete")) and report.get("run_type") != "backfill" and not selected
