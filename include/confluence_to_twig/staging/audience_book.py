"""The audiences of a source that have, or had, a data source of their own: who they are, and what it is called.

One small JSON file a source, ``audiences.json``. A name that was given stays, whatever becomes of the group that it comes
from: another name would be another data source.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.errors import PermanentError
from confluence_to_twig.staging.files import key_of, read_json, write_json

if TYPE_CHECKING:
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.staging.rows import LevelRow


_KNOWN_SECONDS = 60.0
#: By address of the file: when the book was read, and the book.
_known: dict[str, tuple[float, AudienceBook]] = {}


@dataclass(frozen=True)
class Entry:
    """One audience.

    :param label: what its data source is called behind the name of the source. :param levels: who may read.
    """

    label: str
    levels: list[LevelRow]


@dataclass(frozen=True)
class AudienceBook:
    """All of them.

    :param entries: by key, in the order in which they came. :param names: names of people and groups by id, for people.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def read_audience_book(staging: SourceStaging) -> AudienceBook:
    """The book; an empty one for a source that never had audiences. Raises ``PermanentError`` when it is broken.

    Only discover writes it, so that a task asks an object store once; a server, which lives long, once in a minute.
    """
    known = _known.get(str(staging.audience_book))
    if known is None or time.monotonic() - known[0] >= _KNOWN_SECONDS:
        known = _known[str(staging.audience_book)] = (time.monotonic(), _read(staging))
    return known[1]


def _read(staging: SourceStaging) -> AudienceBook:
    path = staging.audience_book
    if key_of(path) is None:  # one call to an object store, where to open a file that is not there takes several
        return AudienceBook()
    try:
        raw = read_json(path)
        entries = {str(key): Entry(str(entry["label"]), list(entry["levels"])) for key, entry in raw["entries"].items()}
        return AudienceBook(entries, dict(raw["names"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PermanentError(
            f"{path} is not readable ({type(error).__name__}), so it is not known which data sources belong to the source",
            f"Put back a copy of it, or remove the source from Twig with `confluence-to-twig start-over {staging.source}`.",
        ) from error


def write_audience_book(staging: SourceStaging, book: AudienceBook) -> None:
    """Replace the book in one step."""
    _known.pop(str(staging.audience_book), None)
    write_json(staging.audience_book, asdict(book))
