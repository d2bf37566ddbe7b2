"""Bundles: fewer files than pages. One edit rewrites one file, and no page is lost or in two of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import DOCUMENTS
from confluence_to_twig.twig import bundle_files, bundles
from confluence_to_twig.twig.bundle_files import Bundles
from confluence_to_twig.twig.bundles import BLOG, TOP, Bundle, Member, bundle_of, file_name, place
from confluence_to_twig.twig.file_delivery import FileDelivery, FilesReport, bind
from confluence_to_twig.twig.file_places import SHAPES
from confluence_to_twig.twig.pruner import Deletion
from tests.twig.world import Page, World

TREE = ("Product docs",)
SHAPE = SHAPES["txt-bundles"]


def page(number: int, *ancestors: str, text: str = "") -> Page:
    return Page(str(number), (text or f"Text of page zz{number}",), ancestors=ancestors)


class Shelf:
    """A folder of bundles."""

    def __init__(self, world: World, tmp_path: Path, limit: int | None = None) -> None:
        self.world = world
        self.root = ObjectStoragePath(f"file://{tmp_path}/twig")
        self.folder = tmp_path / "twig" / "documents"
        self.limit = limit
        bind(world.staging, self.root, SHAPE)

    def delivery(self) -> FileDelivery:
        return FileDelivery(self.root, SHAPE, ManifestStore(self.world.staging), "run", self.limit)

    def deliver(self, *pages: Page) -> FilesReport:
        documents, chunks = self.world.shards(*pages, run_id="run")
        return self.delivery().deliver(documents, chunks)

    def remove(self, *pages: Page) -> FilesReport:
        gone = [Deletion(one.page_id, one.name, one.url, one.version, "trashed") for one in pages]
        return self.delivery().remove(gone, self.world.audit)

    def raw(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def holds(self) -> dict[str, list[int]]:
        """Which pages are in which file, by their text."""
        return {name: [int(found) for found in re.findall(rb"zz(\d+)", text)] for name, text in self.raw().items()}


@pytest.fixture
def shelf(world: World, tmp_path: Path) -> Shelf:
    return Shelf(world, tmp_path)


def test_1001_pages_arrive_whole_and_one_edit_rewrites_one_file(world: World, tmp_path: Path) -> None:
    shelf = Shelf(world, tmp_path, limit=1_000)
    pages = [page(number, *TREE) for number in range(1, 1_002)]
    report = shelf.deliver(*pages)
    before = shelf.raw()
    assert (report.pages, len(before)) == (1_001, 6)
    assert sorted(number for numbers in shelf.holds().values() for number in numbers) == list(range(1, 1_002))

    report = shelf.deliver(pages[500].edited(sections=("Now it reads zz501 anew",)))
    changed = [name for name, content in shelf.raw().items() if content != before.get(name)]
    assert changed == report.replaced
    assert len(changed) == 1
    assert b"Now it reads zz501 anew" in shelf.raw()[changed[0]]
    assert shelf.delivery().check() == ({}, [])


def test_each_page_has_its_heading_and_its_address_in_the_file(shelf: Shelf) -> None:
    pages = [page(1, *TREE), page(2, *TREE)]
    shelf.deliver(*pages)
    (text,) = (content.decode() for content in shelf.raw().values())
    for one in pages:
        assert f"{one.name}\n{'=' * len(one.name)}\nAddress: {one.url}\n" in text


def test_each_tree_has_a_file_and_so_have_the_pages_at_the_top(shelf: Shelf) -> None:
    shelf.deliver(page(1), page(2), page(3, "Guides"), page(4, "Guides", "Set-up"), page(5, "News"))
    assert sorted(shelf.holds().values()) == [[1, 2], [3, 4], [5]]
    assert sum("-guides.txt" in name for name in shelf.raw()) == 1


def test_a_page_that_moves_leaves_its_old_file_even_if_no_word_of_it_changes(shelf: Shelf) -> None:
    shelf.deliver(page(1, "Guides"), page(2, "Guides"), page(3, "News"))
    moved = page(2, "Guides").document() | {"ancestor_ids": ["abcdef"], "version": 2}
    documents, chunks = shelf.world.shards(page(2, "Guides"), run_id="run")
    write_rows(documents[0], DOCUMENTS, [moved])
    shelf.delivery().deliver(documents, chunks)
    assert sorted(shelf.holds().values()) == [[1], [2], [3]]
    assert shelf.delivery().check() == ({}, [])


def test_a_deleted_page_leaves_its_bundle_and_an_empty_bundle_goes(shelf: Shelf) -> None:
    pages = [page(1, *TREE), page(2, *TREE), page(3, "News")]
    shelf.deliver(*pages)
    report = shelf.remove(pages[0], pages[2])
    assert list(shelf.holds().values()) == [[2]]
    assert (report.pages, len(report.removed), len(report.replaced)) == (2, 1, 1)
    assert shelf.delivery().check() == ({}, [])


def test_a_new_name_of_the_tree_is_the_new_name_of_the_file(shelf: Shelf) -> None:
    shelf.deliver(page(1, "Guides"))
    old = next(iter(shelf.raw()))
    documents, chunks = shelf.world.shards(page(1, "Guides"), run_id="run")
    renamed = page(1, "Guides").document() | {"ancestors": ["Handbook"], "content_hash": "new", "version": 2}
    write_rows(documents[0], DOCUMENTS, [renamed])
    shelf.delivery().deliver(documents, chunks)
    assert list(shelf.raw()) == [old.replace("guides", "handbook")]


def test_more_files_than_there_may_be_are_refused_before_anything_is_written(world: World, tmp_path: Path) -> None:
    shelf = Shelf(world, tmp_path, limit=2)
    with pytest.raises(PermanentError, match="3 files are needed, and this source may have 2"):
        shelf.deliver(page(1, "A"), page(2, "B"), page(3, "C"))
    assert not shelf.folder.exists()


def test_texts_that_staging_lost_are_said_and_fetched_again(shelf: Shelf) -> None:
    pages = [page(1, *TREE), page(2, *TREE)]
    shelf.deliver(*pages)
    (shelf.world.staging.home / "bundles").rmdir(recursive=True)
    with pytest.raises(PermanentError, match="The text of 1 pages is not in"):
        shelf.deliver(pages[0].edited(sections=("New text of zz1",)))
    assert shelf.world.manifest.view().standing("2").in_doubt
    shelf.deliver(*pages)
    assert list(shelf.holds().values()) == [[1, 2]]


@pytest.mark.parametrize("dies_at", range(8))
def test_a_delivery_that_is_killed_anywhere_continues(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """Page 3 comes between the others, so that a full bundle is cut, while others of its pages change."""
    monkeypatch.setattr(bundles, "MAX_PAGES", 3)
    kept = [page(number, *TREE) for number in (1, 5, 9, 11)]
    shelf.deliver(*kept)
    changes = [page(3, *TREE), kept[2].edited(sections=("New text of zz9",)), page(12, *TREE)]
    written = 0

    def dying(original: Any) -> Any:
        def write(*args: Any) -> Any:
            nonlocal written
            written += 1
            if written > dies_at:
                raise KeyboardInterrupt
            return original(*args)

        return write

    with monkeypatch.context() as patch:
        for name in ("write_rows", "write_bytes", "remove"):
            patch.setattr(bundle_files, name, dying(getattr(bundle_files, name)))
        try:
            shelf.deliver(*changes)
        except KeyboardInterrupt:
            assert {1, 5, 9, 11} <= {number for numbers in shelf.holds().values() for number in numbers}
    shelf.deliver(*changes)
    assert sorted(number for numbers in shelf.holds().values() for number in numbers) == [1, 3, 5, 9, 11, 12]
    assert b"New text of zz9" in b"".join(shelf.raw().values())
    assert shelf.delivery().check() == ({}, [])


def test_a_missing_file_and_a_file_of_nobody_are_found_and_mended(shelf: Shelf) -> None:
    pages = [page(1, "Guides"), page(2, "News")]
    shelf.deliver(*pages)
    lost = next(name for name in shelf.raw() if "guides" in name)
    (shelf.folder / lost).rename(shelf.folder / "pages-999-0-old.txt")
    assert shelf.delivery().check() == ({"1": "Page 1"}, ["pages-999-0-old.txt"])
    shelf.delivery().mend()
    shelf.deliver(*pages)
    assert shelf.delivery().check() == ({}, [])


def test_file_names_lead_back_to_the_bundle() -> None:
    for bundle in (Bundle("65538", 70), Bundle(TOP, 0), Bundle(BLOG, 12)):
        assert bundle_of(file_name(bundle, "Über uns: Produkte", "docx")) == bundle
    assert bundle_of("65538-page.docx") is None


def test_large_texts_are_cut_by_size() -> None:
    members = [Member(str(number), "7", "Top", bundles.MAX_TEXT_BYTES // 2) for number in range(5)]
    assert [len(inside) for inside in place(members, []).values()] == [2, 2, 1]


members = st.dictionaries(st.integers(1, 60), st.sampled_from(["10", "20", TOP]), min_size=0, max_size=60).map(
    lambda trees: [Member(str(number), tree, tree, 1) for number, tree in trees.items()]
)


@given(members, members)
def test_pages_stay_where_they_are_when_others_come_and_go(first: list[Member], second: list[Member]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "MAX_PAGES", 4)
        before = place(first, [])
        after = place(second, before)
    assert sorted(one.page_id for inside in after.values() for one in inside) == sorted(one.page_id for one in second)
    assert all(len(inside) <= 4 for inside in after.values())
    where = {one.page_id: bundle for bundle, inside in before.items() for one in inside}
    for bundle, inside in after.items():
        for one in inside:
            stays = where.get(one.page_id)
            # A page moves only to another tree, or up out of a bundle that became too large.
            assert stays is None or stays.tree != one.tree or stays.first <= bundle.first


def test_a_bundle_place_knows_only_bundles(shelf: Shelf) -> None:
    assert isinstance(shelf.delivery().place, Bundles)
    shelf.deliver(page(1, *TREE))
    (shelf.folder / "notes.txt").write_text("by hand")
    assert shelf.delivery().check() == ({}, [])


@pytest.mark.parametrize(
    ("ancestors", "tree"), [(["7", "8"], ("7", "Top")), (["7"], (TOP, "top pages")), ([], (TOP, "top pages"))]
)
def test_a_file_lies_where_its_page_does(ancestors: list[str], tree: tuple[str, str]) -> None:
    titles = ["Top", "Page"][: len(ancestors)]
    row = {"page_id": "att65", "kind": "attachment", "ancestor_ids": ancestors, "ancestors": titles, "text_bytes": 3}
    member = Member.of(row)
    assert (member.tree, member.top) == tree
    assert member.number == 65
