"""CQL, as far as a sync client needs it: a recursive-descent parser that yields a predicate over search subjects.

Fields: type, space, id, content, title, text, label, creator, created, lastmodified, parent, ancestor, container.
Dates are ``yyyy-MM-dd[ HH:mm]`` or with slashes, read in the site's zone, or ``now("-90d")``, ``startOfDay()`` and
``endOfDay()`` with the increments y M w d h m.
https://developer.atlassian.com/cloud/confluence/cql-fields/ and https://developer.atlassian.com/cloud/confluence/cql-functions/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.confluence.cql_terms import (
    Clause,
    CqlError,
    all_of,
    any_of,
    compare,
    date_of,
    moment_of,
)

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<symbol>!=|!~|>=|<=|[=~<>(),])
      | (?P<word>[^\s=~<>!(),"']+)
    )""",
    re.VERBOSE,
)
_ORDER_FIELDS = {"created": "created", "lastmodified": "lastmodified", "title": "title", "id": "id"}


@dataclass(frozen=True)
class Query:
    """What is to be found, as :class:`sandbox.confluence.cql_terms.Clause` tells it, and in which order."""

    clause: Clause
    order_field: str | None = None  # "created", "lastmodified", "title", "id"
    descending: bool = False


@dataclass(frozen=True)
class _Token:
    kind: str  # "quoted", "symbol" or "word"
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
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
    return Query(clause, field, descending)


class _Parser:
    def __init__(self, tokens: list[_Token], now: datetime, zone: ZoneInfo) -> None:
        self._tokens = tokens
        self._position = 0
        self._now = now
        self._zone = zone

    def disjunction(self) -> Clause:
        clauses = [self._conjunction()]
        while self._take_word("or"):
            clauses.append(self._conjunction())
        return clauses[0] if len(clauses) == 1 else any_of(clauses)

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

    def _conjunction(self) -> Clause:
        clauses = [self._negation()]
        while self._take_word("and"):
            clauses.append(self._negation())
        return clauses[0] if len(clauses) == 1 else all_of(clauses)

    def _negation(self) -> Clause:
        if self._take_word("not"):
            inner = self._negation().matches
            return Clause(lambda subject: not inner(subject))
        if self._take_symbol("("):
            clause = self.disjunction()
            self._need_symbol(")")
            return clause
        return self._comparison()

    def _comparison(self) -> Clause:
        token = self._next("a field")
        if token.kind != "word":
            raise CqlError(f"expected a field instead of {token.text!r}")
        field = token.text.lower()
        operator = self._operator()
        values = self._values() if operator in ("in", "not in") else [self._value(field)]
        return compare(field, operator, values)

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
        return date_of(token.text, self._zone) if field in ("created", "lastmodified") else token.text

    def _call(self, name: str) -> datetime:
        argument = "" if self._peek_symbol(")") else self._next("an increment").text
        self._need_symbol(")")
        return moment_of(name, argument, self._now.astimezone(self._zone))

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
