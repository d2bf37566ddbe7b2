"""Drift: the differences between Twig and the manifest that others caused, and how to repair them."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from confluence_to_twig.twig.brake import Amount, Brake
from confluence_to_twig.twig.delta import twig_hash
from confluence_to_twig.twig.pruner import Deletion, prune

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from confluence_to_twig.staging.journal import Standing
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
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
    :param twice: likewise: Twig lists more than one document with that id.
    :param foreign: documents of the data source that the manifest does not know.
    :param in_doubt: pages of which the manifest itself does not know what Twig holds; the next run sends them.
    :param listed: documents that Twig listed. :param compared: those of them that the manifest knows for sure.
    :param whole: the listing was read to its end; False: only as far as it took to see the documents asked for.
    :param unsteady: documents that differed in one reading of the listing and not in the other.
    """

    missing: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    twice: dict[str, str] = field(default_factory=dict)
    foreign: tuple[Deletion, ...] = ()
    in_doubt: int = 0
    listed: int = 0
    compared: int = 0
    whole: bool = True
    unsteady: int = 0

    @property
    def found(self) -> bool:
        """Whether anything differs."""
        return bool(self.missing or self.changed or self.twice or self.foreign)

    def __str__(self) -> str:
        if not self.found:
            return "Twig holds exactly what the manifest says"
        groups = (
            ("missing in Twig", self.missing),
            ("changed in Twig", self.changed),
            ("more than once in Twig", self.twice),
            ("unknown here", self._unknown),
        )
        return "; ".join(f"{len(pages):,} {what}: {_named(pages)}" for what, pages in groups if pages)

    @property
    def _unknown(self) -> dict[str, str]:
        return {entry.page_id: entry.title for entry in self.foreign}

    @property
    def _ids(self) -> set[str]:
        return {*self.missing, *self.changed, *self.twice, *self._unknown}

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self) | {"found": self.found}

    def confirmed_by(self, other: Drift) -> Drift:
        """What differs in both readings of the listing."""
        known = {entry.page_id for entry in other.foreign}
        both = replace(
            other,
            missing=_both(self.missing, other.missing),
            changed=_both(self.changed, other.changed),
            twice=_both(self.twice, other.twice),
            foreign=tuple(entry for entry in self.foreign if entry.page_id in known),
        )
        return replace(both, unsteady=len((self._ids | other._ids) - both._ids))


class Listing(Protocol):
    """The one thing that an audit asks of Twig's client."""

    def list_documents(self, data_source_id: str) -> Iterable[HeldDocument]:
        """Every document of the data source."""
        ...


def audit(
    client: Listing,
    data_source: DataSource,
    manifest: ManifestSource,
    only: Collection[str] | None = None,
    before: ManifestView | None = None,
) -> Drift:
    """Compare Twig's listing of the data source with the manifest, document by document.

    A page that a run loads at the same moment is not counted: its row differs before and after the listing. A listing may
    skip a document while others come and go, so what differs is read once more, and counts only if it differs again.

    :param only: stop when these documents were seen; None: read to the end.
    :param before: the manifest as it was read just now; None: it is read.
    :raises RouteNotOffered: this Twig cannot list; then only counts and searches can be compared.
    """
    first = _compare(client, data_source, manifest, only, before)
    return first.confirmed_by(_compare(client, data_source, manifest, only)) if first.found else first


class ManifestSource(Protocol):
    """Where the manifest is read."""

    def view(self, data_source: str | None = None) -> ManifestView:
        """What the data source holds now, as far as is known."""
        ...


@dataclass
class _Listed:
    """What a listing has. Of documents that are as they were loaded only the id stays: a source may have very many.

    :param twice: ids that came more than once. :param others: documents that are not, or not surely, as they were loaded.
    :param whole: it was read to its end.
    """

    ids: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    others: dict[str, HeldDocument] = field(default_factory=dict)
    whole: bool = True

    def add(self, held: HeldDocument, known: Standing) -> None:
        """Take in a document. :param known: what was known of it before the listing."""
        if held.id in self.ids:
            self.twice.add(held.id)
        self.ids.add(held.id)
        if known.in_doubt or not _as_loaded(held, known):
            self.others[held.id] = held


def _compare(
    client: Listing,
    data_source: DataSource,
    manifest: ManifestSource,
    only: Collection[str] | None,
    before: ManifestView | None = None,
) -> Drift:
    before = before or manifest.view(data_source.id)
    waiting = None if only is None else {document_id for document_id in only if before.row(document_id)}
    listed = _Listed(whole=waiting is None or bool(waiting))
    for held in client.list_documents(data_source.id) if listed.whole else ():
        listed.add(held, before.standing(held.id))
        if waiting is not None:
            waiting.discard(held.id)
            if not waiting:
                listed.whole = False
                break
    return _differences(before, manifest.view(data_source.id), listed)


def _differences(before: ManifestView, after: ManifestView, listed: _Listed) -> Drift:
    found: dict[str, dict[str, str]] = {"missing": {}, "changed": {}, "twice": {}}
    foreign, doubtful, moved = list[Deletion](), 0, before.seq != after.seq
    good = set() if moved else listed.ids - listed.others.keys() - listed.twice
    compared = len(good)
    everything = {*before.document_ids(), *after.document_ids(), *listed.ids} if listed.whole else listed.ids
    for page_id in everything - good:
        known, held = after.standing(page_id), listed.others.get(page_id)
        if known.in_doubt or (moved and known != before.standing(page_id)):
            doubtful += known.in_doubt
        elif known.row is None:
            foreign += [_foreign(held)] if held else []
        else:
            compared += 1
            if difference := _difference(page_id, known, listed):
                found[difference][page_id] = known.row["title"]
    return Drift(
        found["missing"],
        found["changed"],
        found["twice"],
        tuple(sorted(foreign, key=lambda entry: entry.page_id)),
        in_doubt=doubtful,
        listed=len(listed.ids),
        compared=compared,
        whole=listed.whole,
    )


def _difference(page_id: str, known: Standing, listed: _Listed) -> str | None:
    """Between a document that the manifest is certain of and what Twig lists: a field of :class:`Drift`, if any."""
    if page_id not in listed.ids:
        return "missing"
    if page_id in listed.twice:
        return "twice"
    held = listed.others.get(page_id)
    return "changed" if held and not _as_loaded(held, known) else None


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
    rows = [row for page_id in drift.missing | drift.changed | drift.twice if (row := view.row(page_id))]
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
    # A version that was raised without a change is not sent, so Twig may be behind and never ahead.
    return held.version <= row["version"] and held.chunk_count in {None, row["chunk_count"]}


def _both(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {page_id: title for page_id, title in one.items() if page_id in other}


def _named(pages: dict[str, str]) -> str:
    shown = [f"{title!r} ({page_id})" for page_id, title in list(pages.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(pages) - _SHOWN:,} more" if len(pages) > _SHOWN else "")
