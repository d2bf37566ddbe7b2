"""The expiry date of an API token: at most a year after its creation, so it will come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

WARNING_BEGINS = timedelta(days=14)


def expiry_warning(expires_on: date | None, today: date) -> str | None:
    """A sentence for the log from 14 days before the date on, with what to do; else ``None``.

    :param expires_on: the date in the connection; Atlassian tells nobody the date of a token.
    """
    if expires_on is None or today < expires_on - WARNING_BEGINS:
        return None
    remedy = "Create a new token, paste it into the connection and enter its expiry date."
    if today > expires_on:
        return f"The API token expired on {expires_on}, says the connection. {remedy}"
    days = (expires_on - today).days
    when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    return f"The API token expires {when}, on {expires_on}. {remedy}"
