"""Delivery ``files``: the documents as files of their own, in bundles or in ZIP volumes, in any folder that Twig pulls from.

Below the target, ``documents/`` is the folder that Twig reads; ``changes/<run>.json`` lists what a run added, replaced
and removed there. The manifest is the same as for delivery ``api``: written to its journal before the files change, and
again afterwards, so that a delivery that was killed continues and does nothing twice.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.binding import Binding, read_binding, write_binding
from confluence_to_twig.staging.files import read_bytes, remove, write_bytes
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import QUARANTINE
from confluence_to_twig.twig.delta import Decision, Package, decide
from confluence_to_twig.twig.file_delivery_report import NAMES, FilesReport
from confluence_to_twig.twig.file_format import MAX_FILE_BYTES
from confluence_to_twig.twig.file_places import SHAPES, Loose, Zipped, titled
from confluence_to_twig.twig.file_sums import FileSums, load_of
from confluence_to_twig.twig.refused import quarantine_rows, refused_entry
from confluence_to_twig.twig.shards import packages

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import LoadedRow
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.file_places import Batch, Place, Shape
    from confluence_to_twig.twig.pruner import Deletion


def bind(staging: SourceStaging, target: ObjectStoragePath, shape: Shape) -> bool:
    """Bind the manifest to this folder and shape. Call it before the manifest is read.

    A source that changes its delivery, its folder or its shape starts empty there. A folder that it leaves stays unchanged.

    :returns: whether anything changed.
    """
    binding = Binding(f"files:{shape.name}:{target}", staging.source, shape.name, str(target))
    if read_binding(staging) == binding:
        return False
    write_binding(staging, binding)
    return True


def bound_shape(staging: SourceStaging, target: ObjectStoragePath) -> Shape | None:
    """The shape of the files that a source has in this folder; None: it has none there."""
    binding = read_binding(staging)
    if binding is None or binding.base_url != str(target) or not binding.data_source_id.startswith("files:"):
        return None
    return SHAPES.get(binding.type)


class FileDelivery:
    """The files of one source.

    :param target: the folder or bucket prefix. :param limit: how many files there may be; None: any number.
    """

    def __init__(
        self, target: ObjectStoragePath, shape: Shape, manifest: ManifestStore, run_id: str, limit: int | None = None
    ) -> None:
        self.documents = target / "documents"
        self.changes = target / "changes" / f"{folder_name(run_id)}.json"
        self.shape = shape
        self.manifest = manifest
        self.run_id = run_id
        self.place = _place(self.documents, shape, manifest.staging, limit)

    def deliver(
        self,
        documents: Sequence[ObjectStoragePath],
        chunks: Sequence[ObjectStoragePath],
        quarantine_path: ObjectStoragePath | None = None,
        *,
        hold: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> FilesReport:
        """Write the pages of a run's shards that differ from the manifest. Can be repeated at any time.

        :raises PermanentError: there would be more files than the plan of Twig takes; nothing is written then.
        :raises PermanentError: the text of pages that share a bundle with others was lost; the next run fetches them.
        :param hold: pages that are not written. :param only: when given, no other pages are written.
        """
        report = FilesReport()
        view, noted = self.manifest.view(), []
        with tempfile.TemporaryDirectory() as folder:
            spool = _Spool(Path(folder), self.place)
            for package in packages(documents, chunks, only):
                if package.page_id in hold:
                    continue
                decision = self._decide(package, view)
                if decision.verdict == "send":
                    spool.put(package, report)
                else:
                    report.pass_by(decision)
                    noted += [package.manifest_row()] if decision.verdict == "noted" else []
            self._write(spool, report)
        if noted:
            self.manifest.note(self.manifest.view(), noted, self.run_id)
        if report.refused and quarantine_path is not None:
            write_rows(quarantine_path, QUARANTINE, quarantine_rows(report.refused))
        self._finish(report)
        return report

    def remove(self, deletions: Sequence[Deletion], audit: DeletionLog, approved_by: str | None = None) -> FilesReport:
        """Remove the files of pages, and record each. Pages that the manifest does not know are skipped."""
        report = FilesReport()
        view = self.manifest.view()
        present = {deletion.page_id: deletion for deletion in deletions if view.row(deletion.page_id)}
        if not present:
            return report
        view = self._alone(present, view)
        operation = self.manifest.begin(view, run_id=self.run_id, deletes=present.keys())
        for batch in self.place.batches(view, {}, present):
            self.place.replace({}, batch, view, report)
        audit.append(
            operation.token,
            (asdict(entry) | {"run_id": self.run_id, "approved_by": approved_by} for entry in present.values()),
        )
        self.manifest.end(operation, done=present)
        report.pages = len(present)
        audit.merge()
        self._finish(report)
        return report

    def check(self) -> tuple[dict[str, str], list[str]]:
        """Compare the files with the manifest.

        :returns: page id → title of pages that have no file, and names of files that belong to no page.
        """
        view = self.manifest.view()
        expected, titles = self.place.expected(view), titled(view)
        found = set(self.place.names())
        missing = {page_id: titles[page_id]["title"] for page_id, name in expected.items() if name not in found}
        return missing, sorted(found - {*expected.values()})

    def altered(self) -> list[str]:
        """The names of files that are not what was written: somebody changed them."""
        return self._sums().altered(self._loads())

    def _sums(self) -> FileSums:
        return FileSums(self.documents, self.manifest.staging.home / "files.json")

    def _loads(self) -> dict[str, str]:
        """Name of a file → what names the load of its pages."""
        view = self.manifest.view()
        loads: dict[str, list[tuple[str, object]]] = defaultdict(list)
        loaded_at = {row["page_id"]: row["loaded_at"] for row in _times(view)}
        for page_id, name in self.place.lying_in(view).items():
            loads[name].append((page_id, loaded_at[page_id]))
        return {name: load_of(pages) for name, pages in loads.items()}

    def mend(self, altered: Collection[str] = ()) -> tuple[dict[str, str], list[str]]:
        """Remove the surplus files that :meth:`check` finds, and mark the missing pages so that the next plan fetches them.

        Call it before the manifest is read for planning. Returns what :meth:`check` found.

        :param altered: files whose pages are fetched again as well.
        """
        missing, surplus = self.check()
        view = self.manifest.view()
        owners = {name: self.place.owners(name, view) for name in {*surplus, *altered}}
        # When the page is written again, its second file is removed.
        self._doubt({*missing}.union(*owners.values()), view)
        self.place.discard([name for name in surplus if not owners[name]])
        return missing, surplus

    def remove_leftovers(self) -> FilesReport:
        """Remove the files of the layouts that the source had here before. Call it when all of the source is delivered."""
        report = FilesReport()
        for name in self.place.leftovers():
            remove(self.documents / name)
            report.removed.append(name)
        self._record(report)
        return report

    def _decide(self, package: Package, view: ManifestView) -> Decision:
        """As for the API; a page that moves to another tree moves to another bundle, even where no word of it changes."""
        standing = view.standing(package.page_id)
        decision = decide(package, standing)
        moved = standing.row is not None and standing.row["ancestor_ids"] != package.document["ancestor_ids"]
        return (
            Decision("send") if moved and decision.verdict == "noted" and self.shape.layout == "bundles" else decision
        )

    def _write(self, spool: _Spool, report: FilesReport) -> None:
        view = self._alone(spool.rows, self.manifest.view())
        for batch in list(self.place.batches(view, spool.rows)):
            rows = [spool.rows[page_id] for page_id in batch.page_ids]
            view = self.manifest.view()
            operation = self.manifest.begin(view, run_id=self.run_id, rows=rows)
            self.place.replace(spool.of(batch), batch, view, report)
            self.manifest.end(operation, done=operation.rows)
            report.pages += len(rows)
            report.chunks += sum(row["chunk_count"] for row in rows)

    def _doubt(self, page_ids: Collection[str], view: ManifestView) -> None:
        if page_ids:
            self.manifest.doubt(view, [row for page_id in sorted(page_ids) if (row := view.row(page_id))], self.run_id)

    def _finish(self, report: FilesReport) -> None:
        self._record(report)
        if report.sums:
            self._sums().written(report.sums, self._loads())
        self._doubt(report.lost, self.manifest.view())
        self.manifest.compact()
        if report.lost:
            raise PermanentError(
                f"The text of {len(report.lost):,} pages is not in {self.manifest.staging.bundle('…').parent} any more, "
                "which share a file with pages that changed. They are missing from the files now",
                "Run the source again: it fetches them.",
            )

    def _alone(self, page_ids: Collection[str], view: ManifestView) -> ManifestView:
        """End the writes to these pages that died: unlike a request, a process that is gone changes no file any more."""
        for operation in view.under_way(page_ids):
            self.manifest.end(operation)
        return self.manifest.view()

    def _record(self, report: FilesReport) -> None:
        """Write what this run changed, together with what its earlier attempts changed."""
        if not (report.added or report.replaced or report.removed):
            return
        before = _read_json(self.changes)
        lists = {name: sorted({*before.get(name, ()), *getattr(report, name)}) for name in NAMES}
        content = {"run_id": self.run_id, "format": self.shape.name, **lists}
        write_bytes(self.changes, json.dumps(content, indent=2, ensure_ascii=False).encode())


class _Spool:
    """What is to be written, on the local disk until its place is written: memory holds one page."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.folder = folder
        self.place = place
        self.rows: dict[str, LoadedRow] = {}

    def put(self, package: Package, report: FilesReport) -> None:
        content = self.place.spooled(package)
        if len(content) > MAX_FILE_BYTES:
            message = f"{len(content):,} bytes; Twig takes files of at most 50 MB"
            report.refused.append(refused_entry(package.document, "too_large", message))
            return
        self._path(package.page_id).write_bytes(content)
        self.rows[package.page_id] = package.manifest_row()

    def of(self, batch: Batch) -> dict[str, tuple[LoadedRow, Path]]:
        """The pages of a batch with their files."""
        return {page_id: (self.rows[page_id], self._path(page_id)) for page_id in batch.page_ids}

    def _path(self, page_id: str) -> Path:
        return self.folder / folder_name(page_id)


def _times(view: ManifestView) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = view.table().select(["page_id", "loaded_at"]).to_pylist()
    return rows


def _place(documents: ObjectStoragePath, shape: Shape, staging: SourceStaging, limit: int | None) -> Place:
    if shape.layout == "zip":
        return Zipped(documents)
    if shape.layout == "loose":
        return Loose(documents, shape.suffix, limit)
    from confluence_to_twig.twig.bundle_files import Bundles

    return Bundles(documents, staging, shape.suffix, limit)


def _read_json(path: ObjectStoragePath) -> dict[str, Any]:
    try:
        return dict(json.loads(read_bytes(path)))
    except FileNotFoundError:
        return {}
