"""Files of staging: written in one step, read whole, listed as they are now; on local disks and on every fsspec file system.

On an object store one PUT replaces the whole object or changes nothing, so a file is written by one call under its own
name: Amazon S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, "never adds partial objects"), Google
Cloud Storage (https://cloud.google.com/storage/docs/consistency), Azure
(https://learn.microsoft.com/en-us/rest/api/storageservices/put-blob). Everywhere else it is written under a temporary name
that nobody else has, and renamed.

s3fs, gcsfs and adlfs remember listings, and answer questions about a file from them. Other processes write here, too, so
everything that asks about the present forgets the listing of that folder first. Names that begin with a dot are temporary
files: listings leave them out.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import uuid
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from fsspec.implementations.local import LocalFileSystem

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.faults import naming_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from airflow.sdk import ObjectStoragePath
    from fsspec import AbstractFileSystem

#: The format of what this release writes. Format 1 had no number anywhere.
FORMAT = 2
_AZURE = frozenset({"abfs", "abfss", "az", "adl", "wasb", "wasbs"})
#: What local disks, S3, Google Cloud Storage, Azure and memory tell of a file in a listing, and what changes with it.
_TELLING = (
    "size",
    "mtime",
    "ino",
    "ETag",
    "etag",
    "LastModified",
    "last_modified",
    "md5Hash",
    "content_settings",
    "created",
)
_PUT_IS_ATOMIC = _AZURE | {"s3", "s3a", "gs", "gcs", "memory"}
#: Up to this size a file goes from memory to the store; a larger one from the local disk, in parts if the store wants them.
_FROM_MEMORY_BYTES = 8 * 1024 * 1024
#: What of the files of a task lies on the local disk, when it reads them several times.
_AT_HAND_BYTES = 512 * 1024 * 1024
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")


class UnknownFormatError(PermanentError):
    """A file of staging has the format of a newer release."""


def file_system(path: ObjectStoragePath) -> AbstractFileSystem:
    """The file system of a path. Local disks are not asked for by way of Airflow, which imports the file systems of all
    providers for that: the clients of Amazon alone take a sixth of a second of each task."""
    return LocalFileSystem() if path.protocol == "file" else path.fs


def check_format(path: ObjectStoragePath, found: object) -> None:
    """Refuse a file of a newer release.

    :param found: the format as the file names it; None: it names none, so it has format 1.
    :raises UnknownFormatError: it is not one of the formats that this release can read.
    """
    if str(1 if found is None else found) not in {str(number) for number in range(1, FORMAT + 1)}:
        raise UnknownFormatError(
            f"{path} has format {found}, and this release knows formats up to {FORMAT}",
            "Install the release that wrote it, or a newer one.",
        )


def write_bytes(path: ObjectStoragePath, content: bytes) -> None:
    """Write a file in one step; an older one is replaced. Two writers at once: one of them wins, whole."""
    with naming_faults(path):
        if path.protocol in _PUT_IS_ATOMIC:
            file_system(path).pipe_file(path.path, content)
            return
        with _renamed_at_the_end(path) as file:
            file.write(content)


@contextmanager
def writing(path: ObjectStoragePath) -> Iterator[IO[bytes]]:
    """A binary file to write that appears under its name only when the ``with`` block ends well.

    For an object store it lies on the local disk until then.
    """
    if path.protocol not in _PUT_IS_ATOMIC:
        with naming_faults(path), _renamed_at_the_end(path) as file:
            yield file
        return
    with naming_faults(path), tempfile.NamedTemporaryFile() as file:
        yield file
        file.flush()
        if Path(file.name).stat().st_size <= _FROM_MEMORY_BYTES:
            file_system(path).pipe_file(path.path, Path(file.name).read_bytes())
        else:
            # adlfs alone has to be told that a file may be replaced.
            file_system(path).put_file(file.name, path.path, **({"overwrite": True} if path.protocol in _AZURE else {}))


@contextmanager
def _renamed_at_the_end(path: ObjectStoragePath) -> Iterator[IO[bytes]]:
    folder, _, name = path.path.rpartition("/")
    temporary = f"{folder}/.{name}.{uuid.uuid4().hex}.tmp"  # as _TEMPORARY
    is_local = path.protocol == "file"
    make_local_folder(Path(folder)) if is_local else file_system(path).makedirs(folder, exist_ok=True)
    try:
        with open_local(Path(temporary), "xb") if is_local else file_system(path).open(temporary, "wb") as file:
            yield file
        Path(temporary).replace(path.path) if is_local else file_system(path).mv(temporary, path.path)
    except BaseException:
        with suppress(FileNotFoundError):
            file_system(path).rm_file(temporary)
        raise


def open_local(path: Path, mode: Literal["ab", "xb"]) -> IO[bytes]:
    """Open a local file to write, unbuffered for ``ab``. Whoever may read in its folder may read it, and nobody else."""

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        with suppress(PermissionError):  # the file of another member of the group
            os.fchmod(descriptor, _openness(path.parent) & 0o666)
        return descriptor

    return open(path, mode, buffering=0 if mode == "ab" else -1, opener=opener)


def make_local_folder(folder: Path) -> None:
    """Make a local folder, with those above it. Whoever may read in the first one that is there may read in it."""
    if folder.is_dir():
        return
    make_local_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(0o700)
        folder.chmod(_openness(folder.parent))


def _openness(folder: Path) -> int:
    """The mode of a folder in this one. A folder that hands its group on (``setgid``) lets its members write."""
    mode = folder.stat().st_mode
    return 0o700 | (mode & 0o055) | (0o2070 if mode & stat.S_ISGID else 0)


def write_json(path: ObjectStoragePath, data: Mapping[str, Any]) -> None:
    """Write a JSON object in one step, with its ``format``."""
    write_bytes(path, json.dumps({"format": FORMAT, **data}, ensure_ascii=False, indent=1).encode())


def read_json(path: ObjectStoragePath) -> dict[str, Any]:
    """What :func:`write_json` wrote, without its ``format``.

    :raises FileNotFoundError: :raises ValueError: it is not a JSON object. :raises UnknownFormatError:
    """
    data = json.loads(read_bytes(path))
    if not isinstance(data, dict):
        raise ValueError(f"{path} is not a JSON object")
    check_format(path, data.pop("format", None))
    return data


def read_bytes(path: ObjectStoragePath) -> bytes:
    """The content of a file in one request. Raises ``FileNotFoundError``."""
    with reading(path) as file:
        return file.read()


@contextmanager
def reading(path: ObjectStoragePath) -> Iterator[IO[bytes]]:
    """A binary file to read. One of an object store comes whole, in one request, and lies on the local disk meanwhile.

    Raises ``FileNotFoundError``.
    """
    with naming_faults(path), ExitStack() as stack:
        if path.protocol == "file":
            # Not by the path's own ``open``: its files tell OpenLineage of each read, and load all providers' assets for that.
            yield stack.enter_context(file_system(path).open(path.path, "rb"))
            return
        local = Path(stack.enter_context(tempfile.TemporaryDirectory()), path.name)
        file_system(path).get_file(path.path, str(local))
        yield stack.enter_context(local.open("rb"))


@contextmanager
def at_hand(paths: Sequence[ObjectStoragePath]) -> Iterator[list[ObjectStoragePath]]:
    """Files that are read several times: those of an object store are fetched to the local disk, once, for as long as the
    ``with`` block lasts. Where they are too many for that, the last ones stay where they are.

    :param paths: one that is not there is handed on as it is: who reads it says so.
    """
    if all(path.protocol == "file" for path in paths):
        yield list(paths)
        return
    with tempfile.TemporaryDirectory() as folder:
        left, found = _AT_HAND_BYTES, []
        for number, path in enumerate(paths):
            copy = _fetched(path, Path(folder, str(number), path.name)) if left > 0 else None
            left -= Path(copy.path).stat().st_size if copy else 0
            found.append(copy or path)
        yield found


def _fetched(path: ObjectStoragePath, local: Path) -> ObjectStoragePath | None:
    from airflow.sdk import ObjectStoragePath

    local.parent.mkdir()
    try:
        with naming_faults(path):
            file_system(path).get_file(path.path, str(local))
    except FileNotFoundError:
        return None
    return ObjectStoragePath(f"file://{local}")


def files_in(folder: ObjectStoragePath) -> list[str]:
    """The names of the files in a folder, sorted; none when it is not there."""
    return sorted(name for name, is_file in _entries(folder) if is_file)


def folders_in(folder: ObjectStoragePath) -> list[str]:
    """The names of the folders in a folder, sorted; none when it is not there."""
    return sorted(name for name, is_file in _entries(folder) if not is_file)


def names_in(folder: ObjectStoragePath) -> list[str]:
    """The names of the files and folders in a folder, sorted; none when it is not there."""
    return sorted(name for name, _ in _entries(folder))


def _entries(folder: ObjectStoragePath) -> list[tuple[str, bool]]:
    try:
        with naming_faults(folder):
            found = _scanned(folder)
    except FileNotFoundError:
        return []
    return [(name, is_file) for name, is_file in found if name and not name.startswith(".")]


def _scanned(folder: ObjectStoragePath) -> list[tuple[str, bool]]:
    if folder.protocol == "file":  # twenty times as fast as fsspec, and there may be a thousand runs
        with os.scandir(folder.path) as scanned:
            return [(entry.name, entry.is_file()) for entry in scanned]
    file_system(folder).invalidate_cache(folder.path)
    listed = file_system(folder).ls(folder.path, detail=True)
    return [(entry["name"].rstrip("/").rpartition("/")[2], entry["type"] == "file") for entry in listed]


def exists(path: ObjectStoragePath) -> bool:
    """Whether there is a file of that name now."""
    return key_of(path) is not None


def key_of(path: ObjectStoragePath) -> str | None:
    """What changes whenever the file changes; None when there is no such file."""
    _forget(path)
    try:
        with naming_faults(path):
            return str(file_system(path).ukey(path.path))
    except FileNotFoundError:
        return None


def keys_in(folder: ObjectStoragePath) -> dict[str, str]:
    """The files in a folder, each with what the store tells of it and what changes when the file does; in one listing.

    Local disks tell size, time and inode; object stores tell size, time and a tag of the content.
    """
    file_system(folder).invalidate_cache(folder.path)
    try:
        with naming_faults(folder):
            listed = file_system(folder).ls(folder.path, detail=True)
    except FileNotFoundError:
        return {}
    return {
        entry["name"].rstrip("/").rpartition("/")[2]: repr([entry[name] for name in _TELLING if name in entry])
        for entry in listed
        if entry["type"] == "file"
    }


def modified_at(path: ObjectStoragePath) -> datetime | None:
    """When a file was written, in UTC by the clock of the store. None: it is not there, or the store keeps no times."""
    _forget(path)
    try:
        with naming_faults(path):
            moment: datetime = file_system(path).modified(path.path)
    except (FileNotFoundError, NotImplementedError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def remove(path: ObjectStoragePath) -> None:
    """Remove a file; that it is not there is fine, too."""
    with suppress(FileNotFoundError), naming_faults(path):
        file_system(path).rm_file(path.path)


def remove_folder(folder: ObjectStoragePath) -> None:
    """Remove a folder with everything in it; that it is not there is fine, too."""
    file_system(folder).invalidate_cache(folder.path)
    with suppress(FileNotFoundError), naming_faults(folder):
        file_system(folder).rm(folder.path, recursive=True)


def remove_leftovers(folder: ObjectStoragePath, older_than: timedelta, spared: str = "") -> list[str]:
    """Remove temporary files that a writer left which died before it could rename them, in a folder and in all below it; their
    names.

    An object store has none: what is not uploaded to its end is not there. Incomplete uploads in parts are for a lifecycle
    rule of the store (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html).

    :param older_than: a younger one may be somebody's who is still writing. :param spared: a folder in it that is left alone.
    """
    if folder.protocol in _PUT_IS_ATOMIC:
        return []
    file_system(folder).invalidate_cache(folder.path)
    try:
        with naming_faults(folder):
            listed = file_system(folder).ls(folder.path, detail=True)
    except FileNotFoundError:
        return []
    before = datetime.now(UTC) - older_than
    removed: list[str] = []
    for entry in listed:
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if entry["type"] == "directory":
            removed += remove_leftovers(folder / name, older_than) if name != spared else []
        elif _TEMPORARY.fullmatch(name) and (modified_at(folder / name) or before) < before:
            remove(folder / name)
            removed.append(name)
    return removed


def _forget(path: ObjectStoragePath) -> None:
    file_system(path).invalidate_cache(path.parent.path)
