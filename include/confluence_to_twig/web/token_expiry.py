"""When the API token of a connection expires: the only fact about a connection that the page shows."""

from __future__ import annotations

from datetime import date
from typing import Any

#: The page warns from this many days before the date on, as the log does.
SOON_DAYS = 14


def expiry_shown(expires_on: str, today: date) -> dict[str, Any]:
    """What the page shows of an expiry.

    It comes from the last run: an API server may see other connections than the workers do, or none.

    :param expires_on: the day that the last run found in the connection, ISO 8601; empty if it found none.
    :returns: ``expires_on``, ``days_left`` (negative when it is over), and ``state``: ``unknown``, ``good``, ``soon``
        or ``expired``.
    """
    if not expires_on:
        return {"expires_on": None, "days_left": None, "state": "unknown"}
    days = (date.fromisoformat(expires_on) - today).days
    return {"expires_on": expires_on, "days_left": days, "state": _state(days)}


def _state(days: int) -> str:
    return "expired" if days < 0 else "soon" if days <= SOON_DAYS else "good"
