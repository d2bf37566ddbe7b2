"""CQL, as far as a sync client needs it: a recursive-descent parser that yields a predicate over search subjects.

Fields: type, space, id, content, title, text, label, creator, created, lastmodified, parent, ancestor, container.
Dates are ``yyyy-MM-dd[ HH:mm]`` or with slashes, read in the site's zone, or ``now("-90d")``, ``startOfDay()`` and
``endOfDay()`` with the increments y M w d h m.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class CqlError(ValueError):
    """The query cannot be parsed; the text says where."""


@dataclass(frozen=True)
class Subject:
    """One thing that a search can find, with the values of its fields."""

    id: int
    kind: str  # "page", "blogpost", "attachment", "comment" or a container
    space_keys: tuple[str, ...]
    title: str
    labels: tuple[str, ...]
    creator: str
    created: datetime
    modified: datetime
    parent_id: int | None
    ancestor_ids: tuple[int, ...]
    container_id: int | None
    text: Callable[[], str]


Predicate = Callable[[Subject], bool]


@dataclass(frozen=True)
class Query:
    matches: Predicate
    order_field: str | None = None  # "created", "lastmodified", "title", "id"
    descending: bool = False
    ids: frozenset[int] | None = None  # when the query can only match these
    space_keys: frozenset[str] | None = None  # when the query can only match in these spaces


@dataclass(frozen=True)
class _Clause:
    """A predicate and what is known about everything it can match."""

    matches: Predicate
    ids: frozenset[int] | None = None
    space_keys: frozenset[str] | None = None


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<symbol>!=|!~|>=|<=|[=~<>(),])
      | (?P<word>[^\s=~<>!(),"']+)
    )""",
    re.VERBOSE,
)
_ORDER_FIELDS = {"created": "created", "lastmodified": "lastmodified", "title": "title", "id": "id"}
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


@dataclass(frozen=True)
class _Token:
    kind: str  # "quoted", "symbol" or "word"
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise CqlError(f"unexpected character at position {position}")
        kind = match.lastgroup or ""
        value = match.group(kind)
        found.append(_Token(kind, re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "quoted" else value))
        position = match.end()
    return found


def parse(text: str, now: datetime, zone: ZoneInfo) -> Query:
    """The query that ``text`` states.

    :param now: what ``now()`` stands for, aware.
    :param zone: the zone of dates that name none.
    :raises CqlError: when it is no valid CQL, or uses a field that the sandbox does not know.
    """
    parser = _Parser(_tokens(text), now, zone)
    clause = parser.disjunction()
    field, descending = parser.order_by()
    parser.expect_end()
    return Query(clause.matches, field, descending, clause.ids, clause.space_keys)


