"""When to come back: in seconds, as a date, or not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.api.retry_after import reset_seconds, retry_after_seconds

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("Sun, 22 Nov 2026 10:00:45 GMT", 45.0),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_reads_seconds_and_dates_and_nothing_else(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.integers(0, 10**6))
def test_a_date_means_the_same_as_its_distance(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_seconds(date, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_it(value: str) -> None:
    for read in (retry_after_seconds, reset_seconds):
        seconds = read(value, NOW)
        assert seconds is None or seconds >= 0


def test_a_reset_is_an_iso_time_or_seconds() -> None:
    assert reset_seconds("2026-11-22T10:01Z", NOW) == 60.0
    assert reset_seconds("2026-11-22T10:01:00.500+00:00", NOW) == 60.5
    assert reset_seconds("12", NOW) == 12.0
    assert reset_seconds(None, NOW) is None
