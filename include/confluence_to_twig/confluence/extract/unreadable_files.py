"""Attached files that were set aside: they cannot be read, or take too much, and are not tried again until they change.

Each is one small JSON file in ``<source>/unreadable/``, so that tasks on several machines need no lock, and a task that is
tried again knows them. The name says which file in which version, and since when; the content says why, for people.
"""

from __future__ import annotations

import logging
import re
import threading
from datetime import date, timedelta
from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.kinds import READERS_VERSION
from confluence_to_twig.staging.files import UnknownFormatError, files_in, read_json, remove, write_json
from confluence_to_twig.staging.layout import folder_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.api.attached import Attachment

log = logging.getLogger(__name__)

#: So long a file is set aside; one that was deleted in Confluence leaves nothing for longer.
KEPT = timedelta(days=180)
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.(.+)\.json")


class UnreadableFiles:
    """Those of one source. Thread-safe.

    :param folder: where they are noted; None: nowhere, for an extraction without staging.
    :param today: the date in UTC.
    """

    def __init__(self, folder: ObjectStoragePath | None, today: date) -> None:
        self._folder = folder
        self._today = today
        self._lock = threading.Lock()
        self._names: dict[str, str] | None = None

    def reason(self, attachment: Attachment) -> str | None:
        """Why this version of a file was set aside, and when; None: it was not."""
        name = self._known().get(key_of(attachment))
        if name is None or self._folder is None:
            return None
        try:
            why = str(read_json(self._folder / name).get("reason", ""))
        except (FileNotFoundError, ValueError, UnknownFormatError):
            why = "it could not be read"
        return f"{why}, as was found on {name[:10]}"

    def has(self, attachment: Attachment) -> bool:
        """Whether this version of a file was set aside."""
        return key_of(attachment) in self._known()

    def add(self, attachment: Attachment, reason: str) -> None:
        """Set a file aside."""
        if self._folder is None:
            return
        name = f"{self._today.isoformat()}.{key_of(attachment)}.json"
        facts = {
            "attachment": attachment.id,
            "title": attachment.title,
            "page_id": attachment.content_id,
            "version": attachment.version,
            "file_size": attachment.file_size,
            "reason": reason,
        }
        write_json(self._folder / name, facts)
        self._known()[key_of(attachment)] = name

    def _known(self) -> dict[str, str]:
        with self._lock:
            if self._names is None:
                self._names = _by_key(files_in(self._folder)) if self._folder is not None else {}
            return self._names


def key_of(attachment: Attachment) -> str:
    """What changes when the file changes, or the readers do; part of a file name."""
    return f"{folder_name(attachment.id)}-{attachment.version}-{attachment.file_size}-{READERS_VERSION}"


def forget_old(folder: ObjectStoragePath, today: date) -> None:
    """Remove what was noted so long ago that it is worth another try."""
    for name in old_names(files_in(folder), today):
        remove(folder / name)


def old_names(names: Iterable[str], today: date) -> list[str]:
    """The names of files that were set aside longer ago than :data:`KEPT`. Other names are nobody's business here."""
    first = (today - KEPT).isoformat()
    return [name for name in names if (found := _NAME.fullmatch(name)) and found[1] < first]


def _by_key(names: Iterable[str]) -> dict[str, str]:
    return {found[2]: name for name in names if (found := _NAME.fullmatch(name))}
