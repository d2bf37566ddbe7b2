"""Read staging for the page: quickly, and a file that did not change only once."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import ObjectStoragePath

T = TypeVar("T")


class Remembered(Generic[T]):
    """A reader that keeps what it read for as long as the file stays the same. Thread-safe.

    :param read: turns a path into a value; may raise ``FileNotFoundError``.
    :param keep: how many files are kept; the one that was not asked for the longest goes first.
    """

    def __init__(self, read: Callable[[ObjectStoragePath], T], keep: int) -> None:
        self._read = read
        self._keep = keep
        self._values: OrderedDict[str, tuple[str, T]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, path: ObjectStoragePath) -> T | None:
        """The value of a file, or None when there is no such file."""
        name, key = str(path), key_of(path)
        if key is None:
            return None
        with self._lock:
            known = self._values.get(name)
            if known is not None and known[0] == key:
                self._values.move_to_end(name)
                return known[1]
        try:
            value = self._read(path)
        except FileNotFoundError:
            return None
        with self._lock:
            self._values[name] = (key, value)
            self._values.move_to_end(name)
            while len(self._values) > self._keep:
                self._values.popitem(last=False)
        return value


def key_of(path: ObjectStoragePath) -> str | None:
    """What changes whenever the file changes; None when there is no such file."""
    try:
        return str(path.fs.ukey(path.path))
    except FileNotFoundError:
        return None


def names_in(folder: ObjectStoragePath) -> list[str]:
    """The names of what lies in a folder, sorted; none when it is not there. Temporary files are left out."""
    try:
        listed = _listing(folder)
    except FileNotFoundError:
        return []
    names = (str(entry).rstrip("/").rpartition("/")[2] for entry in listed)
    return sorted(name for name in names if name and not name.startswith("."))


def _listing(folder: ObjectStoragePath) -> list[str]:
    if folder.protocol == "file":
        return os.listdir(folder.path)  # noqa: PTH208 - twenty times as fast, and there may be a thousand runs
    folder.fs.invalidate_cache(folder.path)  # object stores remember listings, and other processes write here
    names: list[str] = folder.fs.ls(folder.path, detail=False)
    return names


def read_bytes(path: ObjectStoragePath) -> bytes:
    """The content of a small file in one request. Raises ``FileNotFoundError``."""
    content: bytes = path.fs.cat_file(path.path)
    return content


def read_json(path: ObjectStoragePath) -> Any:
    """A small JSON file. Raises ``FileNotFoundError``."""
    return json.loads(read_bytes(path))


def modified_at(path: ObjectStoragePath) -> datetime:
    """When a file was written, in UTC. Raises ``FileNotFoundError``."""
    moment: datetime = path.fs.modified(path.path)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
