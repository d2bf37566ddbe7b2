from __future__ import annotations

from datetime import date

import pytest

from confluence_to_twig.web.token_expiry import expiry_shown

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("expires_on", "days", "state"),
    [
        ("2026-12-07", 15, "good"),
        ("2026-12-06", 14, "soon"),
        ("2026-11-22", 0, "soon"),
        ("2026-11-21", -1, "expired"),
        ("", None, "unknown"),
    ],
)
def test_warns_from_fourteen_days_before(expires_on: str, days: int | None, state: str) -> None:
    shown = expiry_shown(expires_on, TODAY)
    assert (shown["expires_on"], shown["days_left"], shown["state"]) == (expires_on or None, days, state)
