from __future__ import annotations

import io
import json
import random
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.layout import SourceStaging
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.twig import file_delivery as module
from confluence_to_twig.twig import file_places
from confluence_to_twig.twig.data_source import existing
from confluence_to_twig.twig.file_delivery import FileDelivery, FilesReport, bind
from confluence_to_twig.twig.file_places import SHAPES
from confluence_to_twig.twig.pruner import Deletion
from tests.staging.stores import folder_in
from tests.twig.world import Page, World

PAGES = [Page(str(number), (f"Text of page {number}", f"More about zz{number}")) for number in range(12)]


class Target:
    """A folder that Twig pulls from, and the deliveries into it."""

    def __init__(self, world: World, root: ObjectStoragePath, kind: Any) -> None:
        self.world, self.root, self.kind = world, root, kind
        bind(world.staging, root, SHAPES[kind])

    def delivery(self, run_id: str = "run") -> FileDelivery:
        delivery = FileDelivery(self.root, SHAPES[self.kind], ManifestStore(self.world.staging), run_id)
        if isinstance(delivery.place, file_places.Zipped):
            delivery.place.volumes.max_files = 5
        return delivery

    def deliver(self, *pages: Page, run_id: str = "run", **options: Any) -> FilesReport:
        documents, chunks = self.world.shards(*pages, run_id=run_id)
        return self.delivery(run_id).deliver(documents, chunks, **options)

    def remove(self, *pages: Page, run_id: str = "run") -> FilesReport:
        gone = [Deletion(page.page_id, page.name, page.url, page.version, "trashed") for page in pages]
        return self.delivery(run_id).remove(gone, self.world.audit, "ada")

    def files(self) -> dict[str, str]:
        """All page files, loose or in volumes."""
        found: dict[str, str] = {}
        for path in (self.root / "documents").iterdir():
            if path.name.endswith(".docx"):
                found[path.name] = docx_text(path.read_bytes())
            elif path.name.endswith(".zip"):
                with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                    found |= {name: archive.read(name).decode() for name in archive.namelist()}
            else:
                found[path.name] = path.read_bytes().decode()
        return found

    def names(self, *pages: Page) -> set[str]:
        suffix = SHAPES[self.kind].suffix
        return {f"{page.page_id}-{page.name.lower().replace(' ', '-')}.{suffix}" for page in pages}

    def name(self, page: Page) -> str:
        (name,) = self.names(page)
        return name

    def raw(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.root / "documents").iterdir()}

    def changes(self, run_id: str = "run") -> dict[str, Any]:
        return dict(json.loads((self.root / "changes" / f"{run_id}.json").read_bytes()))


