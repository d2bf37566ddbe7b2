from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.twig.file_sums import FileSums, load_of

LOADS = {"a.md": "1", "b.md": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    for name in LOADS:
        (tmp_path / "documents" / name).write_text(f"text of {name}")
    return tmp_path / "documents"


@pytest.fixture
def sums(folder: Path) -> FileSums:
    sums = FileSums(ObjectStoragePath(f"file://{folder}"), ObjectStoragePath(f"file://{folder.parent}/files.json"))
    assert sums.altered(LOADS) == []  # seen for the first time
    return sums


def test_a_file_that_stays_as_it_was_is_not_read_again(sums: FileSums, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confluence_to_twig.twig.file_sums.read_bytes", lambda path: pytest.fail(str(path)))
    assert sums.altered(LOADS) == []


def test_a_file_that_somebody_changed_is_named_in_every_run(sums: FileSums, folder: Path) -> None:
    (folder / "b.md").write_text("text of x.md")  # of the same length
    assert sums.altered(LOADS) == ["b.md"]
    assert sums.altered(LOADS) == ["b.md"]
    (folder / "b.md").write_text("text of b.md")
    assert sums.altered(LOADS) == []


def test_a_file_that_was_copied_to_its_place_again_is_the_same(sums: FileSums, folder: Path) -> None:
    os.utime(folder / "a.md", (1, 1))
    assert sums.altered(LOADS) == []


def test_a_file_whose_pages_were_loaded_again_is_another_one(sums: FileSums, folder: Path) -> None:
    (folder / "a.md").write_text("a newer text")
    assert sums.altered(LOADS | {"a.md": "2"}) == []
    (folder / "a.md").write_text("somebody else's")
    assert sums.altered(LOADS | {"a.md": "2"}) == ["a.md"]


def test_a_file_that_is_changed_before_anybody_looked_is_named(sums: FileSums, folder: Path) -> None:
    (folder / "a.md").write_text("what was written")
    sums.written({"a.md": sha256(b"what was written").hexdigest()}, LOADS | {"a.md": "2"})
    (folder / "a.md").write_text("what they wrote!")
    assert sums.altered(LOADS | {"a.md": "2"}) == ["a.md"]


def test_files_that_are_gone_or_unknown_are_for_others_to_tell(sums: FileSums, folder: Path) -> None:
    (folder / "a.md").unlink()
    (folder / "c.md").write_text("unknown")
    assert sums.altered(LOADS) == []


@pytest.mark.parametrize("content", ["", "[]", '{"documents": 1}', '{"format": 99}'])
def test_lost_sums_accuse_nobody(sums: FileSums, folder: Path, content: str) -> None:
    (folder.parent / "files.json").write_text(content)
    (folder / "a.md").write_text("another")
    assert sums.altered(LOADS) == []


def test_another_folder_has_other_sums(sums: FileSums, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "a.md").write_text("another")
    assert FileSums(ObjectStoragePath(f"file://{other}"), sums.path).altered(LOADS) == []


def test_a_load_is_named_by_its_pages_and_their_times() -> None:
    assert load_of([("1", "t"), ("2", "t")]) == load_of([("2", "t"), ("1", "t")])
    assert len({load_of([("1", "t")]), load_of([("1", "u")]), load_of([("1", "t"), ("2", "t")])}) == 3
