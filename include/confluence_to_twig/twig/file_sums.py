"""The SHA-256 of each file in a folder for Twig, so that a file that others changed is noticed.

One JSON file a source, ``files.json`` in staging. A sum belongs to the load of the file's pages that the manifest names: when
these pages were loaded again, the file is another one, and gets another sum. It is the sum of what was written; where the
writer died before it noted that, of what verify saw first. A file is read only if the store tells another size, time or tag
for it than before.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.staging.files import keys_in, read_bytes, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

#: What the store tells of a file is known when it was read back, and not before.
NOT_LOOKED_AT = ""


@dataclass(frozen=True)
class Sum:
    """One file.

    :param sha256: of its content. :param key: what the store tells of it. :param load: which load of its pages it is from.
    """

    sha256: str
    key: str
    load: str


class FileSums:
    """The sums of one source's files.

    :param documents: the folder of the files. :param path: where the sums are kept.
    """

    def __init__(self, documents: ObjectStoragePath, path: ObjectStoragePath) -> None:
        self.documents = documents
        self.path = path

    def written(self, sums: Mapping[str, str], loads: Mapping[str, str]) -> None:
        """Note files that were written just now.

        :param sums: name of a file → the SHA-256 of what was written. :param loads: as for :meth:`altered`.
        """
        new = {name: Sum(sha256, NOT_LOOKED_AT, loads[name]) for name, sha256 in sums.items() if name in loads}
        self._write(self._read() | new)

    def altered(self, loads: Mapping[str, str]) -> list[str]:
        """Files that are there, and are not what they were after this load of their pages.

        :param loads: name of a file → what names the load of its pages, see :func:`load_of`.
        """
        before, keys = self._read(), keys_in(self.documents)
        now, altered = dict[str, Sum](), list[str]()
        for name in sorted(loads.keys() & keys.keys()):
            known, load = before.get(name), loads[name]
            if known and (known.key, known.load) == (keys[name], load):
                now[name] = known
                continue
            found = Sum(self._sha256(name), keys[name], load)
            if known is None or known.load != load or known.sha256 == found.sha256:
                now[name] = found
            else:
                now[name] = known
                altered.append(name)
        if now != before:
            self._write(now)
        return altered

    def _sha256(self, name: str) -> str:
        return hashlib.sha256(read_bytes(self.documents / name)).hexdigest()

    def _read(self) -> dict[str, Sum]:
        try:
            data = read_json(self.path)
            if data["documents"] != str(self.documents):
                return {}
            return {str(name): Sum(*map(str, entry)) for name, entry in data["sums"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, PipelineError) as error:
            log.warning("%s is not readable (%s) and begins anew", self.path, type(error).__name__)
            return {}

    def _write(self, sums: dict[str, Sum]) -> None:
        entries = {name: list(astuple(entry)) for name, entry in sums.items()}
        write_json(self.path, {"documents": str(self.documents), "sums": entries})


def load_of(pages: Iterable[tuple[str, object]]) -> str:
    """What names the load of some pages: another one after any of them was loaded again, came or left.

    :param pages: page id and the time of its load.
    """
    return hashlib.sha256(repr(sorted((page_id, str(moment)) for page_id, moment in pages)).encode()).hexdigest()[:16]
