from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from confluence_to_twig.staging import files
from confluence_to_twig.staging.files import (
    FORMAT,
    UnknownFormatError,
    exists,
    files_in,
    folders_in,
    key_of,
    modified_at,
    open_local,
    read_bytes,
    read_json,
    remove,
    remove_folder,
    remove_leftovers,
    write_bytes,
    write_json,
    writing,
)
from confluence_to_twig.staging.layout import root_at
from tests.staging.stores import names_in, remembering


def test_writes_what_is_read(folder: ObjectStoragePath) -> None:
    for content in (b"first", b"2"):
        write_bytes(folder / "below" / "a", content)
        assert read_bytes(folder / "below" / "a") == content
    with writing(folder / "below" / "b") as file:
        file.write(b"streamed")
    assert read_bytes(folder / "below" / "b") == b"streamed"
    assert files_in(folder / "below") == ["a", "b"]


def test_a_file_that_is_not_finished_never_appears(folder: ObjectStoragePath) -> None:
    write_bytes(folder / "a", b"old")
    with pytest.raises(RuntimeError), writing(folder / "a") as file:
        file.write(b"half")
        raise RuntimeError
    assert read_bytes(folder / "a") == b"old"
    assert names_in(folder) == ["a"]


def modes(folder: Path) -> set[str]:
    return {f"{path.name} {path.stat().st_mode & 0o7777:o}" for path in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize(
    ("mode", "folders", "files"),
    [
        (0o700, "700", "600"),
        (0o2770, "2770", "660"),
        (0o750, "750", "640"),
        (0o755, "755", "644"),
        (0o1777, "755", "644"),
    ],
)
def test_whoever_may_read_a_folder_may_read_what_is_written_in_it(
    tmp_path: Path, mode: int, folders: str, files: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    before = os.umask(0o027)
    try:
        write_bytes(root_at(str(home)) / "run" / "report" / "a", b"x")
        with open_local(home / "b", "ab") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert modes(home) == {f"home {mode:o}", f"run {folders}", f"report {folders}", f"a {files}", f"b {files}"}


def test_two_writers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path, failures = root_at(str(tmp_path)) / "a.json", list[Exception]()
    write_json(path, {"writer": 0, "padding": "x" * 20_000})

    def work(number: int) -> None:
        try:
            for _ in range(100):
                write_json(path, {"writer": number, "padding": "x" * 20_000})
                read_json(path)
        except (OSError, ValueError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_an_object_store_gets_a_file_in_one_call() -> None:
    folder, store = remembering()
    write_bytes(folder / "a", b"1")
    with writing(folder / "b") as file:
        file.write(b"2")
    assert store.calls == {"put": 2}


def test_a_large_file_goes_to_an_object_store_from_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_FROM_MEMORY_BYTES", 3)
    folder, _ = remembering()
    with writing(folder / "large") as file:
        file.write(b"four")
    assert read_bytes(folder / "large") == b"four"


def test_sees_what_others_did_since_the_last_look() -> None:
    folder, store = remembering()
    write_bytes(folder / "a", b"1")
    before = key_of(folder / "a")
    assert files_in(folder) == ["a"]
    others = type(store)()
    others.pipe_file(f"{folder.path}/a", b"22")
    others.pipe_file(f"{folder.path}/b", b"1")
    assert not store.exists(f"{folder.path}/b"), "the store answers from the listing that it remembers"
    assert exists(folder / "b")
    assert key_of(folder / "a") != before
    assert files_in(folder) == ["a", "b"]
    others.rm_file(f"{folder.path}/b")
    assert store.exists(f"{folder.path}/b")
    assert not exists(folder / "b")
    assert files_in(folder) == ["a"]


def test_lists_files_and_folders_apart_and_no_temporary_files(folder: ObjectStoragePath) -> None:
    assert files_in(folder) == folders_in(folder) == []
    for name in ("b", "a", ".c.tmp", "run/x"):
        write_bytes(folder / name, b"")
    assert files_in(folder) == ["a", "b"]
    assert folders_in(folder) == ["run"]


def test_removes_what_may_not_be_there(folder: ObjectStoragePath) -> None:
    write_bytes(folder / "run" / "a", b"")
    write_bytes(folder / "b", b"")
    for _ in range(2):
        remove(folder / "b")
        remove_folder(folder / "run")
    assert not exists(folder / "b")
    assert folders_in(folder) == []


@pytest.mark.parametrize("kind", ["file", "sftp"])
def test_what_a_dead_writer_left_goes_once_it_is_old(kind: str, tmp_path: Path) -> None:
    folder = root_at(str(tmp_path / "folder")) if kind == "file" else remembering(kind)[0]
    assert remove_leftovers(folder, timedelta(0)) == []
    names = [".a.json.0123456789abcdef0123456789abcdef.tmp", ".hidden", "a.json", "b.tmp"]
    for name in names:
        write_bytes(folder / name, b"x")
    assert remove_leftovers(folder, timedelta(days=1)) == []
    assert remove_leftovers(folder, timedelta(seconds=-10)) == names[:1]
    assert names_in(folder) == names[1:]


def test_knows_when_a_file_was_written(folder: ObjectStoragePath) -> None:
    assert modified_at(folder / "a") is None
    write_bytes(folder / "a", b"")
    written = modified_at(folder / "a")
    assert written is not None
    assert written.tzinfo is UTC
    assert abs(written - datetime.now(UTC)) < timedelta(hours=1)


def test_json_carries_its_format(folder: ObjectStoragePath) -> None:
    write_json(folder / "a.json", {"title": "Größe"})
    assert json.loads(read_bytes(folder / "a.json")) == {"format": FORMAT, "title": "Größe"}
    assert read_json(folder / "a.json") == {"title": "Größe"}


@pytest.mark.parametrize("written", ["1", "0", '{"format": 0}', f'{{"format": {FORMAT + 1}}}', '{"format": "x"}', "{"])
def test_json_of_another_format_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.json").write_text(written)
    with pytest.raises((UnknownFormatError, ValueError)):
        read_json(root_at(str(tmp_path)) / "a.json")


def test_json_without_a_format_has_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"title": "a"}')
    assert read_json(root_at(str(tmp_path)) / "a.json") == {"title": "a"}
