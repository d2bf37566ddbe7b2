"""Prune: delete from Twig what the plan says, with a brake against mistakes, and leave a record of every deletion."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from confluence_to_twig.planning.decision import UNDISPUTED_REASONS
from confluence_to_twig.staging.rows import ATTACHMENT_KIND
from confluence_to_twig.twig.brake import Brake, Measure
from confluence_to_twig.twig.delta import to_json
from confluence_to_twig.twig.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from confluence_to_twig.staging.audience_manifests import JoinedView
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import ManifestRow
    from confluence_to_twig.twig.brake import Shrunk
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.models import DataSource

log = logging.getLogger(__name__)

_IDS_A_REQUEST = 5_000
#: Columns of the plan that say what is deleted.
PRUNED_COLUMNS = ["page_id", "action", "reason", "manifest_run_id"]


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

    :param at_once: pages that are restricted, or that became too old: they wait for nobody. :param deletions: all others.
    :param shrunk: documents that load holds back, since Twig would lose much of their text.
    :param held: pages in the manifest without ``at_once``.
    :param brake: True: a human has to approve ``deletions`` and ``shrunk``.
    :param spared: pages of the plan that another run loaded again since: page id → why they stay.
    :param text_share: the part of the text in Twig that would go, 0 to 1.
    :param files: those of ``deletions`` that are files with documents of their own.
    """

    deletions: tuple[Deletion, ...]
    held: int
    brake: bool
    at_once: tuple[Deletion, ...] = ()
    shrunk: tuple[Shrunk, ...] = ()
    spared: dict[str, str] = field(default_factory=dict)
    text_share: float = 0.0
    files: int = 0

    @property
    def share(self) -> float:
        """The part of the manifest that would go, 0 to 1."""
        return len(self.deletions) / self.held if self.held else 0.0

    def __str__(self) -> str:
        pages = f"{len(self.deletions):,} of {self.held:,} pages ({self.share:.0%})"
        if self.files:
            counted = f"{len(self.deletions) - self.files:,} pages and {self.files:,} files"
            pages = f"{counted} of {self.held:,} documents ({self.share:.0%})"
        texts = f"much of the text of {len(self.shrunk):,} {'page' if len(self.shrunk) == 1 else 'pages'}"
        return " and ".join(part for part, wanted in ((pages, self.deletions), (texts, self.shrunk)) if wanted) or pages


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
    view: ManifestView | JoinedView,
    run_id: str,
    *,
    brake: Brake | None = None,
    shrunk: Sequence[Shrunk] = (),
) -> PrunePlan:
    """What the plan's ``delete`` rows delete now. A page that another run loaded since then is kept: that run knew
    more.

    :param plan: :data:`confluence_to_twig.staging.schemas.PLAN`, at least :data:`PRUNED_COLUMNS`. :param view: the manifest now. :param run_id: the plan's run.
    :param shrunk: documents that the run has for Twig and that lose text: they are weighed together with the deletions.
    """
    rows = plan.select(PRUNED_COLUMNS).filter(pc.field("action") == "delete").to_pylist()
    wanted = {row["page_id"]: row for row in rows}
    known = {page_id: row for page_id in wanted if (row := view.row(page_id))}
    spared = {
        page_id: "loaded again by another run since the plan was made"
        for page_id, row in known.items()
        if row["run_id"] not in {run_id, wanted[page_id]["manifest_run_id"]}
    }
    rows_by_haste: tuple[list[ManifestRow], list[ManifestRow]] = ([], [])
    for page_id, row in sorted(known.items()):
        if page_id not in spared:
            rows_by_haste[wanted[page_id]["reason"] in UNDISPUTED_REASONS].append(row)
    others, restricted = (
        tuple(_deletion(row, wanted[row["page_id"]]["reason"]) for row in group) for group in rows_by_haste
    )
    manifest = view.table()
    measure = Measure.of(manifest)
    held = measure.table(manifest) - measure.rows(rows_by_haste[True])
    lost = measure.rows(rows_by_haste[False]) + measure.losses(shrunk)
    brake = brake or Brake()
    holds = brake.holds(lost, held) or _holds_for_a_space(brake, measure, manifest, rows_by_haste)
    text_share = min(1.0, lost.text / held.text) if held.text else 0.0
    files = sum(row["kind"] == ATTACHMENT_KIND for row in rows_by_haste[False])
    return PrunePlan(others, held.pages, holds, restricted, tuple(shrunk), spared, text_share, files)


