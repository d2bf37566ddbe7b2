"""When to come back: in seconds, as a date, or not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.http.limits import Limits, limits_of, reset_seconds, retry_after_seconds, server_time

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
    assert reset_seconds(str(int(NOW.timestamp()) + 12), NOW) == 12.0
    assert reset_seconds(str(int(NOW.timestamp()) - 12), NOW) == 0.0
    assert reset_seconds(None, NOW) is None


def test_a_time_of_day_tells_nothing_without_a_clock() -> None:
    assert reset_seconds(str(int(NOW.timestamp()) + 12), None) is None
    assert reset_seconds("2026-11-22T10:01Z", None) is None
    assert retry_after_seconds("Sun, 22 Nov 2026 10:00:45 GMT", None) is None
    assert retry_after_seconds("45", None) == 45.0


def test_reads_all_headers_by_the_servers_own_clock() -> None:
    headers = {
        "Date": "Sun, 22 Nov 2026 10:00:00 GMT",
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "7",
        "X-RateLimit-Reset": "2026-11-22T10:01Z",
        "X-RateLimit-NearLimit": "True",
    }
    assert limits_of(headers, server_time(headers)) == Limits(100, 7, 60.0, near=True)
    assert limits_of({}, None) == Limits()
