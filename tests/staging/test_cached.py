from __future__ import annotations

from pathlib import Path
from typing import Any

from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import key_of, read_bytes
from confluence_to_twig.staging.layout import root_at


class Reader:
    """Counts how often a file is really read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, path: Any) -> Any:
        self.times += 1
        return int(read_bytes(path))


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
