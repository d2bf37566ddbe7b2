"""The fields of a source: what each may hold, and what to write instead. Imported when DAGs are parsed: nothing heavy.

The limits are those of what a value ends up in: Airflow's tables and identifiers, Confluence's labels. A value beyond
them would pass here and stop Airflow from storing the DAGs of every source.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from confluence_to_twig.sources.lookback import parse_duration, parse_lookback
from confluence_to_twig.sources.mistakes import shown
from confluence_to_twig.sources.space_key import SpaceKeyError, check_space_key

ContentKind = Literal["page", "blogpost"]
AttachmentsMode = Literal["none", "names", "text", "documents"]
_KINDS: dict[str, ContentKind] = {"pages": "page", "blogposts": "blogpost", "page": "page", "blogpost": "blogpost"}

#: Confluence appeared in 2004: nothing in it was modified before.
_FIRST_START = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST_START = timedelta(days=366)
#: Airflow keeps a description of the schedule in 1,000 characters.
_LONGEST_SCHEDULE = 150
_PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")
_PAGE_ADDRESS = re.compile(r"^https?://\S*?(?:/pages/(\d+)|pageId=(\d+))")
_WILD, _KEY_PATTERN = re.compile("[*?]"), re.compile(r"~?[\w.:@+*?-]{1,255}")
_CONN_ID = re.compile(r"[\w#!()\-.:/\\]{1,200}")


def _text(value: str) -> str:
    """Control characters and halves of surrogate pairs cannot be stored by every database."""
    if not value:
        raise ValueError("is empty; write a value, or leave the field out")
    odd = next((character for character in value if unicodedata.category(character) in {"Cc", "Cs"}), None)
    if odd is not None:
        raise ValueError(f"contains the control character {odd!r}; take it out")
    return value


def _space_key(value: str) -> str:
    try:
        return check_space_key(value)
    except SpaceKeyError as error:
        raise ValueError(f"{error.summary} {error.remedy}") from None


def _spaces(value: str) -> str:
    """A key, or a pattern of keys."""
    if not _WILD.search(value):
        return _space_key(value)
    if not _KEY_PATTERN.fullmatch(value):
        raise ValueError(f'{shown(value)} cannot fit a space key; write a pattern such as "ENG*", "*" or "~*"')
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        raise ValueError(
            f"{shown(value)} cannot name a DAG; use letters, digits, '.', '-' and '_', at most 100, starting with a letter or digit"
        )
    return value


def _conn_id(value: str) -> str:
    """The rule is Airflow's own, ``sanitize_conn_id``: it refuses to store another id."""
    if not _CONN_ID.fullmatch(value):
        raise ValueError(f"{shown(value)} cannot be the id of a connection; write one such as confluence_default")
    return value


def _schedule(value: str | None) -> str | None:
    if value is None or value.strip().lower() in {"", "manual", "none"}:
        return None
    value = value.strip()
    if value.lower() in _PRESETS:
        return value.lower()
    if len(value.split()) != 5 or len(value) > _LONGEST_SCHEDULE or not _comes(value):
        raise ValueError(
            f'{shown(value)} is not a cron expression of five fields, or never comes due; write for instance "0 2 * * *" for 02:00 UTC every day, '
            'or "manual" for a source that only runs when it is triggered'
        )
    return value


