"""Twig importing a folder or ZIPs, as it documents for uploads; this is where delivery by files ends."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from sandbox.twig import files
from sandbox.twig.files import segments

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Caller


@pytest.fixture
def spec(api: Caller) -> str:
    return api.create()


def zip_of(path: Path, **contents: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(f"{name}.md", text)
    return path


def test_a_folder_becomes_documents_that_cite_their_file_name(api: Caller, spec: str, tmp_path: Path) -> None:
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "1-install.md").write_text("# Install\n\nUnpack the archive.\n\nhttps://c.example/1")
    report = api.twig.import_files(spec, tmp_path)
    assert (report.files, report.processed, report.changed, report.removed, report.refused) == (1, 1, 1, 0, {})
    [hit] = api.search("unpack", spec)
    assert (hit["document_id"], hit["document_title"]) == ("guides/1-install.md", "1-install.md")
    assert (hit["document_url"], "https://c.example/1" in hit["text"]) == ("1-install.md", True)


def test_importing_again_adds_replaces_and_removes_only_what_changed(api: Caller, spec: str, tmp_path: Path) -> None:
    for name in ("same", "edited", "gone"):
        (tmp_path / f"{name}.md").write_text(f"the {name} page")
    api.twig.import_files(spec, tmp_path)
    before = api.twig.documents(spec)
    (tmp_path / "edited.md").write_text("the edited page, once more")
    (tmp_path / "gone.md").unlink()
    (tmp_path / "new.md").write_text("the new page")
    report = api.twig.import_files(spec, tmp_path)
    after = api.twig.documents(spec)
    assert (report.changed, report.removed) == (2, 1)
    assert sorted(after) == ["edited.md", "new.md", "same.md"]
    assert after["same.md"] == before["same.md"]
    assert after["edited.md"].version == 2
    assert api.search("gone", spec) == []


def test_zip_volumes_in_a_folder_are_taken_together(api: Caller, spec: str, tmp_path: Path) -> None:
    zip_of(tmp_path / "volume-1.zip", a="alpha", b="beta")
    zip_of(tmp_path / "volume-2.zip", c="gamma")
    report = api.post("/_sandbox/import-files", {"dataSpecId": spec, "path": str(tmp_path)}).json()
    assert (report["files"], report["processed"]) == (3, 3)
    assert sorted(api.twig.documents(spec)) == ["a.md", "b.md", "c.md"]
    api.twig.import_files(spec, tmp_path / "volume-2.zip")
    assert list(api.twig.documents(spec)) == ["c.md"]


def test_what_twig_refuses_is_left_out_and_named(
    api: Caller, spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100)
    monkeypatch.setattr(files, "MAX_ZIP_FILES", 2)
    monkeypatch.setattr(files, "MAX_ZIP_BYTES", 1_000)
    (tmp_path / "good.md").write_text("good")
    (tmp_path / "big.md").write_text("x" * 101)
    (tmp_path / "latin.md").write_bytes("Größe".encode("latin-1"))
    (tmp_path / "movie.mp4").write_bytes(b"")
    zip_of(tmp_path / "many.zip", a="a", b="b", c="c")
    (tmp_path / "huge.zip").write_bytes(b"x" * 1_001)
    report = api.twig.import_files(spec, tmp_path)
    assert report.refused == {
        "big.md": "file larger than 50 MB",
        "huge.zip": "ZIP larger than 200 MB",
        "latin.md": "not UTF-8",
        "many.zip": "ZIP with more than 1,000 files",
        "movie.mp4": "unsupported format",
    }
    assert (report.files, report.processed, list(api.twig.documents(spec))) == (6, 1, ["good.md"])


def test_the_documented_limits_are_the_ones_in_force() -> None:
    assert (files.MAX_FILE_BYTES, files.MAX_ZIP_BYTES, files.MAX_ZIP_FILES) == (50 * 2**20, 200 * 2**20, 1000)


def test_a_missing_path_is_said_clearly(api: Caller, spec: str, tmp_path: Path) -> None:
    answer = api.post("/_sandbox/import-files", {"dataSpecId": spec, "path": str(tmp_path / "nowhere")})
    assert (answer.status_code, "no such file or folder" in answer.json()["error"]["message"]) == (400, True)
    assert api.post("/_sandbox/import-files", {"dataSpecId": "ds_x", "path": str(tmp_path)}).status_code == 404


def test_long_text_is_cut_into_overlapping_segments_without_losing_a_word() -> None:
    words = [f"w{number}" for number in range(1_000)]
    pieces = [piece.split() for piece in segments(" ".join(words))]
    assert max(map(len, pieces)) <= 410
    assert [word for number, piece in enumerate(pieces) for word in (piece[40:] if number else piece)] == words
    assert segments("") == []