class _Parser:
    def __init__(self, tokens: list[_Token], now: datetime, zone: ZoneInfo) -> None:
        self._tokens = tokens
        self._position = 0
        self._now = now
        self._zone = zone

    def disjunction(self) -> _Clause:
        clauses = [self._conjunction()]
        while self._take_word("or"):
            clauses.append(self._conjunction())
        return clauses[0] if len(clauses) == 1 else _any_of(clauses)

    def order_by(self) -> tuple[str | None, bool]:
        if not self._take_word("order"):
            return None, False
        if not self._take_word("by"):
            raise CqlError("expected BY after ORDER")
        field = self._next("a field").text.lower()
        if field not in _ORDER_FIELDS:
            raise CqlError(f"cannot order by {field}")
        descending = self._take_word("desc")
        if not descending:
            self._take_word("asc")
        return _ORDER_FIELDS[field], descending

    def expect_end(self) -> None:
        if self._position < len(self._tokens):
            raise CqlError(f"unexpected {self._tokens[self._position].text!r}")

    def _conjunction(self) -> _Clause:
        clauses = [self._negation()]
        while self._take_word("and"):
            clauses.append(self._negation())
        return clauses[0] if len(clauses) == 1 else _all_of(clauses)

    def _negation(self) -> _Clause:
        if self._take_word("not"):
            inner = self._negation().matches
            return _Clause(lambda subject: not inner(subject))
        if self._take_symbol("("):
            clause = self.disjunction()
            self._need_symbol(")")
            return clause
        return self._comparison()

    def _comparison(self) -> _Clause:
        token = self._next("a field")
        if token.kind != "word":
            raise CqlError(f"expected a field instead of {token.text!r}")
        field = token.text.lower()
        operator = self._operator()
        values = self._values() if operator in ("in", "not in") else [self._value(field)]
        return _compare(field, operator, values)

    def _operator(self) -> str:
        if self._take_word("in"):
            return "in"
        if self._take_word("not"):
            if self._take_word("in"):
                return "not in"
            raise CqlError("expected IN after NOT")
        token = self._next("an operator")
        if token.kind != "symbol" or token.text in "(),":
            raise CqlError(f"expected an operator instead of {token.text!r}")
        return token.text

    def _values(self) -> list[str | datetime]:
        self._need_symbol("(")
        values = [self._value("")]
        while self._take_symbol(","):
            values.append(self._value(""))
        self._need_symbol(")")
        return values

    def _value(self, field: str) -> str | datetime:
        token = self._next("a value")
        if token.kind == "symbol":
            raise CqlError(f"expected a value instead of {token.text!r}")
        if token.kind == "word" and token.text.startswith("~"):
            raise CqlError("a personal space key must be quoted")
        if token.kind == "word" and self._take_symbol("("):
            return self._call(token.text)
        return self._date(token.text) if field in ("created", "lastmodified") else token.text

    def _call(self, name: str) -> datetime:
        argument = "" if self._peek_symbol(")") else self._next("an increment").text
        self._need_symbol(")")
        local = self._now.astimezone(self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = {"now": local, "startofday": midnight, "endofday": midnight + timedelta(days=1, milliseconds=-1)}
        if name.lower() not in starts:
            raise CqlError(f"unknown function {name}")
        return starts[name.lower()] + self._increment(argument)

    def _increment(self, text: str) -> timedelta:
        if not text:
            return timedelta()
        match = _INCREMENT.fullmatch(text)
        if match is None:
            raise CqlError(f"not an increment: {text!r}")
        return int(match[1]) * _UNITS[match[2]]

    def _date(self, text: str) -> datetime:
        match = _DATE.fullmatch(text.strip())
        if match is None:
            raise CqlError(f"not a date: {text!r}")
        try:
            return datetime(*(int(part or 0) for part in match.groups()), tzinfo=self._zone)  # type: ignore[misc,arg-type]
        except ValueError as error:
            raise CqlError(f"not a date: {text!r}") from error

    def _next(self, expected: str) -> _Token:
        if self._position == len(self._tokens):
            raise CqlError(f"expected {expected} at the end")
        self._position += 1
        return self._tokens[self._position - 1]

    def _take_word(self, word: str) -> bool:
        found = self._position < len(self._tokens) and self._tokens[self._position].is_word(word)
        self._position += found
        return found

    def _peek_symbol(self, symbol: str) -> bool:
        return self._position < len(self._tokens) and self._tokens[self._position] == _Token("symbol", symbol)

    def _take_symbol(self, symbol: str) -> bool:
        found = self._peek_symbol(symbol)
        self._position += found
        return found

    def _need_symbol(self, symbol: str) -> None:
        if not self._take_symbol(symbol):
            raise CqlError(f"expected {symbol!r}")


def _all_of(clauses: list[_Clause]) -> _Clause:
    predicates = [clause.matches for clause in clauses]
    ids = [clause.ids for clause in clauses if clause.ids is not None]
    keys = [clause.space_keys for clause in clauses if clause.space_keys is not None]
    return _Clause(
        lambda subject: all(matches(subject) for matches in predicates),
        frozenset.intersection(*ids) if ids else None,
        frozenset.intersection(*keys) if keys else None,
    )


def _any_of(clauses: list[_Clause]) -> _Clause:
    predicates = [clause.matches for clause in clauses]
    return _Clause(lambda subject: any(matches(subject) for matches in predicates))


def _compare(field: str, operator: str, values: list[str | datetime]) -> _Clause:
    if field in ("created", "lastmodified"):
        return _Clause(_time_predicate(field, operator, values))
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise CqlError(f"{field} does not take a date")
    if operator in ("~", "!~"):
        return _negated_if(operator == "!~", _Clause(_contains(field, texts[0])))
    if operator not in ("=", "!=", "in", "not in"):
        raise CqlError(f"{field} does not take the operator {operator}")
    return _negated_if(operator in ("!=", "not in"), _equals(field, texts))


def _negated_if(negate: bool, clause: _Clause) -> _Clause:
    return _Clause(lambda subject: not clause.matches(subject)) if negate else clause


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


def _equals(field: str, texts: list[str]) -> _Clause:
    wanted = frozenset(texts)
    simple: dict[str, Predicate] = {
        "type": lambda subject: subject.kind in wanted,
        "title": lambda subject: subject.title in wanted,
        "label": lambda subject: not wanted.isdisjoint(subject.labels),
        "creator": lambda subject: subject.creator in wanted,
    }
    if field in simple:
        return _Clause(simple[field])
    if field in ("space", "space.key"):
        return _Clause(lambda subject: not wanted.isdisjoint(subject.space_keys), space_keys=wanted)
    ids = frozenset(_id(field, text) for text in texts)
    if field in ("id", "content"):
        return _Clause(lambda subject: subject.id in ids, ids=ids)
    relations: dict[str, Predicate] = {
        "parent": lambda subject: subject.parent_id in ids,
        "ancestor": lambda subject: not ids.isdisjoint(subject.ancestor_ids),
        "container": lambda subject: subject.container_id in ids,
    }
    return _Clause(relations[field])


def _id(field: str, text: str) -> int:
    if field not in ("id", "content", "parent", "ancestor", "container"):
        raise CqlError(f"unknown field {field}")
    digits = text.removeprefix("att")
    if not (digits.isascii() and digits.isdigit()):
        raise CqlError(f"{field} takes an id instead of {text!r}")
    return int(digits)
