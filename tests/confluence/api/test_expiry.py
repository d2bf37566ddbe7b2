"""The expiry date of a token makes itself known in time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from confluence_to_twig.confluence.api.expiry import expiry_warning

EXPIRES = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("days_before", "said"),
    [(15, None), (14, "in 14 days"), (2, "in 2 days"), (1, "tomorrow"), (0, "today"), (-1, "expired on 2027-03-31")],
)
def test_warns_from_fourteen_days_before_on(days_before: int, said: str | None) -> None:
    warning = expiry_warning(EXPIRES, EXPIRES - timedelta(days=days_before))
    assert (warning is None) if said is None else (said in (warning or ""))


def test_says_nothing_without_a_date() -> None:
    assert expiry_warning(None, EXPIRES) is None
