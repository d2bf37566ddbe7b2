from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.twig.volumes import Volumes, bits_of_page, bits_of_volume, volume_name, volume_of
from tests.proofs import examples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "documents"


def volumes(folder: Path, **limits: int) -> Volumes:
    return Volumes(ObjectStoragePath(f"file://{folder}"), **limits)


def put(store: Volumes, tmp_path: Path, *page_ids: str, text: str = "text") -> None:
    """Put pages into the volumes that they belong to."""
    for page_id in page_ids:
        local = tmp_path / page_id
        local.write_text(f"{text} of {page_id}")
        store.rewrite(volume_of(page_id, store.existing()), {f"{page_id}-page.md": local}, {page_id})


def contents(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                assert name not in found
                found[name] = archive.read(name).decode()
    return found


def test_few_pages_lie_in_one_volume(folder: Path, tmp_path: Path) -> None:
    put(volumes(folder), tmp_path, "1", "2", "3")
    assert [path.name for path in folder.iterdir()] == ["volume.zip"]
    assert contents(folder) == {f"{n}-page.md": f"text of {n}" for n in "123"}


def test_a_volume_that_is_full_is_split_and_nothing_is_lost(folder: Path, tmp_path: Path) -> None:
    pages = [str(number) for number in range(60)]
    put(volumes(folder, max_files=10), tmp_path, *pages)
    assert contents(folder) == {f"{n}-page.md": f"text of {n}" for n in pages}
    for path in folder.iterdir():
        assert 0 < len(zipfile.ZipFile(path).namelist()) <= 10


def test_a_volume_that_is_too_heavy_is_split(folder: Path, tmp_path: Path) -> None:
    pages = [str(number) for number in range(30)]
    put(volumes(folder, max_bytes=1_000), tmp_path, *pages)
    assert len(contents(folder)) == 30
    assert len(list(folder.iterdir())) > 1
    assert all(path.stat().st_size <= 1_000 for path in folder.iterdir())


def test_an_edit_rewrites_one_volume_only(folder: Path, tmp_path: Path) -> None:
    pages = [str(number) for number in range(60)]
    put(volumes(folder, max_files=10), tmp_path, *pages)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    put(volumes(folder, max_files=10), tmp_path, "17", text="new text")
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert before.keys() == after.keys()
    assert len([name for name in before if before[name] != after[name]]) == 1
    assert contents(folder)["17-page.md"] == "new text of 17"


def test_the_same_files_make_the_same_archive(folder: Path, tmp_path: Path) -> None:
    put(volumes(folder), tmp_path, "1", "2", "3")
    before = (folder / "volume.zip").read_bytes()
    put(volumes(folder), tmp_path, "2", "1")
    assert (folder / "volume.zip").read_bytes() == before


def test_a_volume_without_files_is_removed(folder: Path, tmp_path: Path) -> None:
    store = volumes(folder)
    put(store, tmp_path, "1")
    written = store.rewrite("", {}, {"1"})
    assert (written.volumes, written.removed) == ({}, ("volume.zip",))
    assert list(folder.iterdir()) == []


def test_a_renamed_page_leaves_no_second_file(folder: Path, tmp_path: Path) -> None:
    store = volumes(folder)
    put(store, tmp_path, "1", "2")
    store.rewrite("", {"1-renamed.md": tmp_path / "1"}, {"1"})
    assert contents(folder).keys() == {"1-renamed.md", "2-page.md"}


def test_leftovers_of_an_interrupted_split_are_removed(folder: Path, tmp_path: Path) -> None:
    store = volumes(folder)
    put(store, tmp_path, "1", "2")
    (folder / "volume-0.zip").write_bytes((folder / "volume.zip").read_bytes())
    (folder / "volume-01.zip").write_bytes((folder / "volume.zip").read_bytes())
    assert store.existing() == {""}
    assert len(list(folder.iterdir())) == 3, "they may be half of a split that is going on"
    for path in folder.glob("volume-*.zip"):
        os.utime(path, (0, 0))
    assert store.existing() == {""}
    assert [path.name for path in folder.iterdir()] == ["volume.zip"]


def test_a_damaged_volume_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    put(volumes(folder), tmp_path, "1")
    (folder / "volume.zip").write_bytes(b"damaged")
    with pytest.raises(PermanentError, match="Delete it"):
        put(volumes(folder), tmp_path, "2")
    assert (folder / "volume.zip").read_bytes() == b"damaged"


@pytest.mark.parametrize("bits", ["", "0", "1", "0110"])
def test_names_lead_back_to_the_bits(bits: str) -> None:
    assert bits_of_volume(volume_name(bits)) == bits


@pytest.mark.parametrize("name", ["volume-2.zip", "other.zip", "volume.zip.tmp", ".volume.zip"])
def test_other_files_are_no_volumes(name: str) -> None:
    assert bits_of_volume(name) is None


@examples(80, 20_000)
@given(st.lists(st.text("01", max_size=6), max_size=8), st.integers(0, 10_000))
def test_a_page_always_has_exactly_one_volume(prefixes: list[str], number: int) -> None:
    existing = {p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes)}
    bits = volume_of(str(number), existing)
    assert bits_of_page(str(number)).startswith(bits)
    covering = [prefix for prefix in existing if bits_of_page(str(number)).startswith(prefix)]
    assert covering in ([], [bits])
    assert bits in existing or not any(prefix.startswith(bits) for prefix in existing)
