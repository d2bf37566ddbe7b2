"""How pages lie in the folder for Twig: a file a page, or ZIP volumes. :mod:`.bundle_files` has the third way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import files_in, remove, write_bytes
from confluence_to_twig.twig.file_format import file_name, page_id_of, render
from confluence_to_twig.twig.file_page import FilePage
from confluence_to_twig.twig.volumes import Volumes, bits_of_volume, volume_name, volume_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import LoadedRow
    from confluence_to_twig.twig.bundles import Bundle
    from confluence_to_twig.twig.delta import Package
    from confluence_to_twig.twig.file_delivery_report import FilesReport
    from confluence_to_twig.twig.file_format import Suffix

Layout = Literal["loose", "bundles", "zip"]
_PAGES_AT_ONCE = 200


@dataclass(frozen=True)
class Shape:
    """Format and layout of the files of a source.

    :param name: as the manifest's binding has it.
    """

    name: str
    suffix: Suffix
    layout: Layout


#: ``folder`` and ``zip`` are what the first release wrote.
SHAPES = {
    shape.name: shape
    for shape in (
        Shape("docx", "docx", "loose"),
        Shape("docx-bundles", "docx", "bundles"),
        Shape("txt", "txt", "loose"),
        Shape("txt-bundles", "txt", "bundles"),
        Shape("md", "md", "loose"),
        Shape("md-bundles", "md", "bundles"),
        Shape("folder", "md", "loose"),
        Shape("zip", "md", "zip"),
    )
}


@dataclass(frozen=True)
class Batch:
    """Pages that are written together, or that leave together. :param bundles: the files that change, in writing order."""

    page_ids: tuple[str, ...]
    bundles: tuple[Bundle, ...] = ()


class Place(Protocol):
    """The files of a source in one folder."""

    def spooled(self, package: Package) -> bytes:
        """What :meth:`replace` needs of a page."""

    def batches(self, view: ManifestView, rows: Mapping[str, LoadedRow], gone: Collection[str] = ()) -> Iterable[Batch]:
        """How to write these rows, or to remove the pages that are gone.

        :raises PermanentError: there would be more files than the plan of Twig takes; nothing is written then.
        """

    def replace(
        self, put: Mapping[str, tuple[LoadedRow, Path]], batch: Batch, view: ManifestView, report: FilesReport
    ) -> None:
        """Make ``put`` all there is of the pages of a batch. :param put: page id → row, and what :meth:`spooled` gave."""

    def expected(self, view: ManifestView) -> dict[str, str]:
        """Page id → the name of its file."""

    def lying_in(self, view: ManifestView) -> dict[str, str]:
        """Page id → the name of the file in the folder that holds it: its own file, or the archive with that."""

    def names(self) -> list[str]:
        """The names of all files of this layout."""

    def owners(self, name: str, view: ManifestView) -> set[str]:
        """The pages of the manifest that a file belongs to."""

    def discard(self, names: Collection[str]) -> None:
        """Remove files that belong to no page."""

    def leftovers(self) -> list[str]:
        """The names of the files of other layouts, which a source had before."""


def titled(view: ManifestView) -> dict[str, LoadedRow]:
    """The manifest's rows by page."""
    return {row["page_id"]: row for row in view.table().select(["page_id", "title"]).to_pylist()}


def require_room(files: int, limit: int | None) -> None:
    """Raise when there are more files than the plan takes."""
    if limit is not None and files > limit:
        raise PermanentError(
            f"{files:,} files are needed, and this source may have {limit:,} (files_limit). Nothing was written",
            "Raise `files_limit` if the plan of your Twig takes more files (documented: 1,000 on Free, 10,000 on Pro), or "
            "split the space into several sources.",
        )


