"""Rebuild: write a lost or damaged manifest again from Twig's listing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.planning.audience import Audience
from confluence_to_twig.staging.binding import binding_path
from confluence_to_twig.staging.files import remove
from confluence_to_twig.staging.journal import IN_DOUBT
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.twig.client import RouteNotOffered

if TYPE_CHECKING:
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.rows import ManifestRow
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.models import DataSource, HeldDocument

log = logging.getLogger(__name__)

START_OVER_REASON = "the data source was removed with all its content"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild found.

    :param documents: rows written. :param incomplete: rows that Twig could not describe in full: the next run sends
        their pages again. :param listed: False when Twig cannot list: the manifest is empty now, and a run with
        ``full`` loads every page again; documents are replaced by id, so there are no duplicates.
    """

    documents: int
    incomplete: int
    listed: bool = True


def rebuild(client: TwigClient, data_source: DataSource, manifest: ManifestStore, run_id: str) -> Rebuilt:
    """Replace the manifest of a source, whatever its state, by what Twig holds."""
    try:
        rows = [row_of(document, run_id, data_source.id) for document in client.list_documents(data_source.id)]
    except RouteNotOffered:
        manifest.rebuild(data_source.id, [])
        return Rebuilt(0, 0, listed=False)
    manifest.rebuild(data_source.id, rows)
    return Rebuilt(len(rows), sum(row["converter_version"] == IN_DOUBT for row in rows))


def rebuild_if_lost(
    client: TwigClient, data_source: DataSource, manifest: ManifestStore, run_id: str
) -> Rebuilt | None:
    """Rebuild when the manifest is gone although Twig holds documents: staging was lost, or the source moved.

    :returns: None when there was nothing to do.
    """
    known = ManifestReader(manifest.staging, ()).view(data_source.id)  # whether it exists is told without its rows
    if known.exists or not _holds_documents(client, data_source):
        return None
    log.warning("There is no manifest, but Twig holds documents of this source; rebuilding the manifest from Twig")
    return rebuild(client, data_source, manifest, run_id)


def start_over(
    client: TwigClient, data_source_id: str, manifest: ManifestStore, audit: DeletionLog, run_id: str, approved_by: str
) -> int:
    """Remove the data source with everything it holds, record that, and forget it. The next run creates and loads a new
    one.

    Can be repeated when it was interrupted. Returns how many pages were removed.
    """
    rows = manifest.read().to_pylist()
    client.delete_data_source(data_source_id)
    removed = [{name: row[name] for name in ("page_id", "title", "url", "version")} for row in rows]
    facts = {"reason": START_OVER_REASON, "run_id": run_id, "approved_by": approved_by}
    audit.append(run_id, [row | facts for row in removed])
    audit.merge()
    remove(binding_path(manifest.staging))
    manifest.discard()
    return len(removed)


def row_of(document: HeldDocument, run_id: str, data_source: str) -> ManifestRow:
    """The manifest row of a document as Twig lists it. If Twig leaves something out, the row is in doubt."""
    metadata = document.metadata
    complete = len(document.chunk_ids) == len(document.chunk_hashes) == document.chunk_count and document.content_hash
    return {
        "document_id": document.id,
        "page_id": document.id,
        "space_id": str(space_id) if (space_id := metadata.get("spaceId")) else None,
        "audience": _audience(metadata.get("allowed")),
        "kind": str(metadata.get("kind") or "page"),
        "version": max(document.version, 1),
        "title": document.title,
        "url": document.url,
        "ancestor_ids": _strings(metadata.get("ancestorIds")),
        "ancestors": _strings(metadata.get("ancestors")),
        "labels": _strings(metadata.get("labels")),
        "includes": _strings(metadata.get("includes")),
        "content_hash": document.content_hash.partition(".")[0],
        "converter_version": str(metadata.get("converterVersion") or IN_DOUBT) if complete else IN_DOUBT,
        "chunk_ids": list(document.chunk_ids) if complete else [],
        "chunk_hashes": list(document.chunk_hashes) if complete else [],
        "chunk_count": document.chunk_count or 0,
        "text_bytes": text_bytes if isinstance(text_bytes := metadata.get("textBytes"), int) else None,
        "modified_at": _moment(metadata.get("modifiedAt")),
        "data_source": data_source,
        "loaded_at": datetime.now(UTC),
        "run_id": run_id,
    }


def _holds_documents(client: TwigClient, data_source: DataSource) -> bool:
    try:
        return next(client.list_documents(data_source.id), None) is not None
    except RouteNotOffered:
        return False


def _strings(value: Any) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _audience(allowed: Any) -> str | None:
    """The key of the people who may read it; None where Twig was not told, or gives back something else."""
    try:
        return Audience.from_rows(allowed).key
    except (TypeError, KeyError):
        return None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return _EPOCH
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
