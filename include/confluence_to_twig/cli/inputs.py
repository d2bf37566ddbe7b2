"""What the user gave, checked before Airflow is imported: a mistake is one line, at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.sources.location import SOURCES_VARIABLE, airflow_home
from confluence_to_twig.sources.source import load_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.sources.source import Source, SourcesFile


class InputError(PermanentError):
    """A mistake in what the user gave: an option, the sources file, a connection. Exit status 2."""


def prepared_home() -> Path:
    """AIRFLOW_HOME, which exists then. Raises :class:`InputError` when it cannot be a folder."""
    home = airflow_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"AIRFLOW_HOME {home}: {error.strerror}", "Set AIRFLOW_HOME to your Airflow's folder."
        ) from None
    return home


def read_sources(path: str | None) -> SourcesFile:
    """The sources file, with at least one usable source.

    :param path: the file of ``--sources``; None takes the usual one. Later processes read the same.
    :raises InputError: no source of the file is usable; one line for each mistake.
    """
    if path == "":
        raise InputError("--sources is empty", "Name a file, or leave the option out.")
    if path:
        os.environ[SOURCES_VARIABLE] = path if "://" in path else str(Path(path).resolve())
    file = load_sources()
    if not file.sources and file.problems:
        raise InputError("\n".join(file.problems))
    if not file.sources:
        raise InputError(f"{file.location}: the list 'sources' is empty", "Add an entry with name and space_key.")
    return file


def named(file: SourcesFile, names: Sequence[str]) -> list[Source]:
    """The sources of these names, or all of them. Raises :class:`InputError` for a name that is not in the file."""
    known = {source.name: source for source in file.sources}
    for name in names:
        if name not in known:
            broken = next((problem for problem in file.problems if f"source '{name}'" in problem), None)
            raise InputError(
                broken or f"There is no source named {name!r} in {file.location}",
                "" if broken else f"Known: {', '.join(known) or 'none'}.",
            )
    return [known[name] for name in dict.fromkeys(names)] if names else list(file.sources)


def one_source(path: str | None, name: str) -> Source:
    """The source of that name; mistakes in other entries of the file do not matter."""
    return named(read_sources(path), [name])[0]


def moment(option: str, text: str) -> datetime:
    """A date or date-time of an option; UTC unless it says otherwise.

    :raises InputError: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{option}: {text!r} is not a date", "Write it as 2026-11-01 or 2026-11-01T08:00:00Z."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def last_moment(option: str, text: str) -> datetime:
    """As :func:`moment`; a day without a time means the end of it."""
    found = moment(option, text)
    return found + timedelta(days=1, seconds=-1) if len(text) <= len("2026-11-01") else found


def past_moment(option: str, text: str) -> datetime:
    """As :func:`moment`, and before now."""
    found = moment(option, text)
    if found >= datetime.now(UTC):
        raise InputError(f"{option}: {text} lies in the future", "Give the time from which on pages were modified.")
    return found


def writable_file(option: str, text: str) -> Path:
    """The path of a file that can be written; it is not created yet.

    :raises InputError: its folder does not exist or cannot be written, or the path names a folder.
    """
    if not text:
        raise InputError(f"{option} is empty", "Name a file, or leave the option out.")
    path = Path(text)
    if path.is_dir():
        raise InputError(f"{option}: {text} is a folder", "Name a file in it.")
    if not path.parent.is_dir():
        raise InputError(f"{option}: there is no folder {path.parent}", "Create it, or name another file.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{option}: {text} cannot be written", "Change its permissions, or name another file.")
    return path
