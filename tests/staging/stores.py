"""File systems that behave like those that staging may lie on: in memory, and S3 of a server in this process."""

from __future__ import annotations

import errno
import itertools
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from confluence_to_twig.staging.layout import root_at

#: What staging may lie on: a local disk, a store that puts a file in one step, one that copies where others rename and
#: remembers listings, and S3.
KINDS = ("file", "memory", "sftp", "s3")
Fault = Literal["full", "read-only", "away", "slow"]
_numbers = itertools.count()


class RememberingStore(MemoryFileSystem):
    """Remembers each listing until it is told to forget it, and answers questions about files from it, as s3fs does.

    It counts calls as s3fs makes them: of the same run it tells the same number as S3 does. A move is a copy and a removal, and
    a file that is opened for writing is there, empty, at once.
    """

    cachable = False
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()
        #: What is wrong with it now.
        self.fault: Fault | None = None
        #: How many calls go well before the fault shows, and how many do not before it is over; None: it lasts.
        self.good_calls = 0
        self.bad_calls: int | None = None
        #: What the clock of the store is wrong by, asked for each time that it tells a time.
        self.off_by: Callable[[], timedelta] = timedelta

    def _called(self, call: str, *, writes: bool = False) -> None:
        """Count a call, and let it suffer from the fault."""
        self.calls[call] += 1
        if self.fault is None or (self.fault in ("full", "read-only") and not writes):
            return
        if self.good_calls > 0:
            self.good_calls -= 1
            return
        if self.bad_calls is not None:
            self.bad_calls -= 1
            if self.bad_calls < 0:
                return
        match self.fault:
            case "full" if call != "delete":
                raise OSError(errno.ENOSPC, "No space left on device")
            case "read-only":
                raise OSError(errno.EROFS, "Read-only file system")
            case "away":
                raise OSError(errno.EIO, "Input/output error")
            case "slow":
                time.sleep(0.002)

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.remembered:
            self._called("list")
            try:
                self.remembered[path] = super().ls(path, detail=True, **kwargs)
            except FileNotFoundError:
                self._called("list")  # s3fs lists the folder above, too
                raise
        found = self.remembered[path]
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **kwargs: Any) -> Any:
        path = self._strip_protocol(path)
        if (listed := self.remembered.get(self._parent(path))) is not None:
            for entry in listed:
                if entry["name"] == path:
                    return entry
            raise FileNotFoundError(path)
        self._called("head")
        try:
            return super().info(path, **kwargs)
        except FileNotFoundError:
            self._called("list")  # s3fs looks whether it is a folder
            raise

    def modified(self, path: str) -> Any:
        self._called("head")
        return super().modified(path) + self.off_by()

    def exists(self, path: str, **kwargs: Any) -> bool:
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self._called("put", writes=True)
        super().pipe_file(path, value, mode=mode, **kwargs)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> Any:
        self._called("get")
        return super().cat_file(path, start, end, **kwargs)

    def get_file(self, rpath: str, lpath: str, **kwargs: Any) -> None:
        """As S3 does: one request."""
        self._called("get")
        Path(lpath).write_bytes(super().cat_file(rpath))

    def _open(self, path: str, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        if "data" not in kwargs:
            self._called("put" if "w" in mode else "open", writes="w" in mode)
        return super()._open(path, mode, *args, **kwargs)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        self._called("copy", writes=True)
        super().cp_file(path1, path2, **kwargs)

    def rm_file(self, path: str) -> None:
        self._called("delete", writes=True)
        super().rm_file(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """As S3 does: one listing, and one request that deletes up to 1,000 objects."""
        if not recursive:
            super().rm(path, recursive, maxdepth)
            return
        self._called("list")
        found = [name for name in self.store if name.startswith(f"{self._strip_protocol(path)}/")]
        if not found:
            raise FileNotFoundError(path)
        self._called("delete", writes=True)
        for name in found:
            super().rm_file(name)
        below = self._strip_protocol(path)
        self.pseudo_dirs[:] = [name for name in self.pseudo_dirs if not f"{name}/".startswith(f"{below}/")]

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self._called("mkdir", writes=True)
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


@cache
def _s3() -> Any:
    """S3 of a moto server on the loopback, with one bucket; one for the whole test run."""
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    store = S3FileSystem(key="test", secret="test", client_kwargs=address, skip_instance_cache=True)
    store.call_s3("create_bucket", Bucket="bucket")  # mkdir asks for a region that a bucket may not have
    return store


def s3() -> ObjectStoragePath:
    """A new, empty folder in S3. s3fs remembers each listing until it is told to forget it."""
    number = next(_numbers)
    attach("s3", conn_id=f"store{number}", fs=_s3())
    return ObjectStoragePath(f"s3://store{number}@bucket/folder{number}")


def folder_in(kind: str, local: Path) -> ObjectStoragePath:
    """A new, empty folder in a store of this kind.

    :param kind: one of :data:`KINDS`. :param local: where ``file`` is.
    """
    if kind == "file":
        return root_at(str(local / "folder"))
    return s3() if kind == "s3" else remembering(kind)[0]


def names_in(folder: ObjectStoragePath) -> list[str]:
    """The names of everything in a folder now, temporary files included."""
    folder.fs.invalidate_cache(folder.path)
    return sorted(path.rstrip("/").rpartition("/")[2] for path in folder.fs.ls(folder.path, detail=False))
