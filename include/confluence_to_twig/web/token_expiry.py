"""When the API token of a connection expires: the only fact about a connection that the page shows."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from typing import Any

log = logging.getLogger(__name__)

#: The page warns from this many days before the date on, as the log does.
SOON_DAYS = 14


@dataclass(frozen=True)
class TokenExpiry:
    """What is known about the expiry of a token.

    :param expires_on: the date in the connection, or None when it names none.
    :param problem: why nothing is known, for the page; empty if the connection could be read.
    """

    expires_on: date | None = None
    problem: str = ""

    def to_json(self, today: date) -> dict[str, Any]:
        """``expires_on``, ``days_left`` (negative when it is over), ``state`` and ``problem``."""
        days = (self.expires_on - today).days if self.expires_on else None
        return {
            "expires_on": self.expires_on and self.expires_on.isoformat(),
            "days_left": days,
            "state": _state(days, self.problem),
            "problem": self.problem,
        }


def token_expiry(conn_id: str) -> TokenExpiry:
    """The expiry of a connection's token. Never raises, and never shows anything else of the connection.

    The API server finds connections where every other part of Airflow does: environment, secrets backend, database.
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        extra = BaseHook.get_connection(conn_id).extra_dejson
    except AirflowNotFoundException:
        return TokenExpiry(problem=f"There is no connection {conn_id}, or the API server cannot see it.")
    except Exception as error:
        # A secrets backend may raise anything, and its text may contain secrets.
        log.warning("Connection %s could not be read: %s", conn_id, type(error).__name__)
        return TokenExpiry(problem=f"Connection {conn_id} could not be read ({type(error).__name__}).")
    return expiry_in(extra)


def expiry_in(extra: Any) -> TokenExpiry:
    """The expiry that the extra of a Confluence connection names."""
    text = str(extra.get("token_expires_on") or "").strip() if isinstance(extra, dict) else ""
    if not text:
        return TokenExpiry()
    try:
        return TokenExpiry(date.fromisoformat(text[:10]))
    except ValueError:
        return TokenExpiry(problem="The token expiry date in the connection is not a date.")


def _state(days: int | None, problem: str) -> str:
    if problem:
        return "problem"
    if days is None:
        return "unknown"
    return "expired" if days < 0 else "soon" if days <= SOON_DAYS else "good"
