"""List a folder of staging as it is now, whatever the file system remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


def names_in(folder: ObjectStoragePath) -> list[str]:
    """The names of the files in a folder, sorted; empty when there is no such folder.

    s3fs, gcsfs and adlfs remember listings, and other runs write here too. ``ObjectStoragePath.iterdir`` may even go
    through another file system object than the one that is told to forget them.
    """
    folder.fs.invalidate_cache()
    try:
        entries = folder.fs.ls(folder.path, detail=True)
    except FileNotFoundError:
        return []
    return sorted(entry["name"].rpartition("/")[2] for entry in entries if entry["type"] == "file")