@pytest.fixture(params=["folder", "zip", "docx", "txt"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def target(world: World, tmp_path: Path, kind: str) -> Target:
    return Target(world, ObjectStoragePath(f"file://{tmp_path}/twig"), kind)


def docx_text(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)


def test_writes_one_file_a_page_and_nothing_the_second_time(target: Target) -> None:
    first = target.deliver(*PAGES)
    before = target.raw()
    second = target.deliver(*PAGES, run_id="second")

    assert target.files().keys() == target.names(*PAGES)
    assert (first.pages, first.chunks, first.unchanged) == (12, 24, 0)
    assert (second.pages, second.unchanged, second.bytes) == (0, 12, 0)
    assert target.raw() == before
    assert not (target.root / "changes" / "second.json").exists()


def test_a_file_that_changes_right_after_it_was_written_is_named(target: Target, kind: str) -> None:
    target.deliver(*PAGES)
    assert target.delivery().altered() == []
    edited = PAGES[7].edited(sections=("new text",))
    (name,) = target.deliver(edited, run_id="second").replaced
    whole = (target.root / "documents" / name).read_bytes()
    (target.root / "documents" / name).write_bytes(whole + b"somebody else's")
    assert target.delivery().altered() == [name]
    target.delivery().mend([name])
    assert target.world.manifest.view().standing(edited.page_id).in_doubt
    target.deliver(edited.edited(sections=("newer text",)), run_id="third")
    assert target.delivery().altered() == []


def test_an_edit_replaces_one_file(target: Target, kind: str) -> None:
    target.deliver(*PAGES)
    before = target.raw()
    report = target.deliver(PAGES[7].edited(sections=("new text",)), run_id="second")
    after = target.raw()

    changed = [name for name in after if after[name] != before.get(name)]
    assert len(changed) == 1
    assert (report.added, report.replaced, report.removed) == ([], changed, [])
    assert "new text" in target.files()[target.name(PAGES[7])]
    assert target.changes("second") == {
        "run_id": "second",
        "format": kind,
        "added": [],
        "replaced": changed,
        "removed": [],
    }


def test_a_renamed_page_has_its_new_name_only(target: Target) -> None:
    target.deliver(*PAGES)
    renamed = replace(PAGES[7], title="Renamed")
    report = target.deliver(renamed)
    assert target.files().keys() == target.names(renamed, *PAGES[:7], *PAGES[8:])
    if target.kind != "zip":
        assert (report.added, report.removed) == ([target.name(renamed)], [target.name(PAGES[7])])


def test_removes_pages_and_records_them(target: Target) -> None:
    target.deliver(*PAGES)
    report = target.remove(*PAGES[:3])
    assert report.pages == 3
    assert target.files().keys() == target.names(*PAGES[3:])
    assert [(row["page_id"], row["approved_by"]) for row in target.world.audit.read().to_pylist()] == [
        ("0", "ada"),
        ("1", "ada"),
        ("2", "ada"),
    ]
    assert target.remove(*PAGES[:3]).pages == 0
    assert target.delivery().check() == ({}, [])


def test_goes_on_after_a_crash_and_leaves_no_leftovers(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    target.deliver(*PAGES)
    changed = [replace(page, title=f"New {page.page_id}") for page in PAGES]
    monkeypatch.setattr(file_places, "_PAGES_AT_ONCE", 3)
    place = file_places.Zipped if target.kind == "zip" else file_places.Loose
    original, calls = place.replace, []

    def dies(self: Any, *args: Any) -> None:
        calls.append(1)
        original(self, *args)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(place, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        target.deliver(*changed)
    monkeypatch.setattr(place, "replace", original)
    report = target.deliver(*changed)

    assert 0 < report.unchanged < 12
    assert target.files().keys() == target.names(*changed)
    assert target.delivery().check() == ({}, [])


def test_keeps_every_limit_of_twig(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 40_000 if target.kind == "docx" else 2_000)
    # Letters that no compression makes less.
    large = Page("99", (random.Random(1).randbytes(40_000).hex(),))
    path = target.world.staging.run("run").quarantine("load", 0)
    report = target.deliver(*PAGES, large, quarantine_path=path)
    assert [(entry["page_id"], entry["code"]) for entry in report.refused] == [("99", "too_large")]
    assert read_table(path).to_pylist()[0]["page_id"] == "99"
    assert target.files().keys() == target.names(*PAGES)


def test_twig_imports_the_files_and_cites_the_pages_address(target: Target) -> None:
    target.deliver(*PAGES)
    world = target.world
    with world.client() as client:
        source = client.create_data_source("docs", "FILE", "", "key")
        assert existing(client, "docs") == source
        assert existing(client, "doc") is None
    first = world.twig.import_files(source.id, Path((target.root / "documents").path))
    assert (first.processed, first.refused) == (12, {})
    hits = world.twig.search("zz11", [source.id])
    assert PAGES[11].url in hits[0]["text"]

    target.deliver(PAGES[7].edited(sections=("new text",)))
    target.remove(PAGES[8])
    second = world.twig.import_files(source.id, Path((target.root / "documents").path))
    assert (second.changed, second.removed) == (1, 1)


def test_never_replaces_a_newer_version(target: Target) -> None:
    newer = PAGES[0].edited(sections=("newer",))
    target.deliver(newer)
    assert target.deliver(PAGES[0]).older == 1
    assert "newer" in target.files()[target.name(PAGES[0])]


def test_a_change_that_no_file_shows_is_only_remembered(target: Target) -> None:
    target.deliver(*PAGES)
    report = target.deliver(replace(PAGES[0], version=9), run_id="second")
    assert (report.unchanged, report.pages) == (1, 0)
    assert (target.world.manifest.view().row("0") or {})["version"] == 9


def test_another_folder_begins_anew(target: Target, tmp_path: Path) -> None:
    target.deliver(*PAGES)
    other = Target(target.world, ObjectStoragePath(f"file://{tmp_path}/elsewhere"), target.kind)
    assert other.deliver(*PAGES).pages == 12
    assert other.files().keys() == target.names(*PAGES)


def test_finds_and_mends_missing_and_surplus_files(target: Target, tmp_path: Path) -> None:
    target.deliver(*PAGES[:5])
    by_hand = tmp_path / "by-hand"
    by_hand.write_text("x")
    if target.kind != "zip":
        (target.root / "documents" / target.name(PAGES[3])).unlink()
        (target.root / "documents" / "77-by-hand.md").open("wb").write(b"x")
    else:
        place = target.delivery().place
        assert isinstance(place, file_places.Zipped)
        place.volumes.rewrite("", {"77-by-hand.md": by_hand}, {"3"})
    assert target.delivery().check() == ({"3": "Page 3"}, ["77-by-hand.md"])

    assert target.delivery().mend() == ({"3": "Page 3"}, ["77-by-hand.md"])
    assert target.delivery().check() == ({"3": "Page 3"}, [])
    assert target.world.manifest.view().standing("3").in_doubt
    assert target.deliver(*PAGES[:5]).pages == 1
    assert target.delivery().check() == ({}, [])
    assert target.files().keys() == target.names(*PAGES[:5])


def test_several_attempts_of_a_run_are_listed_together(target: Target) -> None:
    target.deliver(*PAGES[:3])
    target.remove(PAGES[0])
    changes = target.changes()
    assert set(changes["added"]) <= (target.names(*PAGES[:3]) | {"volume.zip"})
    assert changes["removed"] or changes["replaced"]


@pytest.mark.parametrize("store", ["file", "memory", "s3"])
@pytest.mark.parametrize("shape", ["docx", "txt-bundles", "zip"])
def test_delivers_to_any_store(world: World, tmp_path: Path, store: str, shape: str) -> None:
    staging = SourceStaging(folder_in(store, tmp_path / "staging"), "product-docs")
    target = Target(replace(world, staging=staging), folder_in(store, tmp_path / "target"), shape)
    target.deliver(*PAGES[:6])
    target.deliver(PAGES[3].edited(sections=("new",)))
    target.remove(PAGES[4])
    assert target.delivery().check() == ({}, [])
    target.root.fs.invalidate_cache()
    text = "\n".join(target.files().values())
    assert (text.count("zz"), "More about zz4\n" in text, "new" in text) == (4, False, True)


def test_another_format_replaces_the_files_of_the_one_before(world: World, tmp_path: Path) -> None:
    root = ObjectStoragePath(f"file://{tmp_path}/twig")
    Target(world, root, "folder").deliver(*PAGES)
    target = Target(world, root, "docx")
    assert target.deliver(*PAGES).pages == 12
    assert target.files().keys() == target.names(*PAGES)


@pytest.mark.parametrize(("before", "after"), [("folder", "docx-bundles"), ("zip", "txt"), ("docx-bundles", "docx")])
def test_another_layout_leaves_nothing_of_the_one_before(world: World, tmp_path: Path, before: str, after: str) -> None:
    root = ObjectStoragePath(f"file://{tmp_path}/twig")
    Target(world, root, before).deliver(*PAGES)
    target = Target(world, root, after)
    target.deliver(*PAGES)
    removed = target.delivery().remove_leftovers().removed
    assert removed
    assert set(removed) <= set(target.changes()["removed"])
    assert {path.name for path in (root / "documents").iterdir()} == set(target.delivery().place.names())
    assert target.delivery().remove_leftovers().removed == []


def test_more_files_than_there_may_be_are_refused_before_anything_is_written(world: World, tmp_path: Path) -> None:
    target = Target(world, ObjectStoragePath(f"file://{tmp_path}/twig"), "docx")
    documents, chunks = world.shards(*PAGES, run_id="run")
    delivery = FileDelivery(target.root, SHAPES["docx"], ManifestStore(world.staging), "run", limit=11)
    with pytest.raises(PermanentError, match="12 files are needed, and this source may have 11"):
        delivery.deliver(documents, chunks)
    assert not (target.root / "documents").exists()
