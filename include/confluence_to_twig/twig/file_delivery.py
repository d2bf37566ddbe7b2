"""Delivery ``files``: the documents as Markdown files, loose or in ZIP volumes, in any folder that Twig pulls from.

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
from typing import TYPE_CHECKING, Any, Literal

from confluence_to_twig.staging.binding import Binding, read_binding, write_binding
from confluence_to_twig.staging.files import files_in, read_bytes, remove, write_bytes
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import QUARANTINE
from confluence_to_twig.twig.delta import Package, decide
from confluence_to_twig.twig.file_delivery_report import NAMES, FilesReport
from confluence_to_twig.twig.file_format import MAX_FILE_BYTES, file_name, page_id_of, render
from confluence_to_twig.twig.refused import quarantine_rows, refused_entry
from confluence_to_twig.twig.shards import packages
from confluence_to_twig.twig.volumes import Volumes, volume_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import LoadedRow
    from confluence_to_twig.twig.deletions import DeletionLog
    from confluence_to_twig.twig.pruner import Deletion

Format = Literal["folder", "zip"]
_PAGES_AT_ONCE = 200


def bind(staging: SourceStaging, target: ObjectStoragePath, kind: Format) -> None:
    """Bind the manifest to this folder and format. Call it before the manifest is read.

    A source that changes its delivery, its folder or its format starts empty there. The old place stays unchanged.
    """
    binding = Binding(f"files:{kind}:{target}", staging.source, kind, str(target))
    if read_binding(staging) != binding:
        write_binding(staging, binding)


class FileDelivery:
    """The files of one source.

    :param target: the folder or bucket prefix. :param kind: ``folder`` or ``zip``.
    """

    def __init__(self, target: ObjectStoragePath, kind: Format, manifest: ManifestStore, run_id: str) -> None:
        self.documents = target / "documents"
        self.changes = target / "changes" / f"{folder_name(run_id)}.json"
        self.kind = kind
        self.manifest = manifest
        self.run_id = run_id
        self.volumes = Volumes(self.documents)
        self._loose: dict[str, set[str]] | None = None  # page id → its files, listed once

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

        :param hold: pages that are not written. :param only: when given, no other pages are written.
        """
        report = FilesReport()
        view, noted = self.manifest.view(), []
        with tempfile.TemporaryDirectory() as folder:
            spool = _Spool(Path(folder))
            for package in packages(documents, chunks, only):
                if package.page_id in hold:
                    continue
                decision = decide(package, view.standing(package.page_id))
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
        self._record(report)
        self.manifest.compact()
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
        for group in self._groups(present):
            self._replace({}, group, report)
        audit.append(
            operation.token,
            (asdict(entry) | {"run_id": self.run_id, "approved_by": approved_by} for entry in present.values()),
        )
        self.manifest.end(operation, done=present)
        report.pages = len(present)
        self._record(report)
        audit.merge()
        self.manifest.compact()
        return report

    def check(self) -> tuple[dict[str, str], list[str]]:
        """Compare the files with the manifest.

        :returns: page id → title of pages that have no file, and names of files that belong to no page.
        """
        view = self.manifest.view()
        expected = {row["page_id"]: row for row in view.table().select(["page_id", "title"]).to_pylist()}
        found = set(self._names())
        missing = {page_id: row["title"] for page_id, row in expected.items() if file_name(row) not in found}
        surplus = sorted(found - {file_name(row) for row in expected.values()})
        return missing, surplus

    def mend(self) -> tuple[dict[str, str], list[str]]:
        """Remove the surplus files that :meth:`check` finds, and mark the missing pages so that the next plan fetches them.

        Call it before the manifest is read for planning. Returns what :meth:`check` found.
        """
        missing, surplus = self.check()
        view = self.manifest.view()
        by_page = {name: page_id_of(name) or name for name in surplus}
        # When the page is written again, its second file is removed.
        doubtful = {*missing, *(page_id for page_id in by_page.values() if view.row(page_id))}
        if doubtful:
            self.manifest.doubt(view, [row for page_id in sorted(doubtful) if (row := view.row(page_id))], self.run_id)
        for group in self._groups({*by_page.values()} - doubtful):
            self._replace({}, group, FilesReport())
        return missing, surplus

    def _write(self, spool: _Spool, report: FilesReport) -> None:
        for group in self._groups(spool.rows):
            view = self._alone(group, self.manifest.view())
            rows = [spool.rows[page_id] for page_id in group]
            operation = self.manifest.begin(view, run_id=self.run_id, rows=rows)
            self._replace({file_name(row): spool.path(row["page_id"]) for row in rows}, group, report)
            self.manifest.end(operation, done=operation.rows)
            report.pages += len(rows)
            report.chunks += sum(row["chunk_count"] for row in rows)

    def _alone(self, page_ids: Collection[str], view: ManifestView) -> ManifestView:
        """End the writes to these pages that died: unlike a request, a process that is gone changes no file any more."""
        for operation in view.under_way(page_ids):
            self.manifest.end(operation)
        return self.manifest.view()

    def _groups(self, page_ids: Iterable[str]) -> Iterator[list[str]]:
        """Pages that are written together: those of one volume, or some hundred."""
        if self.kind == "folder":
            ordered = sorted(page_ids)
            yield from (ordered[at : at + _PAGES_AT_ONCE] for at in range(0, len(ordered), _PAGES_AT_ONCE))
            return
        existing = self.volumes.existing()
        by_volume: dict[str, list[str]] = {}
        for page_id in sorted(page_ids):
            by_volume.setdefault(volume_of(page_id, existing), []).append(page_id)
        yield from by_volume.values()

    def _replace(self, put: dict[str, Path], page_ids: Collection[str], report: FilesReport) -> None:
        """Make the files of ``put`` the only files of these pages."""
        if self.kind == "folder":
            self._replace_loose(put, set(page_ids), report)
            return
        existing = self.volumes.existing()
        bits = volume_of(next(iter(page_ids)), existing)
        written = self.volumes.rewrite(bits, put, set(page_ids))
        report.bytes += written.bytes
        for name in written.volumes:
            (report.replaced if (bits in existing and name not in report.added) else report.added).append(name)
        report.removed += written.removed

    def _replace_loose(self, put: dict[str, Path], page_ids: set[str], report: FilesReport) -> None:
        if self._loose is None:
            self._loose = defaultdict(set)
            for name in self._names():
                self._loose[page_id_of(name) or name].add(name)
        before = set[str]().union(*(self._loose.pop(page_id, ()) for page_id in page_ids))
        for name, path in put.items():
            content = path.read_bytes()
            write_bytes(self.documents / name, content)
            report.bytes += len(content)
            self._loose[page_id_of(name) or name].add(name)
        report.added += sorted(put.keys() - before)
        report.replaced += sorted(put.keys() & before)
        for name in sorted(before - put.keys()):
            remove(self.documents / name)
            report.removed.append(name)

    def _names(self) -> list[str]:
        """The names of all page files, loose or in volumes."""
        if self.kind == "zip":
            return [name for bits in sorted(self.volumes.existing()) for name in self.volumes.names_in(bits)]
        return [name for name in files_in(self.documents) if page_id_of(name)]

    def _record(self, report: FilesReport) -> None:
        """Write what this run changed, together with what its earlier attempts changed."""
        if not (report.added or report.replaced or report.removed):
            return
        before = _read_json(self.changes)
        lists = {name: sorted({*before.get(name, ()), *getattr(report, name)}) for name in NAMES}
        content = {"run_id": self.run_id, "format": self.kind, **lists}
        write_bytes(self.changes, json.dumps(content, indent=2, ensure_ascii=False).encode())


class _Spool:
    """The rendered pages, on the local disk until their place is written: memory holds one page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, LoadedRow] = {}

    def path(self, page_id: str) -> Path:
        return self.folder / folder_name(page_id)

    def put(self, package: Package, report: FilesReport) -> None:
        content = render(package).encode()
        if len(content) > MAX_FILE_BYTES:
            message = f"{len(content):,} bytes; Twig takes files of at most 50 MB"
            report.refused.append(refused_entry(package.document, "too_large", message))
            return
        self.path(package.page_id).write_bytes(content)
        self.rows[package.page_id] = package.manifest_row()


def _read_json(path: ObjectStoragePath) -> dict[str, Any]:
    try:
        return dict(json.loads(read_bytes(path)))
    except FileNotFoundError:
        return {}
