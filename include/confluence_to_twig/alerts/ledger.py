"""Ledger: which problems of a source each channel got, and when, in ``<source>/alerts.json``.

It keeps a failing source from filling a mailbox. Two processes that write it at the same time can lose an entry. The
problem is then told once more, which does no harm.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from confluence_to_twig.staging.files import UnknownFormatError, read_json, write_json

if TYPE_CHECKING:
    from confluence_to_twig.alerts.alert import Alert
    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

Entry = dict[str, Any]

#: Problems that were not told for this long are forgotten: a token that was replaced, a run that was deleted.
FORGOTTEN_AFTER = timedelta(days=90)


class Ledger:
    """The ledger of one source. A missing or unreadable ledger counts as empty: telling twice is better than never.

    :param staging: the source's files.
    """

    def __init__(self, staging: SourceStaging) -> None:
        self._path = staging.home / "alerts.json"

    def is_due(self, alert: Alert, channel: str, now: datetime, repeat_after: timedelta) -> bool:
        """Whether this channel should get the problem now."""
        told = self._read().get(alert.key, {}).get("told", {}).get(channel)
        return told is None or now - datetime.fromisoformat(told) >= repeat_after

    def told(self, alert: Alert, channel: str, now: datetime) -> None:
        """Record that a channel got the problem."""
        entries = {key: entry for key, entry in self._read().items() if now - _last(entry) < FORGOTTEN_AFTER}
        entry = entries.setdefault(alert.key, {"kind": alert.kind, "told": {}})
        entry |= {"summary": alert.summary, "told": entry["told"] | {channel: now.isoformat()}}
        self._write(entries)

    def open_problems(self, kinds: frozenset[str]) -> dict[str, Entry]:
        """Problem key → entry of the problems of these kinds."""
        return {key: entry for key, entry in self._read().items() if entry["kind"] in kinds}

    def close(self, keys: frozenset[str]) -> None:
        """Forget problems that are over. If they come back, they are told at once."""
        entries = self._read()
        if keys & entries.keys():
            self._write({key: entry for key, entry in entries.items() if key not in keys})

    def _read(self) -> dict[str, Entry]:
        try:
            entries = read_json(self._path)
            return {key: entry for key, entry in entries.items() if entry["kind"] and _last(entry)}
        except FileNotFoundError:
            return {}
        except (UnknownFormatError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s is not readable (%s), so it starts empty", self._path, type(error).__name__)
            return {}

    def _write(self, entries: dict[str, Entry]) -> None:
        write_json(self._path, entries)


def _last(entry: Entry) -> datetime:
    return max(datetime.fromisoformat(moment) for moment in entry["told"].values())
