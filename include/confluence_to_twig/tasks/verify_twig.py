"""Verify, delivery ``api``: ask Twig, tell what is open, and remember it for the next run."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.planning.audience import EVERYBODY
from confluence_to_twig.runs.verify_memory import VerifyMemory, read_verify_memory, write_verify_memory
from confluence_to_twig.staging.files import files_in
from confluence_to_twig.staging.parquet import iter_rows
from confluence_to_twig.tasks.twig_target import data_source_of
from confluence_to_twig.twig.finding import MISSED, OF_THE_LIST
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.pruner import Deletion
from confluence_to_twig.twig.verifier import Before, Loaded, Verdict, verify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.targets import Target
    from confluence_to_twig.twig.finding import Finding

log = logging.getLogger(__name__)

NAMED = 20


def check_twig(run: Run, record: Record, targets: Sequence[Target], *, late: str) -> list[str]:
    """Compare Twig with the manifest, and ask it for pages of this run and for what earlier runs left open.

    :param late: Twig's status, if it was waited for in vain.
    :returns: a line for each thing that is proven wrong and that nobody acknowledged; the last line says what to do.
    """
    if late:
        record.warn(
            f"Twig's status is still {late!r} after all the time that a processing may take; what it holds is compared "
            "as it is. Look at the data source in Twig."
        )
    record.details["verified"] = {}
    return [problem for target in targets for problem in _check(run, target, record, late)]


def _check(run: Run, target: Target, record: Record, late: str) -> list[str]:
    now, memory = datetime.now(UTC), read_verify_memory(target.staging)
    before = Before(memory.findings, memory.is_due(run.source.audit_every, now), memory.excuses, bool(late))
    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client):
        data_source = data_source_of(target, client)
        verdict = verify(client, data_source, target.manifest, loaded_by(run, target), before, run_id=run.run_id)
        where = f"data source {data_source.id} at {client.settings.base_url}"
        record.count(requests=client.requests_made)
    found = memory.joined_with(verdict.findings, run.run_id, now, acknowledge=run.params.acknowledge)
    figures = {**verdict.figures(), "acknowledged": sum(finding.acknowledged for finding in found)}
    audited_at = now if verdict.held.audited else memory.audited_at
    left = VerifyMemory(tuple(found), audited_at, verdict.held.excuses, figures)
    write_verify_memory(target.staging, left)
    return [target.told(line) for line in _tell(run, record, verdict, left, where)]


def _tell(run: Run, record: Record, verdict: Verdict, left: VerifyMemory, where: str) -> list[str]:
    found = left.findings
    acknowledged = [finding for finding in found if finding.acknowledged]
    record.count(**left.figures)
    before = record.details["verified"]
    record.details["verified"] = {
        **{name: before.get(name, 0) + number for name, number in left.figures.items()},
        "audited": verdict.held.audited and before.get("audited", True),
        "excused_pages": dict([*before.get("excused_pages", {}).items(), *verdict.excused.items()][:NAMED]),
        "findings": [*before.get("findings", ()), *(shown(finding) for finding in found)][:NAMED],
    }
    log.info(
        "Compared %d documents; %d of %d pages are cited, %d excused; %d deleted pages were looked for",
        verdict.held.compared,
        verdict.cited,
        verdict.checked,
        len(verdict.excused),
        verdict.checked_deleted,
    )
    for warning in verdict.warnings:
        record.warn(warning)
    told = [finding for finding in found if not finding.acknowledged]
    for line in lines([finding for finding in told if not finding.is_proven]):
        record.warn(line)
    if acknowledged:
        log.info("Acknowledged, and still so: %s", "; ".join(map(str, acknowledged[:NAMED])))
    problems = [finding for finding in told if finding.is_proven]
    record.count(differences=len(problems), uncited=sum(finding.kind in MISSED for finding in told))
    return [*lines(problems), _remedy(run, problems, where)] if problems else []


def lines(findings: Sequence[Finding]) -> list[str]:
    """The first of them, one a line, and how many more there are."""
    more = len(findings) - NAMED
    named = [str(finding) for finding in findings[:NAMED]]
    return [*named, f"… and {more:,} more: see verify.json of the source in staging"] if more > 0 else named


def _remedy(run: Run, problems: Sequence[Finding], where: str) -> str:
    """What to do about it, with the source, the command and the place."""
    name = run.source.name
    steps = []
    if any(finding.kind in OF_THE_LIST or finding.kind == "counts" for finding in problems):
        steps.append(
            f"To send again what is missing or changed and to delete what is unknown, set `repair: true` in the entry of "
            f"{name} and run `confluence-to-twig sync {name}`, or trigger its DAG."
        )
    if any(finding.kind == "still cited" for finding in problems):
        steps.append("Clear this task after some minutes; if a deleted page stays, delete its document in Twig.")
    steps.append(
        f"If it is meant to be so, trigger a run with 'Acknowledge', or run `confluence-to-twig sync {name} --acknowledge`."
    )
    return f"This is about {where}. {' '.join(steps)}"


def shown(finding: Finding) -> dict[str, Any]:
    """For the report."""
    return {
        "kind": finding.kind,
        "page_id": finding.page_id,
        "text": str(finding),
        "since": finding.since.isoformat() if finding.since else None,
        "run_id": finding.run_id,
        "proven": finding.is_proven,
        "acknowledged": finding.acknowledged,
    }


def loaded_by(run: Run, target: Target) -> Loaded:
    """What the run brought to a target, and took away from it, by its plan."""
    planned = list(iter_rows(run.staging.plan, where=("action", ["fetch", "delete"])))
    changed = {
        row["page_id"]: row["shard"]
        for row in planned
        if row["action"] == "fetch" and (row.get("target") or EVERYBODY) == target.key
    }
    gone = [row for row in planned if row["action"] == "delete" or target.key in (row.get("leaves") or ())]
    there = set(files_in(run.staging.chunks(0).parent))
    present = [shard for shard in sorted(set(changed.values())) if run.staging.chunks(shard).name in there]
    return Loaded(
        changed=list(changed),
        deleted=[_deletion(row) for row in gone],
        documents=[run.staging.documents(shard) for shard in present],
        chunks=[run.staging.chunks(shard) for shard in present],
    )


def _deletion(row: Mapping[str, Any]) -> Deletion:
    return Deletion(row["page_id"], row["title"], row["url"], row["manifest_version"] or 0, row["reason"])
