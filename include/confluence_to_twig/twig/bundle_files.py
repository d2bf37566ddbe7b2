"""Bundles: files for Twig with many pages each. What a file is made of lies in staging, so that an edit needs one page only.

The bundles that there are, are those whose file is there. A bundle that is cut gives its upper part to a new one: the new
file is written first, so that a delivery that is killed leaves some pages twice for a while, and never loses one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import msgspec

from confluence_to_twig.staging.files import files_in, remove, write_bytes
from confluence_to_twig.staging.parquet import iter_rows, write_rows
from confluence_to_twig.staging.schemas import BUNDLED
from confluence_to_twig.twig.bundles import Bundle, Member, Placement, bundle_of, file_name, place
from confluence_to_twig.twig.file_format import page_id_of, render
from confluence_to_twig.twig.file_page import FilePage
from confluence_to_twig.twig.file_places import Batch, require_room
from confluence_to_twig.twig.volumes import bits_of_volume

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import BundledRow, LoadedRow
    from confluence_to_twig.twig.delta import Package
    from confluence_to_twig.twig.file_delivery_report import FilesReport
    from confluence_to_twig.twig.file_format import Suffix

_MEMBER_COLUMNS = ["page_id", "kind", "ancestor_ids", "ancestors", "text_bytes"]


class Bundles:
    """The bundles of one source.

    :param limit: how many files there may be; None: any number.
    """

    def __init__(self, documents: ObjectStoragePath, staging: SourceStaging, suffix: Suffix, limit: int | None) -> None:
        self.documents = documents
        self.staging = staging
        self.suffix: Suffix = suffix
        self.limit = limit
        self._before: dict[str, Bundle] = {}  # page id → where its text lies in staging
        self._after: Placement = {}
        self._files: dict[Bundle, set[str]] = {}

    def spooled(self, package: Package) -> bytes:
        return msgspec.json.encode(FilePage.of(package))

    def batches(self, view: ManifestView, rows: Mapping[str, LoadedRow], gone: Collection[str] = ()) -> list[Batch]:
        held = {member.page_id: member for member in _members(view)}
        wanted = held | {page_id: Member.of(row) for page_id, row in rows.items()}
        self._list()
        before = place(held.values(), self._files, cut=False)
        after = place((member for page_id, member in wanted.items() if page_id not in gone), self._files)
        if rows:
            require_room(len(after), self.limit)
        self._before = {member.page_id: bundle for bundle, members in before.items() for member in members}
        self._after = after
        return _batches(before, after, {*rows, *gone})

    def replace(
        self, put: Mapping[str, tuple[LoadedRow, Path]], batch: Batch, view: ManifestView, report: FilesReport
    ) -> None:
        for bundle in batch.bundles:
            members = self._after.get(bundle, [])
            pages = self._pages(members, put, view, report)
            self._write(bundle, pages, members[0].top if members else "", report)

    def _write(self, bundle: Bundle, pages: list[FilePage], top: str, report: FilesReport) -> None:
        before, after = self._files.pop(bundle, set()), set[str]()
        if pages:
            name = file_name(bundle, top, self.suffix)
            content = render(pages, self.suffix, top)
            write_rows(self.staging.bundle(str(bundle)), BUNDLED, (page.row() for page in pages))
            write_bytes(self.documents / name, content)
            report.wrote(name, content)
            after = self._files[bundle] = {name}
            (report.replaced if name in before else report.added).append(name)
        else:
            remove(self.staging.bundle(str(bundle)))
        for name in sorted(before - after):
            remove(self.documents / name)
            report.removed.append(name)

    def _pages(
        self, members: list[Member], put: Mapping[str, tuple[LoadedRow, Path]], view: ManifestView, report: FilesReport
    ) -> list[FilePage]:
        """The pages of a bundle: those that are new, and the others as they were."""
        kept = {member.page_id for member in members} - put.keys()
        found: dict[str, FilePage] = {}
        for bundle in sorted({self._before[page_id] for page_id in kept if page_id in self._before}):
            found |= {row["page_id"]: FilePage.from_row(row) for row in self._rows(bundle) if row["page_id"] in kept}
        found |= {
            page_id: msgspec.json.decode(put[page_id][1].read_bytes(), type=FilePage)
            for member in members
            if (page_id := member.page_id) in put
        }
        # A page in doubt may never have been written. Its turn comes: every plan fetches it.
        report.lost += [page_id for page_id in sorted(kept - found.keys()) if not view.standing(page_id).in_doubt]
        return [found[member.page_id] for member in members if member.page_id in found]

    def _rows(self, bundle: Bundle) -> list[BundledRow]:
        try:
            return cast("list[BundledRow]", list(iter_rows(self.staging.bundle(str(bundle)))))
        except FileNotFoundError:
            return []

    def expected(self, view: ManifestView) -> dict[str, str]:
        placed = self._placed(view)
        return {
            member.page_id: file_name(bundle, members[0].top, self.suffix)
            for bundle, members in placed.items()
            for member in members
        }

    def lying_in(self, view: ManifestView) -> dict[str, str]:
        return self.expected(view)

    def names(self) -> list[str]:
        return [name for name in files_in(self.documents) if bundle_of(name)]

    def owners(self, name: str, view: ManifestView) -> set[str]:
        bundle = bundle_of(name)
        return {member.page_id for member in self._placed(view).get(bundle, [])} if bundle else set()

    def discard(self, names: Collection[str]) -> None:
        for name in names:
            remove(self.documents / name)

    def leftovers(self) -> list[str]:
        return [name for name in files_in(self.documents) if page_id_of(name) or bits_of_volume(name) is not None]

    def _list(self) -> None:
        self._files = {}
        for name in self.names():
            if bundle := bundle_of(name):
                self._files.setdefault(bundle, set()).add(name)

    def _placed(self, view: ManifestView) -> Placement:
        self._list()
        return place(_members(view), self._files)


def _members(view: ManifestView) -> list[Member]:
    return [Member.of(row) for row in view.table().select(_MEMBER_COLUMNS).to_pylist()]


def _batches(before: Placement, after: Placement, changed: Collection[str]) -> list[Batch]:
    """The bundles that change, with the pages on whose account they do.

    Within a tree the last bundle comes first: it gets its pages from the one before it. A bundle that only gives or gets pages is
    written with the next one.
    """
    batches: list[Batch] = []
    waiting: list[Bundle] = []
    everywhere = {member.page_id for members in after.values() for member in members}
    for bundle in sorted(before.keys() | after.keys(), reverse=True):
        held = {member.page_id for member in before.get(bundle, ())}
        holds = {member.page_id for member in after.get(bundle, ())}
        inside = sorted((holds | (held - everywhere)) & set(changed))
        if not inside and held == holds:
            continue
        waiting.append(bundle)
        if inside:
            batches.append(Batch(tuple(inside), tuple(waiting)))
            waiting = []
    if waiting and batches:
        batches[-1] = replace(batches[-1], bundles=(*batches[-1].bundles, *waiting))
    return batches
