"""The Twig data source of a run's source, and the state of the manifest that belongs to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.tasks.hold import brake_of
from confluence_to_twig.twig.client import RouteNotOffered
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.drift import audit, repair
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.rebuild import rebuild_if_lost

if TYPE_CHECKING:
    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource

log = logging.getLogger(__name__)


def data_source_of(run: Run, client: TwigClient) -> DataSource:
    """Find the data source, or create it. The manifest belongs to it, so ask before the manifest is read."""
    return find_or_create(
        client,
        run.source.data_source_name,
        staging=run.source_staging,
        description=f"Confluence {run.source.space_label}",
    )


def settle_manifest(run: Run, record: Record) -> None:
    """Make the manifest fit to plan with: tied to its target, rebuilt if it was lost, mended if the source asks for that."""
    manifest = ManifestStore(run.source_staging)
    if run.params.dry_run:
        return
    if run.source.delivery == "files":
        from confluence_to_twig.tasks.file_target import bind_target, mend_target

        bind_target(run)
        if run.source.repair:
            mend_target(run, record)
        return
    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client):
        data_source = data_source_of(run, client)
        if rebuilt := rebuild_if_lost(client, data_source, manifest, run.run_id):
            record.warn(f"The manifest was lost; it was rebuilt from the {rebuilt.documents:,} documents in Twig")
        if run.source.repair:
            _mend(run, client, data_source, manifest, record)


def _mend(run: Run, client: TwigClient, data_source: DataSource, manifest: ManifestStore, record: Record) -> None:
    try:
        drift = audit(client, data_source, manifest)
    except RouteNotOffered:
        record.warn("repair is on, but this Twig cannot list documents: only counts and searches are compared")
        return
    log.info("Audit: %s", drift)
    if drift.found:
        record.warn(f"Twig differed from the manifest and was repaired: {drift}")
        deletions = DeletionLog(run.source_staging)
        repaired = repair(client, data_source, manifest, deletions, drift, run.run_id, brake_of(run.source))
        if repaired.kept:
            record.warn(
                f"{repaired.kept:,} documents in Twig are unknown to the manifest and stay, since they are so many. If "
                f"the manifest is to blame, run `confluence-to-twig rebuild-manifest {run.source.name}`; else delete "
                "them in Twig."
            )
