"""What the terms of a CQL query mean: fields, operators and times, as predicates over what can be found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

T = TypeVar("T")

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2}))?")
_INCREMENT = re.compile(r"([+-]?\d+)([yMwdhm])")
_UNITS = {
    "y": timedelta(days=365),
    "M": timedelta(days=30),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}


class CqlError(ValueError):
    """The query cannot be parsed; the text says where."""


@dataclass(slots=True)
class Subject:
    """One thing that a search can find, with the values of its fields. Not frozen: setting the fields of a frozen one takes
    three times as long, and a search makes thousands."""

    id: int
    kind: str  # "page", "blogpost", "attachment", "comment" or a container
    space_keys: tuple[str, ...]
    title: str
    labels: tuple[str, ...]
    creator: str
    created: datetime
    modified: datetime
    parent_id: int | None
    ancestor_ids: Callable[[], tuple[int, ...]]
    container_id: int | None
    text: Callable[[], str]


Predicate = Callable[[Subject], bool]


@dataclass(frozen=True)
class Clause:
    """A predicate and what is known about everything it can match.

    :param kinds: types of it. :param containers: ids of what it hangs on. :param is_told: these say all that the predicate does.
    """

    matches: Predicate
    ids: frozenset[int] | None = None
    space_keys: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    containers: frozenset[int] | None = None
    is_told: bool = False


def moment_of(function: str, increment: str, now: datetime) -> datetime:
    """The value of ``now("-90d")``, ``startOfDay()`` or ``endOfDay()``; ``now`` is aware, in the site's zone."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {"now": now, "startofday": midnight, "endofday": midnight + timedelta(days=1, milliseconds=-1)}
    if function.lower() not in starts:
        raise CqlError(f"unknown function {function}")
    return starts[function.lower()] + _increment(increment)


def _increment(text: str) -> timedelta:
    if not text:
        return timedelta()
    match = _INCREMENT.fullmatch(text)
    if match is None:
        raise CqlError(f"not an increment: {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def date_of(text: str, zone: ZoneInfo) -> datetime:
    """``2026-01-31``, ``2026/01/31`` or either with `` 12:30``, in ``zone``."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise CqlError(f"not a date: {text!r}")
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=zone)
    except ValueError as error:
        raise CqlError(f"not a date: {text!r}") from error


def all_of(clauses: list[Clause]) -> Clause:
    predicates = [clause.matches for clause in clauses]
    return Clause(
        lambda subject: all(matches(subject) for matches in predicates),
        _common([clause.ids for clause in clauses]),
        _common([clause.space_keys for clause in clauses]),
        _common([clause.kinds for clause in clauses]),
        _common([clause.containers for clause in clauses]),
        all(clause.is_told for clause in clauses),
    )


def _common(told: list[frozenset[T] | None]) -> frozenset[T] | None:
    known = [values for values in told if values is not None]
    return frozenset.intersection(*known) if known else None


def any_of(clauses: list[Clause]) -> Clause:
    predicates = [clause.matches for clause in clauses]
    return Clause(lambda subject: any(matches(subject) for matches in predicates))


def compare(field: str, operator: str, values: list[str | datetime]) -> Clause:
    if field in ("created", "lastmodified"):
        return Clause(_time_predicate(field, operator, values))
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise CqlError(f"{field} does not take a date")
    if operator in ("~", "!~"):
        return _negated_if(operator == "!~", Clause(_contains(field, texts[0])))
    if operator not in ("=", "!=", "in", "not in"):
        raise CqlError(f"{field} does not take the operator {operator}")
    return _negated_if(operator in ("!=", "not in"), _equals(field, texts))


def _negated_if(negate: bool, clause: Clause) -> Clause:
    return Clause(lambda subject: not clause.matches(subject)) if negate else clause


def _time_predicate(field: str, operator: str, values: list[str | datetime]) -> Predicate:
    moment = values[0]
    if len(values) != 1 or not isinstance(moment, datetime):
        raise CqlError(f"{field} takes one date")
    compared: dict[str, Callable[[datetime], bool]] = {
        ">": lambda value: value > moment,
        ">=": lambda value: value >= moment,
        "<": lambda value: value < moment,
        "<=": lambda value: value <= moment,
        "=": lambda value: value == moment,
        "!=": lambda value: value != moment,
    }
    if operator not in compared:
        raise CqlError(f"{field} does not take the operator {operator}")
    holds = compared[operator]
    if field == "created":
        return lambda subject: holds(subject.created)
    return lambda subject: holds(subject.modified)


def _contains(field: str, text: str) -> Predicate:
    words = text.casefold().replace("*", "").split()
    if field == "title":
        return lambda subject: all(word in subject.title.casefold() for word in words)
    if field in ("text", "sitesearch"):
        return lambda subject: all(word in f"{subject.title} {subject.text()}".casefold() for word in words)
    raise CqlError(f"{field} does not take the operator ~")


def _equals(field: str, texts: list[str]) -> Clause:
    wanted = frozenset(texts)
    simple: dict[str, Predicate] = {
        "title": lambda subject: subject.title in wanted,
        "label": lambda subject: not wanted.isdisjoint(subject.labels),
        "creator": lambda subject: subject.creator in wanted,
    }
    if field in simple:
        return Clause(simple[field])
    if field == "type":
        return Clause(lambda subject: subject.kind in wanted, kinds=wanted, is_told=True)
    if field in ("space", "space.key"):
        return Clause(lambda subject: not wanted.isdisjoint(subject.space_keys), space_keys=wanted, is_told=True)
    ids = frozenset(_id(field, text) for text in texts)
    if field in ("id", "content"):
        return Clause(lambda subject: subject.id in ids, ids=ids)
    if field == "container":
        return Clause(lambda subject: subject.container_id in ids, containers=ids)
    relations: dict[str, Predicate] = {
        "parent": lambda subject: subject.parent_id in ids,
        "ancestor": lambda subject: not ids.isdisjoint(subject.ancestor_ids()),
    }
    return Clause(relations[field])


def _id(field: str, text: str) -> int:
    if field not in ("id", "content", "parent", "ancestor", "container"):
        raise CqlError(f"unknown field {field}")
    digits = text.removeprefix("att")
    if not (digits.isascii() and digits.isdigit()):
        raise CqlError(f"{field} takes an id instead of {text!r}")
    return int(digits)