class Loose:
    """A file a page.

    :param limit: how many files there may be; None: any number.
    """

    def __init__(self, documents: ObjectStoragePath, suffix: Suffix, limit: int | None) -> None:
        self.documents = documents
        self.suffix: Suffix = suffix
        self.limit = limit
        self._found: dict[str, set[str]] | None = None  # page id → its files, listed once

    def spooled(self, package: Package) -> bytes:
        page = FilePage.of(package)
        return render([page], self.suffix, page.name)

    def batches(self, view: ManifestView, rows: Mapping[str, LoadedRow], gone: Collection[str] = ()) -> Iterator[Batch]:
        if rows:
            require_room(len(titled(view).keys() | rows.keys()), self.limit)
        ordered = sorted({*rows, *gone})
        for at in range(0, len(ordered), _PAGES_AT_ONCE):
            yield Batch(tuple(ordered[at : at + _PAGES_AT_ONCE]))

    def replace(
        self, put: Mapping[str, tuple[LoadedRow, Path]], batch: Batch, view: ManifestView, report: FilesReport
    ) -> None:
        found = self._by_page()
        before = set[str]().union(*(found.pop(page_id, ()) for page_id in batch.page_ids))
        after = {file_name(row, self.suffix): path for row, path in put.values()}
        for name, path in after.items():
            content = path.read_bytes()
            write_bytes(self.documents / name, content)
            report.wrote(name, content)
            found[page_id_of(name) or name].add(name)
        report.added += sorted(after.keys() - before)
        report.replaced += sorted(after.keys() & before)
        for name in sorted(before - after.keys()):
            remove(self.documents / name)
            report.removed.append(name)

    def _by_page(self) -> dict[str, set[str]]:
        if self._found is None:
            self._found = defaultdict(set)
            for name in self.names():
                self._found[page_id_of(name) or name].add(name)
        return self._found

    def expected(self, view: ManifestView) -> dict[str, str]:
        return {page_id: file_name(row, self.suffix) for page_id, row in titled(view).items()}

    def lying_in(self, view: ManifestView) -> dict[str, str]:
        return self.expected(view)

    def names(self) -> list[str]:
        return [name for name in files_in(self.documents) if page_id_of(name)]

    def owners(self, name: str, view: ManifestView) -> set[str]:
        page_id = page_id_of(name)
        return {page_id} if page_id and view.row(page_id) else set()

    def discard(self, names: Collection[str]) -> None:
        for name in names:
            remove(self.documents / name)

    def leftovers(self) -> list[str]:
        from confluence_to_twig.twig.bundles import bundle_of

        return [name for name in files_in(self.documents) if bundle_of(name) or bits_of_volume(name) is not None]


class Zipped(Loose):
    """Markdown in ZIP volumes. It limits each volume, and not their number."""

    def __init__(self, documents: ObjectStoragePath) -> None:
        super().__init__(documents, "md", None)
        self.volumes = Volumes(documents)

    def batches(self, view: ManifestView, rows: Mapping[str, LoadedRow], gone: Collection[str] = ()) -> Iterator[Batch]:
        existing = self.volumes.existing()
        by_volume = defaultdict[str, list[str]](list)
        for page_id in sorted({*rows, *gone}):
            by_volume[volume_of(page_id, existing)].append(page_id)
        yield from (Batch(tuple(page_ids)) for page_ids in by_volume.values())

    def replace(
        self, put: Mapping[str, tuple[LoadedRow, Path]], batch: Batch, view: ManifestView, report: FilesReport
    ) -> None:
        existing = self.volumes.existing()
        bits = volume_of(batch.page_ids[0], existing)
        files = {file_name(row): path for row, path in put.values()}
        written = self.volumes.rewrite(bits, files, set(batch.page_ids))
        report.bytes += written.bytes
        for name in written.volumes:
            (report.replaced if (bits in existing and name not in report.added) else report.added).append(name)
        report.sums |= written.volumes
        report.removed += written.removed

    def lying_in(self, view: ManifestView) -> dict[str, str]:
        existing = self.volumes.existing()
        return {page_id: volume_name(volume_of(page_id, existing)) for page_id in titled(view)}

    def owners(self, name: str, view: ManifestView) -> set[str]:
        if bits_of_volume(name) is None:
            return super().owners(name, view)
        return {page_id for page_id, volume in self.lying_in(view).items() if volume == name}

    def names(self) -> list[str]:
        return [name for bits in sorted(self.volumes.existing()) for name in self.volumes.names_in(bits)]

    def discard(self, names: Collection[str]) -> None:
        existing = self.volumes.existing()
        by_volume = defaultdict[str, set[str]](set)
        for name in names:
            page_id = page_id_of(name) or name
            by_volume[volume_of(page_id, existing)].add(page_id)
        for bits, page_ids in by_volume.items():
            self.volumes.rewrite(bits, {}, page_ids)

    def leftovers(self) -> list[str]:
        from confluence_to_twig.twig.bundles import bundle_of

        return [name for name in files_in(self.documents) if bundle_of(name) or page_id_of(name)]
