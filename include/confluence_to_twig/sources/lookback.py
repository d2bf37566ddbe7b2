"""Lookback: how far back a window reaches, as people write it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from confluence_to_twig.sources.mistakes import shown

ALLOWED = 'write it as "90 days", "12 hours", an ISO 8601 duration such as "P90D", or a number of days'
_UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
_WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=36_525)
_duration = TypeAdapter(timedelta)


def parse_lookback(value: Any) -> timedelta:
    """A lookback of a minute to a hundred years; see :func:`parse_duration`."""
    return parse_duration(value, _SHORTEST, _LONGEST)


def parse_duration(value: Any, shortest: timedelta, longest: timedelta) -> timedelta:
    """A duration from what a person wrote: ``90 days``, ``12 hours``, ``1 week 2 days``, ``P90D``, ``PT12H`` or ``90``.

    A bare number is days, as in Twig's own set-up form. Raises ``ValueError`` with the allowed forms for anything
    else, for months and years (they have no fixed length), and for durations outside the limits.
    """
    duration = _parse(value)
    if not shortest <= duration <= longest:
        raise ValueError(f"{shown(value)} is not between {describe(shortest)} and {describe(longest)}; {ALLOWED}")
    return duration


def _parse(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{shown(value)} is not a duration; {ALLOWED}")
    text = str(value).strip()
    try:
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return timedelta(days=float(text))
        if text[:1] in {"P", "p"}:
            return _iso(text.upper())
        return _words(text)
    except (OverflowError, ValidationError):
        raise ValueError(f"{shown(value)} is not a duration; {ALLOWED}") from None


def _iso(text: str) -> timedelta:
    date_part = text.partition("T")[0]
    if "M" in date_part or "Y" in date_part:
        raise ValueError(f"{shown(text)}: months and years have no fixed length; {ALLOWED}")
    if weeks := re.fullmatch(r"P(\d+)W", text):
        return timedelta(weeks=int(weeks[1]))
    return _duration.validate_strings(text)


def _words(text: str) -> timedelta:
    parts = _WORDS.findall(text)
    if not parts or _WORDS.sub("", text).replace(",", "").replace("and", "").strip():
        raise ValueError(f"{shown(text)} is not a duration; {ALLOWED}")
    total: dict[str, float] = {}
    for number, word in parts:
        singular = word.lower().removesuffix("s")
        if singular in {"month", "year"}:
            raise ValueError(f"{shown(text)}: months and years have no fixed length; {ALLOWED}")
        if singular not in _UNITS:
            raise ValueError(f"{shown(text)}: unknown unit {word!r}; {ALLOWED}")
        total[_UNITS[singular]] = total.get(_UNITS[singular], 0.0) + float(number)
    return timedelta(**total)


def describe(lookback: timedelta) -> str:
    """A duration in the words of the set-up: ``90 days``, ``12 hours``, ``15 seconds``."""
    seconds = round(lookback.total_seconds())
    if seconds % 60:
        return _plural(seconds, "second")
    hours, odd_minutes = divmod(seconds // 60, 60)
    if odd_minutes:
        return _plural(seconds // 60, "minute")
    days, odd_hours = divmod(hours, 24)
    return _plural(hours, "hour") if odd_hours else _plural(days, "day")


def _plural(number: int, unit: str) -> str:
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"
