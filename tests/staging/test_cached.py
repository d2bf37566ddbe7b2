from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from confluence_to_twig.staging.cached import Remembered, key_of, modified_at, names_in, read_json
from confluence_to_twig.staging.layout import root_at


class Reader:
    """Counts how often a file is really read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, path: Any) -> Any:
        self.times += 1
        return read_json(path)


def test_reads_a_file_once_as_long_as_it_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    reader = Reader()
    remembered = Remembered(reader, keep=2)
    assert [remembered(root_at(str(tmp_path)) / "a.json") for _ in range(3)] == [1, 1, 1]
    assert reader.times == 1


def test_reads_a_file_again_after_it_changed(tmp_path: Path) -> None:
    remembered = Remembered(Reader(), keep=2)
    for content in ("1", "23"):
        (tmp_path / "a.json").write_text(content)
        assert remembered(root_at(str(tmp_path)) / "a.json") == int(content)


def test_a_file_that_is_not_there_has_no_value(tmp_path: Path) -> None:
    missing = root_at(str(tmp_path)) / "a.json"
    assert Remembered(Reader(), keep=2)(missing) is None
    assert key_of(missing) is None


def test_forgets_the_file_that_was_not_asked_for_the_longest(tmp_path: Path) -> None:
    reader = Reader()
    remembered = Remembered(reader, keep=2)
    for name in "ab":
        (tmp_path / name).write_text("1")
    (tmp_path / "c").write_text("1")
    root = root_at(str(tmp_path))
    for name in "abac":  # b goes
        remembered(root / name)
    remembered(root / "a")
    assert reader.times == 3
    remembered(root / "b")
    assert reader.times == 4


def test_lists_names_without_temporary_files(tmp_path: Path) -> None:
    for name in ("b", "a", ".a.tmp"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    assert names_in(root_at(str(tmp_path))) == ["a", "b", "folder"]
    assert names_in(root_at(str(tmp_path / "nowhere"))) == []


def test_lists_an_object_store_as_it_is_now() -> None:
    attach("memory", fs=MemoryFileSystem())
    root = ObjectStoragePath("memory://bucket/listing")
    assert names_in(root) == []
    for name in ("b", "a"):
        root.fs.pipe_file(f"{root.path}/{name}", b"")
    assert names_in(root) == ["a", "b"]


def test_knows_when_a_file_was_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    written = modified_at(root_at(str(tmp_path)) / "a")
    assert written.tzinfo is UTC
    assert abs(written - datetime.now(UTC)) < timedelta(hours=1)
