from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.confluence import SandboxConfluence
from sandbox.confluence.folder_space import FolderError, read_folder

FIXTURES = Path(__file__).parents[4] / "shared" / "fixtures" / "confluence-pages"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_xhtml", ".xhtml").replace("_html", ".html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def tree(folder: Path) -> dict[str, tuple[str | None, str]]:
    """Title → title of the parent and body."""
    pages = read_folder("REAL", folder).pages
    titles = {page.ref: page.title for page in pages}
    return {page.title: (titles.get(page.parent or ""), page.storage) for page in pages}


def test_sub_folders_are_children_of_the_page_of_that_name(tmp_path: Path) -> None:
    write(tmp_path, Guide_xhtml="<p>g</p>", Guide__First_html="<p>1</p>", Guide__First__Deep_xhtml="<p>d</p>")
    (tmp_path / "notes.md").write_text("no storage")
    (tmp_path / "empty").mkdir()
    assert tree(tmp_path) == {
        tmp_path.name: (None, ""),
        "Guide": (tmp_path.name, "<p>g</p>"),
        "First": ("Guide", "<p>1</p>"),
        "Deep": ("First", "<p>d</p>"),
    }


def test_a_folder_without_a_page_gets_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path, Area__Topic__Page_xhtml="<p>p</p>")
    found = tree(tmp_path)
    assert found["Area"] == (tmp_path.name, "")
    assert found["Topic"] == ("Area", "")


def test_a_page_or_index_file_is_the_page_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, index_html="<p>home</p>", **{"123__page_xhtml": "<p>123</p>"})
    assert tree(tmp_path) == {tmp_path.name: (None, "<p>home</p>"), "123": (tmp_path.name, "<p>123</p>")}


@pytest.mark.parametrize("suffix", [".xhtml", ".xml", ".html", ".storage"])
def test_every_suffix_of_storage_files_is_read(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"Größe ☂{suffix}").write_text("<p>ü</p>", encoding="utf-8")
    assert tree(tmp_path)["Größe ☂"][1] == "<p>ü</p>"


def test_a_folder_that_cannot_be_served_says_why(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="is not a folder"):
        read_folder("REAL", tmp_path / "nope")
    with pytest.raises(FolderError, match=r"has no \.xhtml"):
        read_folder("REAL", tmp_path)
    (tmp_path / "bad.xhtml").write_bytes(b"\xff\xfe")
    with pytest.raises(FolderError, match="is not UTF-8"):
        read_folder("REAL", tmp_path)


@pytest.mark.shared
def test_real_pages_become_a_space() -> None:
    if not FIXTURES.exists():
        pytest.skip("needs the real pages beside the checkout")
    site = SandboxConfluence(read_folder("REAL", FIXTURES))
    pages = [page for page in site.store.contents.values() if page.ref.startswith("/reverse-sync/")]
    bodies = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("reverse-sync/*/page.xhtml"))]
    assert sorted(page.storage.text() for page in pages if page.title.isdigit()) == sorted(bodies)