def _holds_for_a_space(
    brake: Brake, measure: Measure, manifest: pa.Table, rows_by_haste: tuple[list[ManifestRow], list[ManifestRow]]
) -> bool:
    """Whether one of several spaces would lose so much that a human must approve, though it is little of the source."""
    spaces = {row["space_id"] for row in rows_by_haste[False]}
    if pc.count_distinct(manifest["space_id"], mode="only_valid").as_py() < 2:
        return False
    for space_id in spaces:
        if space_id is None:  # pages that early releases loaded
            continue
        at_once, lost = ([row for row in rows if row["space_id"] == space_id] for rows in reversed(rows_by_haste))
        held = measure.table(manifest.filter(pc.equal(manifest["space_id"], space_id))) - measure.rows(at_once)
        if brake.holds(measure.rows(lost), held):
            return True
    return False


def _deletion(row: ManifestRow, reason: str) -> Deletion:
    return Deletion(row["page_id"], row["title"], row["url"], row["version"], reason)


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
    """Delete pages from Twig. Can be repeated: pages that are gone from the manifest are skipped.

    :param approved_by: who approved it, when the brake asked for that.
    :param known_only: False also deletes documents that the manifest does not know.
    :raises TransientError: :raises PermanentError: what was acknowledged before is in manifest and audit.
    """
    before = client.figures
    report = PruneReport(approved_by=approved_by)
    writer = Writer(client, data_source, manifest, run_id)
    for start in range(0, len(deletions), _IDS_A_REQUEST):
        _delete(writer, deletions[start : start + _IDS_A_REQUEST], audit, report, known_only)
    if deletions:
        audit.merge()
        manifest.compact()
    report.writes = client.figures.writes - before.writes
    report.seconds_waited = round(client.figures.seconds_waited - before.seconds_waited, 3)
    return report


def _delete(
    writer: Writer, deletions: Sequence[Deletion], audit: DeletionLog, report: PruneReport, known_only: bool
) -> None:
    written = None
    while written is None:
        view = writer.view()
        present = {entry.page_id: entry for entry in deletions if not known_only or view.row(entry.page_id)}
        if not present:
            return
        # With the version: a newer one that another run brings at this moment must stay.
        named = [{"id": deletion.page_id, "version": deletion.version} for deletion in present.values()]
        written = writer.write(view, to_json({"upserts": [], "deletes": named}), deletes=present.keys())
    operation, outcome = written
    gone = [present[page_id] for page_id in sorted(outcome.deleted & present.keys())]
    # Record before the manifest forgets the pages: a crash in between deletes and records them once more.
    audit.append(operation.token, (_audit_row(deletion, writer.run_id, report.approved_by) for deletion in gone))
    refused = {entry.id for entry in outcome.refused}
    writer.manifest.end(operation, done=[deletion.page_id for deletion in gone], refused=refused)
    report.deleted += len(gone)
    for refusal in outcome.refused:
        if refusal.code == "stale_version":
            report.kept_newer.append(refusal.id)
        else:
            message = writer.client.safe(refusal.message)
            log.error("Twig refused to delete page %s (%s): %s", refusal.id, refusal.code, message)
            report.refused.append({"page_id": refusal.id, "code": refusal.code, "message": message})


def _audit_row(deletion: Deletion, run_id: str, approved_by: str | None) -> dict[str, Any]:
    return asdict(deletion) | {"run_id": run_id, "approved_by": approved_by}
