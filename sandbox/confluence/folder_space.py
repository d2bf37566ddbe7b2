"""A folder of storage files as a space: file name = title, sub-folder = children of the page of that name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.seed import SeedPage, SeedSpace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = frozenset({".xhtml", ".xml", ".html", ".storage"})
#: Such a file is the body of its folder's own page.
BODY_NAMES = frozenset({"page", "index", "body"})
HOME = "/"


class FolderError(ValueError):
    """The folder cannot be served; the text says why."""


def read_folder(key: str, folder: Path) -> SeedSpace:
    """The space of all storage files below ``folder``; other files are left out.

    A sub-folder's files become children of the page with the folder's name; that page is empty when there is no
    file of that name. A folder's ``page.xhtml``, ``index.html`` or ``body.storage`` is the body of the folder's own page.

    :raises FolderError: when the folder does not exist, holds no storage file, or a file is not UTF-8.
    """
    if not folder.is_dir():
        raise FolderError(f"{folder} is not a folder: give one with .xhtml, .xml, .html or .storage files")
    pages = tuple(_pages(folder, HOME))
    body = _own_body(folder)
    if not pages and body is None:
        raise FolderError(f"{folder} has no .xhtml, .xml, .html or .storage file")
    home = _page(HOME, folder.resolve().name, body, None)
    return SeedSpace(key, folder.resolve().name, f"Files of {folder.name}", (home, *pages))


def _pages(folder: Path, parent: str) -> Iterator[SeedPage]:
    """The pages of one folder, each followed by what is below it."""
    bodies = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES and path.is_file()}
    folders = {path.name: path for path in sorted(folder.iterdir()) if path.is_dir() and _has_storage(path)}
    for name in sorted((bodies.keys() - BODY_NAMES) | folders.keys()):
        ref = f"{parent}{name}/"
        body = bodies.get(name) or (_own_body(folders[name]) if name in folders else None)
        yield _page(ref, name, body, parent)
        if name in folders:
            yield from _pages(folders[name], ref)


def _own_body(folder: Path) -> Path | None:
    """The file that is the folder's own page."""
    found = (path for path in sorted(folder.iterdir()) if path.stem in BODY_NAMES and path.suffix in SUFFIXES)
    return next(found, None)


def _has_storage(folder: Path) -> bool:
    return any(path.suffix in SUFFIXES and path.is_file() for path in folder.rglob("*"))


def _page(ref: str, title: str, body: Path | None, parent: str | None) -> SeedPage:
    if body is None:
        return SeedPage(ref, title, "", parent=parent)
    try:
        storage = body.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FolderError(f"{body} is not UTF-8") from error
    modified = datetime.fromtimestamp(body.stat().st_mtime, UTC)
    return SeedPage(ref, title, storage, parent=parent, created_at=modified, modified_at=modified)
