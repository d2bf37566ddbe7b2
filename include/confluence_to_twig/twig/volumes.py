"""ZIP volumes: pages spread over a few archives so that one edit rewrites one of them.

A page's volume is decided by the first bits of the hash of its id, so it does not move when other pages change. A
volume that grows beyond the limits is split by one more bit; nothing else moves.

A volume is read, changed and replaced. When two runs change the same volume at the same moment, one change can be lost.
The check after each delivery finds that, and ``repair: true`` repairs it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import tempfile
import zipfile
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import files_in, modified_at, remove, writing
from confluence_to_twig.twig.file_format import page_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

#: Documented: at most 1,000 files and 200 MB. Smaller volumes make an edit cheaper.
MAX_FILES = 500
MAX_BYTES = 180 * 1024 * 1024
_NAME = re.compile(r"volume(?:-([01]+))?\.zip")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time: the same files make the same archive
_SPLIT_TAKES_AT_MOST = timedelta(hours=1)
_SPOOL_BYTES = 32 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024


def volume_name(bits: str) -> str:
    """The archive's file name."""
    return f"volume-{bits}.zip" if bits else "volume.zip"


def bits_of_volume(name: str) -> str | None:
    """The bits in an archive's name, or None for another file."""
    match = _NAME.fullmatch(name)
    return (match[1] or "") if match else None


def bits_of_page(page_id: str) -> str:
    """The bits that decide where a page lies."""
    return f"{int.from_bytes(hashlib.sha256(page_id.encode()).digest()[:8]):064b}"


def volume_of(page_id: str, existing: Collection[str]) -> str:
    """The bits of the volume for a page: the one that covers it, else a new one beside those that exist."""
    bits = bits_of_page(page_id)
    for length in range(len(bits)):
        prefix = bits[:length]
        if prefix in existing or not any(other.startswith(prefix) for other in existing):
            return prefix
    return bits


@dataclass(frozen=True)
class Written:
    """What a rewrite did.

    :param volumes: names of the archives written → their SHA-256. :param removed: names of those removed.
    """

    volumes: dict[str, str]
    removed: tuple[str, ...]
    bytes: int


class Volumes:
    """The archives in one folder.

    :param folder: where they lie. :param max_files: :param max_bytes: limits of one archive, compressed.
    """

    def __init__(self, folder: ObjectStoragePath, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_files = max_files
        self.max_bytes = max_bytes

    def existing(self) -> set[str]:
        """The bits of all volumes. After an interrupted split the parent counts, and the new volumes do not."""
        found = {bits for name in files_in(self.folder) if (bits := bits_of_volume(name)) is not None}
        leftovers = {bits for bits in found if any(bits != other and bits.startswith(other) for other in found)}
        for bits in leftovers:
            self._remove_if_old(self.folder / volume_name(bits))
        return found - leftovers

    def _remove_if_old(self, path: ObjectStoragePath) -> None:
        # A new volume may be half of a split that another run is about to finish.
        written = modified_at(path)
        if written and datetime.now(UTC) - written > _SPLIT_TAKES_AT_MOST:
            remove(path)

    def names_in(self, bits: str) -> list[str]:
        """The files of one volume."""
        with self._opened(bits) as archive:
            return archive.namelist()

    def rewrite(self, bits: str, put: Mapping[str, Path], drop: Collection[str]) -> Written:
        """Put files into a volume and take files out of it, splitting it when it becomes too large.

        :param put: file name → local file. :param drop: page ids of which no other file may remain.
        """
        before = self._opened(bits) if bits in self.existing() else nullcontext()
        with before as archive:
            kept = [name for name in (archive.namelist() if archive else ()) if page_id_of(name) not in drop]

            def content(name: str) -> bytes:
                return put[name].read_bytes() if archive is None or name in put else archive.read(name)

            written = self._write(bits, sorted({*kept, *put}), content)
        volumes = {name: sha256 for name, sha256, _ in sorted(written)}
        removed = () if volume_name(bits) in volumes or archive is None else (volume_name(bits),)
        for name in removed:
            remove(self.folder / name)
        return Written(volumes, removed, sum(size for *_, size in written))

    def _write(self, bits: str, names: list[str], content: Callable[[str], bytes]) -> list[tuple[str, str, int]]:
        inside = [name for name in names if bits_of_page(page_id_of(name) or name).startswith(bits)]
        if not inside:
            return []
        if len(inside) <= self.max_files:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as file:
                _compress(inside, content, file)
                if file.tell() <= self.max_bytes or len(inside) == 1:
                    return [self._publish(volume_name(bits), file)]
        return [part for bit in "01" for part in self._write(bits + bit, inside, content)]

    def _publish(self, name: str, content: IO[bytes]) -> tuple[str, str, int]:
        """Returns name, SHA-256 and size."""
        size = content.tell()
        content.seek(0)
        digest = hashlib.sha256()
        with writing(self.folder / name) as file:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                file.write(block)
        log.info("Wrote %s, %d bytes", name, size)
        return name, digest.hexdigest(), size

    @contextmanager
    def _opened(self, bits: str) -> Iterator[zipfile.ZipFile]:
        try:
            with (self.folder / volume_name(bits)).open("rb") as file, zipfile.ZipFile(file) as archive:
                yield archive
        except zipfile.BadZipFile as error:
            raise PermanentError(
                f"{volume_name(bits)} is not a readable ZIP",
                "Delete it, set `repair: true` in the source and run it: its pages are written anew.",
            ) from error


def _compress(names: list[str], content: Callable[[str], bytes], file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in names:
            archive.writestr(_entry(name), content(name))
    file.seek(0, 2)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
