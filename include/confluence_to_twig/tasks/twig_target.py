"""The Twig data source of a run's source, and the state of the manifest that belongs to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.tasks.hold import brake_of
from confluence_to_twig.tasks.targets import Target, targets_of
from confluence_to_twig.twig.client import RouteNotOffered
from confluence_to_twig.twig.data_source import find_or_create
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.drift import audit, repair
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.rebuild import rebuild_if_lost

if TYPE_CHECKING:
    from collections.abc import Collection

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource

log = logging.getLogger(__name__)


def data_source_of(target: Target, client: TwigClient) -> DataSource:
    """Find the data source, or create it. The manifest belongs to it, so ask before the manifest is read."""
    return find_or_create(client, target.name, staging=target.staging, description=target.description)


def settle_manifests(run: Run, record: Record, only: Collection[str] | None = None) -> None:
    """Make the manifests fit to plan with: tied to their targets, rebuilt if lost, mended if the source asks for that.

    :param only: the audiences whose targets are meant; None: all.
    """
    targets = [target for target in targets_of(run) if only is None or target.key in only]
    if run.params.dry_run or not targets:
        return
    if run.source.delivery == "files":
        from confluence_to_twig.tasks.file_target import bind_target, mend_target

        for target in targets:
            bind_target(run, target)
            if run.source.repair:
                mend_target(run, target, record)
        return
    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client):
        for target in targets:
            data_source, manifest = data_source_of(target, client), target.manifest
            if rebuilt := rebuild_if_lost(client, data_source, manifest, run.run_id):
                said = f"The manifest was lost; it was rebuilt from the {rebuilt.documents:,} documents in Twig"
                record.warn(target.told(said))
            if run.source.repair:
                _mend(run, client, data_source, target, record)


def _mend(run: Run, client: TwigClient, data_source: DataSource, target: Target, record: Record) -> None:
    manifest = target.manifest
    try:
        drift = audit(client, data_source, manifest)
    except RouteNotOffered:
        record.warn("repair is on, but this Twig cannot list documents: only counts and searches are compared")
        return
    log.info("Audit: %s", drift)
    if drift.found:
        record.warn(target.told(f"Twig differed from the manifest and was repaired: {drift}"))
        deletions = DeletionLog(run.source_staging)
        repaired = repair(client, data_source, manifest, deletions, drift, run.run_id, brake_of(run.source))
        if repaired.kept:
            record.warn(
                f"{repaired.kept:,} documents in Twig are unknown to the manifest and stay, since they are so many. If "
                f"the manifest is to blame, run `confluence-to-twig rebuild-manifest {run.source.name}`; else delete "
                "them in Twig."
            )