def _comes(cron: str) -> bool:
    """Whether there is such a time at all: ``0 0 31 2 *`` is well-formed, and no scheduler finds its next run."""
    from croniter import CroniterError, croniter

    try:
        croniter(cron, _FIRST_START).get_next()
    except (CroniterError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _content_kinds(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if (
        not isinstance(names, (list, tuple))
        or not names
        or not all(isinstance(name, str) and name in _KINDS for name in names)
    ):
        raise ValueError(f"{shown(value)} is not allowed; list one or both of: pages, blogposts")
    return tuple(dict.fromkeys(_KINDS[name] for name in names))


def _start(value: Any) -> Any:
    """A bare number would be taken for seconds since 1970."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, (bool, int, float)) or (isinstance(value, str) and "-" not in value):
        raise ValueError(f"{shown(value)} is not a date; write one such as 2026-01-01")
    return value


def _sensible_start(value: datetime) -> datetime:
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    if not _FIRST_START <= moment <= datetime.now(UTC) + _LATEST_START:
        raise ValueError(
            f"{moment.date()} is before {_FIRST_START.year} or more than a year ahead, so that no run would be due; "
            "write the date from which on runs are scheduled"
        )
    return moment


def _no_boolean(value: Any) -> Any:
    """``true`` is 1 in Python, and nobody means that."""
    if isinstance(value, bool):
        raise ValueError(f"write a number, not {str(value).lower()}")
    return value


def _label(value: str) -> str:
    if re.search(r"\s", value):
        raise ValueError(
            f"{shown(value)} has a blank in it, which no label has; write one label for each item of the list"
        )
    return value


def _page(value: Any) -> Any:
    """YAML reads an id as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _page_reference(value: str) -> str:
    if in_address := _PAGE_ADDRESS.search(value):
        raise ValueError(f"{shown(value)} is an address; write only the id in it: {in_address[1] or in_address[2]}")
    return value


def _pattern(value: str) -> str:
    if not value.strip("*? "):
        raise ValueError(f"{shown(value)} fits every title, so that no page would be left; write a part of the titles")
    return value


def duration(shortest: timedelta, longest: timedelta) -> BeforeValidator:
    """What people write for a duration, within limits."""
    return BeforeValidator(lambda value: parse_duration(value, shortest, longest))


def _render_again(value: Any) -> timedelta | None:
    never = value is None or (isinstance(value, str) and value.strip().lower() in {"", "0", "none", "never"})
    if never or (value == 0 and not isinstance(value, bool)):
        return None
    return parse_duration(value, timedelta(minutes=1), timedelta(days=366))


def _sweep_every(value: Any) -> timedelta | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in {"", "auto"}):
        return None
    return parse_duration(value, timedelta(minutes=1), timedelta(days=31))


def _max_age(value: Any) -> timedelta | None:
    return None if value is None else parse_duration(value, timedelta(hours=1), timedelta(days=36_525))


def _seconds(value: timedelta | None) -> str | None:
    return None if value is None else f"{value.total_seconds():f} seconds"


#: ISO 8601 durations of more than a year are written with years, which have no fixed length when they are read back.
IN_SECONDS = PlainSerializer(_seconds, when_used="json")
NO_BOOLEAN = BeforeValidator(_no_boolean)
Name = Annotated[str, AfterValidator(_name)]
SpaceKey = Annotated[str, AfterValidator(_space_key)]
SpacePattern = Annotated[str, AfterValidator(_spaces)]
Schedule = Annotated[str | None, AfterValidator(_schedule)]
Lookback = Annotated[timedelta | None, BeforeValidator(lambda v: None if v is None else parse_lookback(v)), IN_SECONDS]
RenderAgain = Annotated[timedelta | None, BeforeValidator(_render_again), IN_SECONDS]
SweepEvery = Annotated[timedelta | None, BeforeValidator(_sweep_every), IN_SECONDS]
StartDate = Annotated[datetime, AfterValidator(_sensible_start), BeforeValidator(_start)]
ConnId = Annotated[str, AfterValidator(_conn_id)]
ContentKinds = Annotated[tuple[ContentKind, ...], BeforeValidator(_content_kinds)]
Label = Annotated[str, Field(max_length=255), AfterValidator(_label), AfterValidator(_text)]
PageReference = Annotated[
    str, Field(max_length=255), AfterValidator(_page_reference), AfterValidator(_text), BeforeValidator(_page)
]
TitlePattern = Annotated[str, Field(max_length=255), AfterValidator(_pattern), AfterValidator(_text)]
MaxAge = Annotated[timedelta | None, BeforeValidator(_max_age), IN_SECONDS]
Tag = Annotated[str, Field(max_length=100), AfterValidator(_text)]
Text = Annotated[str, Field(max_length=255), AfterValidator(_text)]
Location = Annotated[str, Field(max_length=2_000), AfterValidator(_text)]
