"""Read a file of staging again only after it changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from confluence_to_twig.staging.files import key_of

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

    def __call__(self, path: ObjectStoragePath, key: str | None = None) -> T | None:
        """The value of a file, or None when there is no such file.

        :param key: what a listing told of it; without it the file is asked for, see
            :func:`confluence_to_twig.staging.files.key_of`.
        """
        name, key = str(path), key or key_of(path)
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
