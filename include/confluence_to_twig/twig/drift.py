"""Drift: the differences between Twig and the manifest that others caused, and how to repair them."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from confluence_to_twig.twig.brake import Amount, Brake
from confluence_to_twig.twig.delta import twig_hash
from confluence_to_twig.twig.pruner import Deletion, prune

if TYPE_CHECKING:
    from confluence_to_twig.staging.journal import Standing
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.models import DataSource, HeldDocument

log = logging.getLogger(__name__)

_SHOWN = 50
FOREIGN_REASON = "in Twig, but not loaded by this source"


@dataclass(frozen=True)
class Drift:
    """What the audit found.

    :param missing: page id → title: in the manifest, not in Twig. :param changed: likewise: Twig holds another content.
    :param foreign: documents of the data source that the manifest does not know.
    :param in_doubt: pages of which the manifest itself does not know what Twig holds; the next run sends them.
    :param listed: documents that Twig listed.
    """

    missing: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    foreign: tuple[Deletion, ...] = ()
    in_doubt: int = 0
    listed: int = 0

    @property
    def found(self) -> bool:
        """Whether anything differs."""
        return bool(self.missing or self.changed or self.foreign)

    def __str__(self) -> str:
        if not self.found:
            return "Twig holds exactly what the manifest says"
        groups = (("missing in Twig", self.missing), ("changed in Twig", self.changed), ("unknown here", self._unknown))
        return "; ".join(f"{len(pages):,} {what}: {_named(pages)}" for what, pages in groups if pages)

    @property
    def _unknown(self) -> dict[str, str]:
        return {entry.page_id: entry.title for entry in self.foreign}

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self) | {"found": self.found}


def audit(client: TwigClient, data_source: DataSource, manifest: ManifestStore) -> Drift:
    """Compare Twig's listing of the data source with the manifest, document by document.

    A page that a run loads at the same moment is not counted: its row differs before and after the listing.

    :raises RouteNotOffered: this Twig cannot list; then only counts and searches can be compared.
    """
    before = manifest.view(data_source.id)
    listed = {document.id: document for document in client.list_documents(data_source.id)}
    after = manifest.view(data_source.id)
    missing, changed, foreign, doubtful = {}, {}, [], 0
    for page_id in {*before.document_ids(), *after.document_ids(), *listed}:
        known, held = after.standing(page_id), listed.get(page_id)
        if known.in_doubt:
            doubtful += 1
        elif known != before.standing(page_id):
            continue
        elif known.row is None:
            foreign += [_foreign(held)] if held else []
        elif held is None:
            missing[page_id] = known.row["title"]
        elif not _as_loaded(held, known):
            changed[page_id] = known.row["title"]
    return Drift(missing, changed, tuple(sorted(foreign, key=lambda entry: entry.page_id)), doubtful, len(listed))


@dataclass(frozen=True)
class Repaired:
    """What :func:`repair` did.

    :param sent_again: pages that the next plan fetches. :param deleted: unknown documents that were deleted.
    :param kept: unknown documents that stay, because so many of them mean that the manifest is wrong, not Twig.
    """

    sent_again: int
    deleted: int
    kept: int = 0


def repair(
    client: TwigClient,
    data_source: DataSource,
    manifest: ManifestStore,
    deletions: DeletionLog,
    drift: Drift,
    run_id: str,
    brake: Brake | None = None,
) -> Repaired:
    """Mend what :func:`audit` found: unknown documents are deleted, the others are marked so that the next plan fetches them.

    Call it before the manifest is read for planning. The same run then sends the pages again. The brake applies here,
    too: that many unknown documents, or more than half of all, are kept.
    """
    view = manifest.view(data_source.id)
    rows = [row for page_id in drift.missing | drift.changed if (row := view.row(page_id))]
    if rows:
        manifest.doubt(view, rows, run_id)
    unknown = len(drift.foreign)
    if unknown and (brake or Brake()).holds(Amount(unknown, unknown), Amount(drift.listed, drift.listed)):
        log.warning(
            "%d of %d documents in Twig are unknown to the manifest and stay: "
            "run `confluence-to-twig rebuild-manifest` if the manifest is wrong, or delete them in Twig",
            unknown,
            drift.listed,
        )
        return Repaired(len(rows), 0, unknown)
    if unknown:
        prune(client, data_source, drift.foreign, manifest, deletions, run_id, known_only=False)
    log.info("Repaired: %d pages will be sent again, %d unknown documents deleted", len(rows), unknown)
    return Repaired(len(rows), unknown)


def _foreign(held: HeldDocument) -> Deletion:
    return Deletion(held.id, held.title, held.url, held.version, FOREIGN_REASON)


def _as_loaded(held: HeldDocument, known: Standing) -> bool:
    row = known.row
    if row is None:
        return False
    if held.content_hash and held.content_hash != twig_hash(row):
        return False
    if held.chunk_hashes:
        return bool([*held.chunk_ids, *held.chunk_hashes] == row["chunk_ids"] + row["chunk_hashes"])
    return bool(held.chunk_count == row["chunk_count"])


def _named(pages: dict[str, str]) -> str:
    shown = [f"{title!r} ({page_id})" for page_id, title in list(pages.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(pages) - _SHOWN:,} more" if len(pages) > _SHOWN else "")
