"""Prune: delete from Twig what the plan says, with a brake against mistakes, and leave a record of every deletion."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from include.twig.delta import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import pyarrow as pa

    from include.staging.journal import Row
    from include.staging.manifest import ManifestStore
    from include.staging.manifest_view import ManifestView
    from include.twig.client import TwigClient
    from include.twig.deletions import DeletionLog
    from include.twig.models import DataSource

log = logging.getLogger(__name__)

BRAKE_PAGES, BRAKE_SHARE = 20, 0.2
_IDS_A_REQUEST = 5_000


@dataclass(frozen=True)
class Deletion:
    """A page that is to go, with the version that Twig holds."""

    page_id: str
    title: str
    url: str
    version: int
    reason: str


@dataclass(frozen=True)
class PrunePlan:
    """What a run would delete.

    :param held: pages in the manifest. :param brake: True: so many that a human has to approve it.
    :param spared: pages of the plan that another run loaded again since: page id → why they stay.
    """

    deletions: tuple[Deletion, ...]
    held: int
    brake: bool
    spared: dict[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The part of the manifest that would go, 0 to 1."""
        return len(self.deletions) / self.held if self.held else 0.0

    def __str__(self) -> str:
        return f"{len(self.deletions):,} of {self.held:,} pages ({self.share:.0%})"


@dataclass
class PruneReport:
    """What was deleted. :param kept_newer: pages that Twig holds in a newer version than the one to delete."""

    deleted: int = 0
    kept_newer: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    writes: int = 0
    seconds_waited: float = 0.0
    approved_by: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For XCom and the report."""
        return asdict(self)


def plan_prune(
    plan: pa.Table,
    view: ManifestView,
    run_id: str,
    *,
    planned_at: datetime | None = None,
    planned_seq: int | None = None,
    brake_pages: int = BRAKE_PAGES,
    brake_share: float = BRAKE_SHARE,
) -> PrunePlan:
    """What the plan's ``delete`` rows come to now.

    :param plan: :data:`include.staging.schemas.PLAN`. :param view: the manifest now.
    :param planned_seq: ``seq`` of the manifest that the plan was made with; a page that another run loaded later is
        spared, because that run knew more. :param planned_at: the same by the clock, where the number is not known.
    """
    rows = plan.select(["page_id", "action", "reason"]).to_pylist()
    wanted = {row["page_id"]: row["reason"] for row in rows if row["action"] == "delete"}
    known = {page_id: row for page_id in wanted if (row := view.row(page_id))}
    spared = {
        page_id: "loaded again by another run since the plan was made"
        for page_id, row in known.items()
        if (planned_seq is not None and view.loaded_since(page_id, planned_seq, run_id))
        or (planned_seq is None and planned_at and row["run_id"] != run_id and row["loaded_at"] > planned_at)
    }
    deletions = tuple(
        Deletion(page_id, row["title"], row["url"], row["version"], wanted[page_id])
        for page_id, row in sorted(known.items())
        if page_id not in spared
    )
    held = len(view.page_ids())
    brake = len(deletions) >= brake_pages and len(deletions) >= brake_share * held
    return PrunePlan(deletions, held, brake, spared)


def prune(
    client: TwigClient,
    data_source: DataSource,
    deletions: Sequence[Deletion],
    manifest: ManifestStore,
    audit: DeletionLog,
    run_id: str,
    approved_by: str | None = None,
    *,
    known_only: bool = True,
) -> PruneReport:
    """Delete pages from Twig. Can be repeated: what is gone from the manifest is passed over.

    :param approved_by: who approved it, when the brake asked for that.
    :param known_only: False also deletes documents that the manifest does not know.
    :raises TransientError: :raises PermanentError: what was acknowledged before is in manifest and audit.
    """
    before = client.figures
    report = PruneReport(approved_by=approved_by)
    for start in range(0, len(deletions), _IDS_A_REQUEST):
        part = deletions[start : start + _IDS_A_REQUEST]
        view = manifest.view()
        present = [deletion for deletion in part if not known_only or view.row(deletion.page_id)]
        if present:
            _delete(client, data_source, present, (manifest, view), audit, run_id, report)
    if deletions:
        audit.merge()
        manifest.compact()
    report.writes = client.figures.writes - before.writes
    report.seconds_waited = round(client.figures.seconds_waited - before.seconds_waited, 3)
    return report


def _delete(
    client: TwigClient,
    data_source: DataSource,
    deletions: Iterable[Deletion],
    manifest_and_view: tuple[ManifestStore, ManifestView],
    audit: DeletionLog,
    run_id: str,
    report: PruneReport,
) -> None:
    manifest, view = manifest_and_view
    present = {deletion.page_id: deletion for deletion in deletions}
    # With the version: a newer one that another run brings at this moment must stay.
    named = [{"id": deletion.page_id, "version": deletion.version} for deletion in present.values()]
    body = to_json({"upserts": [], "deletes": named})
    digest = hashlib.sha256(f"{data_source.id}\n{body}".encode()).hexdigest()
    client.await_write()
    operation = manifest.begin(view, run_id=run_id, deletes=present.keys(), digest=digest)
    outcome = client.write_documents(data_source.id, body, operation.token)
    gone = [present[page_id] for page_id in sorted(outcome.deleted & present.keys())]
    # Before the manifest forgets the pages: a crash in between deletes and records them once more.
    audit.append(operation.token, (_audit_row(deletion, run_id, report.approved_by) for deletion in gone))
    manifest.end(
        operation, done=[deletion.page_id for deletion in gone], refused={entry.id for entry in outcome.refused}
    )
    report.deleted += len(gone)
    for refusal in outcome.refused:
        if refusal.code == "stale_version":
            report.kept_newer.append(refusal.id)
        else:
            message = client.safe(refusal.message)
            log.error("Twig refused to delete page %s (%s): %s", refusal.id, refusal.code, message)
            report.refused.append({"page_id": refusal.id, "code": refusal.code, "message": message})


def _audit_row(deletion: Deletion, run_id: str, approved_by: str | None) -> Row:
    return asdict(deletion) | {"run_id": run_id, "approved_by": approved_by}
