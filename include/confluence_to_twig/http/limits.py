"""Reading what a server says about its rate limit, and about when to come back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A reset above this is a time of day in seconds since 1970, one below it is a distance.
_EPOCH_SECONDS = 1e8


@dataclass(frozen=True)
class Limits:
    """What the ``X-RateLimit-*`` headers of an answer say; ``None`` for what they do not say.

    :param limit: requests in a window. :param remaining: what is left of them.
    :param reset_s: seconds from now until the window ends.
    :param near: the server itself warns that the limit is near.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    near: bool = False


def limits_of(headers: Mapping[str, str], now: datetime | None) -> Limits:
    """Read the headers; values that make no sense count as not told.

    :param now: see :func:`reset_seconds`.
    """
    return Limits(
        _whole(headers.get("X-RateLimit-Limit")),
        _whole(headers.get("X-RateLimit-Remaining")),
        reset_seconds(headers.get("X-RateLimit-Reset"), now),
        headers.get("X-RateLimit-NearLimit", "").strip().lower() == "true",
    )


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock by its ``Date`` header: a time of day that it names is measured by that."""
    return _http_date(headers.get("Date", ""))


def retry_after_seconds(value: str | None, now: datetime | None) -> float | None:
    """Seconds to wait by a ``Retry-After`` header: seconds or an HTTP date (RFC 9110, 10.2.3).

    ``None`` when the header is absent or cannot be read. Never negative.

    :param now: what a date is measured by; without it a date tells nothing.
    """
    text = (value or "").strip()
    seconds = _number(text)
    return _until(_http_date(text), now) if seconds is None else max(0.0, seconds)


def reset_seconds(value: str | None, now: datetime | None) -> float | None:
    """Seconds until an ``X-RateLimit-Reset``.

    Confluence documents an ISO 8601 time (https://developer.atlassian.com/cloud/confluence/rate-limiting/), Twig seconds
    since 1970 (https://help.twig.so/product/developer-api/rate-limits); others send the seconds that are left.

    :param now: what a time of day is measured by; without it such a time tells nothing.
    """
    text = (value or "").strip()
    seconds = _number(text)
    if seconds is not None and seconds <= _EPOCH_SECONDS:
        return max(0.0, seconds)
    try:
        moment = datetime.fromtimestamp(seconds, UTC) if seconds is not None else _aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        return retry_after_seconds(text, now) if seconds is None else None
    return _until(moment, now)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _until(moment: datetime | None, now: datetime | None) -> float | None:
    return None if moment is None or now is None else max(0.0, (moment - now).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(value))
    except (TypeError, ValueError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
