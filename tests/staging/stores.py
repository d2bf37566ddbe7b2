"""File systems that behave like those that staging may lie on, in memory."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any, ClassVar

from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

_numbers = itertools.count()


class RememberingStore(MemoryFileSystem):
    """Remembers each listing until it is told to forget it, and answers questions about files from it, as s3fs does.

    A move is a copy and a removal, and a file that is opened for writing is there, empty, at once.
    """

    cachable = False
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.remembered:
            self.calls["list"] += 1
            self.remembered[path] = super().ls(path, detail=True, **kwargs)
        found = self.remembered[path]
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **kwargs: Any) -> Any:
        path = self._strip_protocol(path)
        if (listed := self.remembered.get(self._parent(path))) is not None:
            for entry in listed:
                if entry["name"] == path:
                    return entry
            raise FileNotFoundError(path)
        self.calls["head"] += 1
        return super().info(path, **kwargs)

    def modified(self, path: str) -> Any:
        self.calls["head"] += 1
        return super().modified(path)

    def exists(self, path: str, **kwargs: Any) -> bool:
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self.calls["put"] += 1
        super().pipe_file(path, value, mode=mode, **kwargs)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> Any:
        self.calls["get"] += 1
        return super().cat_file(path, start, end, **kwargs)

    def _open(self, path: str, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        if "data" not in kwargs:
            self.calls["put" if "w" in mode else "open"] += 1
        return super()._open(path, mode, *args, **kwargs)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        self.calls["copy"] += 1
        super().cp_file(path1, path2, **kwargs)

    def rm_file(self, path: str) -> None:
        self.calls["delete"] += 1
        super().rm_file(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.calls["mkdir"] += 1
        super().makedirs(path, exist_ok=exist_ok)

    def invalidate_cache(self, path: str | None = None) -> None:
        self.remembered.pop(self._strip_protocol(path), None) if path else self.remembered.clear()


def remembering(protocol: str = "memory") -> tuple[ObjectStoragePath, RememberingStore]:
    """A new, empty folder in such a store, and the store.

    :param protocol: what it claims to be: ``memory`` puts a file in one step, ``sftp`` does not.
    """
    number = next(_numbers)
    store = RememberingStore()
    attach(protocol, conn_id=f"store{number}", fs=store)
    return ObjectStoragePath(f"{protocol}://store{number}@bucket/folder{number}"), store
