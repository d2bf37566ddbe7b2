"""Timeline: what happened to a source besides its runs, told by the lines of its history. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.sources.source import Source


@dataclass(frozen=True)
class Event:
    """Something that happened.

    :param at: ISO 8601. :param folder: the run in which it was seen first.
    """

    at: str
    kind: Literal["configuration", "converter", "approval"]
    text: str
    folder: str


def settings_of(source: Source) -> str:
    """Names and fingerprints of the settings that are not the default: enough to see which changed, and no value of any."""
    settings = source.model_dump(mode="json", exclude_defaults=True)
    return " ".join(f"{name}={_fingerprint(value)}" for name, value in sorted(settings.items()))


def _fingerprint(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def events(rows: Iterable[RunRow]) -> Iterator[Event]:
    """What happened, in the order of the runs.

    :param rows: the runs, the one that ended first first. A run of an earlier release tells nothing.
    """
    settings = converter = ""
    for row in rows:
        if settings and row.settings and settings != row.settings:
            changed = ", ".join(_differences(settings, row.settings))
            yield Event(row.started_at, "configuration", f"Configuration changed: {changed}", row.folder)
        if converter and row.converter and converter != row.converter:
            text = f"Converter {converter} → {row.converter}: pages are converted again"
            yield Event(row.started_at, "converter", text, row.folder)
        if row.approval:
            yield Event(row.approved_at, "approval", row.approval, row.folder)
        settings, converter = row.settings or settings, row.converter or converter


def _differences(before: str, after: str) -> list[str]:
    old, new = (dict(entry.split("=", 1) for entry in text.split()) for text in (before, after))
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
