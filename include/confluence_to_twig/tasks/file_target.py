"""Delivery ``files``: load, prune and verify write and check a folder that Twig pulls from, instead of calling Twig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluence_to_twig.staging.layout import root_at
from confluence_to_twig.tasks.targets import targets_of
from confluence_to_twig.twig.deletions import DeletionLog
from confluence_to_twig.twig.file_delivery import FileDelivery, bind, bound_shape
from confluence_to_twig.twig.file_places import SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.tasks.targets import Shipment, Target
    from confluence_to_twig.twig.file_places import Shape
    from confluence_to_twig.twig.pruner import Deletion

#: Formats of the first release: Markdown, without a limit for the number of files.
_FORMER = frozenset({"folder", "zip"})
#: Bundles are given up below this share of the files that there may be.
_BACK_FROM_BUNDLES = 0.8


def bind_target(run: Run, target: Target) -> None:
    """Bind the manifest to the folder. Call it before the manifest is read."""
    bind(target.staging, folder_of(run, target), _shape(run, target))


def fit_targets(run: Run, pages: int) -> bool:
    """Choose between a file a page and bundles, for all pages of the source together.

    :returns: whether that changed. Then no folder holds anything of the new layout yet.
    """
    own, *others = targets_of(run)
    shape = chosen_shape(run.source, _bound(run, own), pages)
    changed = [bind(target.staging, folder_of(run, target), shape) for target in (own, *others)]
    return any(changed)


def chosen_shape(source: Source, bound: Shape | None, pages: int) -> Shape:
    """The shape for a source with so many pages. Pure.

    Bundles stay until the pages are clearly fewer than the files: each change of the layout writes everything anew.

    :param bound: what it has in its folder now.
    """
    if source.files_format is None and bound is not None and bound.name in _FORMER:
        return bound  # as it was before there was a choice
    if source.files_format in _FORMER:
        return SHAPES[source.files_format]
    suffix = source.files_format or "docx"
    is_bundled = bound is not None and bound.name == f"{suffix}-bundles"
    room = source.files_limit * _BACK_FROM_BUNDLES if is_bundled else source.files_limit
    return SHAPES[f"{suffix}-bundles" if pages > room else suffix]


def _shape(run: Run, target: Target) -> Shape:
    """As it is, if the settings allow that. What depends on the number of pages is for :func:`fit_targets`."""
    bound = _bound(run, target)
    if bound and bound.name not in _FORMER and bound.suffix == (run.source.files_format or "docx"):
        return bound
    return chosen_shape(run.source, bound, 0)


def _bound(run: Run, target: Target) -> Shape | None:
    """The layout of the files that are there. A folder that has none yet begins with that of the source's own."""
    bound = bound_shape(target.staging, folder_of(run, target))
    if bound is None and target.key:
        [own, *_] = targets_of(run)
        return _bound(run, own)
    return bound


def folder_of(run: Run, target: Target) -> ObjectStoragePath:
    """``<files_path>/<source>``; beside it, never in it, ``<files_path>/<source>--<audience>``."""
    return root_at(str(run.source.files_path)) / target.folder


def mend_target(run: Run, target: Target, record: Record) -> None:
    """Remove files that belong to no page, and let the plan fetch the pages whose file is missing."""
    delivery = _delivery(run, target)
    if not delivery.manifest.view().exists:
        return  # nothing is known yet: what is there is replaced file by file
    altered = delivery.altered()
    missing, surplus = delivery.mend(altered)
    if missing or surplus or altered:
        record.warn(
            f"{folder_of(run, target)} was repaired: {len(missing):,} files were missing, {len(altered):,} were not what was written, "
            f"{len(surplus):,} belonged to no page"
        )


def load_files(run: Run, target: Target, shipment: Shipment, record: Record) -> dict[str, Any]:
    """Write the documents that differ. Returns the same counters as a load into Twig."""
    delivery = _delivery(run, target)
    report = delivery.deliver(
        shipment.documents, shipment.chunks, shipment.quarantine, hold=shipment.hold, only=shipment.only
    )
    if shipment.is_whole and not (run.params.page_ids or shipment.hold) and run.facts.run_type != "backfill":
        report.removed += delivery.remove_leftovers().removed
    figures = report.as_dict()
    refused = figures.pop("refused")
    record.count(**{f"files_{name}": figures.pop(name) for name in ("added", "replaced", "removed")})
    record.count(changed=figures.pop("pages"), chunks_sent=figures.pop("chunks"), **figures)
    for entry in refused:
        record.warn(f"{entry['title']} ({entry['url']}) cannot be written as a file: {entry['message']}")
    return {"changed": report.pages, "chunks_sent": report.chunks, "refused": len(refused)}


def prune_files(
    run: Run, target: Target, deletions: Sequence[Deletion], record: Record, approved_by: str | None
) -> int:
    """Remove the files of the deleted pages."""
    report = _delivery(run, target).remove(deletions, DeletionLog(run.source_staging), approved_by)
    record.count(removed=report.pages, files_removed=len(report.removed))
    return report.pages


def check_files(run: Run, target: Target) -> list[str]:
    """What is wrong with the folder: missing files by page title, files that others changed, files that belong to no page."""
    delivery, folder = _delivery(run, target), folder_of(run, target)
    missing, unknown = delivery.check()
    named = [f"{title} ({page_id}): its file is missing from {folder}" for page_id, title in missing.items()]
    named += [f"{name} in {folder} is not what was written: somebody changed it" for name in delivery.altered()]
    named += [f"{name} in {folder} belongs to no page of this source" for name in unknown]
    if not named:
        return []
    name = run.source.name
    return [
        *named,
        f"To write missing and changed files again and to remove the others, set `repair: true` in the entry of {name} and run "
        f"`confluence-to-twig sync {name}`, or trigger its DAG.",
    ]


def file_names(run: Run, target: Target) -> dict[str, str]:
    """Page id → the name of its file, of all pages that were delivered."""
    delivery = _delivery(run, target)
    return delivery.place.expected(delivery.manifest.view())


def _delivery(run: Run, target: Target) -> FileDelivery:
    shape = _shape(run, target)
    limit = None if shape.name in _FORMER else run.source.files_limit
    return FileDelivery(folder_of(run, target), shape, target.manifest, run.run_id, limit)
