"""Lookback: how far back a window reaches, as people write it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

ALLOWED = 'write it as "90 days", "12 hours", an ISO 8601 duration such as "P90D", or a number of days'
_UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}
_WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_LONGEST = timedelta(days=36_525)
_duration = TypeAdapter(timedelta)


def parse_lookback(value: Any) -> timedelta:
    """A duration from what a person wrote: ``90 days``, ``12 hours``, ``1 week 2 days``, ``P90D``, ``PT12H`` or ``90``.

    A bare number is days, as in Twig's own set-up form. Raises ``ValueError`` with the allowed forms for anything
    else, for months and years (they have no fixed length), and for durations that are not positive.
    """
    lookback = _parse(value)
    if not timedelta(0) < lookback <= _LONGEST:
        raise ValueError(f"{value!r} is not between one minute and a hundred years; {ALLOWED}")
    return lookback


def _parse(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is not a duration; {ALLOWED}")
    text = str(value).strip()
    try:
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return timedelta(days=float(text))
        if text[:1] in {"P", "p"}:
            return _iso(text.upper())
        return _words(text)
    except (OverflowError, ValidationError):
        raise ValueError(f"{value!r} is not a duration; {ALLOWED}") from None


def _iso(text: str) -> timedelta:
    date_part = text.partition("T")[0]
    if "M" in date_part or "Y" in date_part:
        raise ValueError(f"{text!r}: months and years have no fixed length; {ALLOWED}")
    if weeks := re.fullmatch(r"P(\d+)W", text):
        return timedelta(weeks=int(weeks[1]))
    return _duration.validate_strings(text)


def _words(text: str) -> timedelta:
    parts = _WORDS.findall(text)
    if not parts or _WORDS.sub("", text).replace(",", "").replace("and", "").strip():
        raise ValueError(f"{text!r} is not a duration; {ALLOWED}")
    total: dict[str, float] = {}
    for number, word in parts:
        singular = word.lower().removesuffix("s")
        if singular in {"month", "year"}:
            raise ValueError(f"{text!r}: months and years have no fixed length; {ALLOWED}")
        if singular not in _UNITS:
            raise ValueError(f"{text!r}: unknown unit {word!r}; {ALLOWED}")
        total[_UNITS[singular]] = total.get(_UNITS[singular], 0.0) + float(number)
    return timedelta(**total)


def describe(lookback: timedelta) -> str:
    """A lookback in the words of the set-up: ``90 days``, ``12 hours``."""
    hours, rest = divmod(round(lookback.total_seconds()), 3600)
    if rest:
        return _plural(round(lookback.total_seconds() / 60), "minute")
    days, odd_hours = divmod(hours, 24)
    return _plural(hours, "hour") if odd_hours else _plural(days, "day")


def _plural(number: int, unit: str) -> str:
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"
