from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from confluence_to_twig.staging.listing import names_in


class Remembering(MemoryFileSystem):
    """A file system that remembers a listing until it is told to forget it, as s3fs does."""

    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[str, Any] = {}

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> Any:
        if path not in self.remembered:
            self.remembered[path] = super().ls(path, detail=detail, **kwargs)
        return self.remembered[path]

    def invalidate_cache(self, path: str | None = None) -> None:
        self.remembered.clear()


def test_sees_what_others_wrote_since_the_last_look() -> None:
    attach("memory", conn_id="remembering", fs=Remembering())
    folder = ObjectStoragePath("memory://remembering@bucket/folder")
    others = MemoryFileSystem()
    others.pipe("/bucket/folder/a", b"1")
    assert names_in(folder) == ["a"]
    others.pipe("/bucket/folder/b", b"1")
    assert folder.fs.ls(folder.path) != names_in(folder) == ["a", "b"]


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_names_files_only_and_sorted(tmp_path: Path, kind: str) -> None:
    attach("memory", fs=MemoryFileSystem())
    folder = ObjectStoragePath(f"{kind}://{tmp_path if kind == 'file' else 'listing/x'}")
    assert names_in(folder / "nowhere") == []
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("b", "a"):
        with (folder / name).open("wb") as file:
            file.write(b"1")
    (folder / "sub").mkdir()
    assert names_in(folder) == ["a", "b"]
