from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.sources.lookback import describe, parse_lookback


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90 days", timedelta(days=90)),
        ("1 day", timedelta(days=1)),
        ("12 hours", timedelta(hours=12)),
        ("12HOURS", timedelta(hours=12)),
        ("2 weeks", timedelta(weeks=2)),
        ("1 week, 2 days and 3 hours", timedelta(days=9, hours=3)),
        ("P90D", timedelta(days=90)),
        ("p1dt12h", timedelta(days=1, hours=12)),
        ("P2W", timedelta(weeks=2)),
        ("PT30M", timedelta(minutes=30)),
        (90, timedelta(days=90)),
        ("90", timedelta(days=90)),
        (0.5, timedelta(hours=12)),
        (timedelta(days=3), timedelta(days=3)),
    ],
)
def test_reads_every_form_people_write(written: object, meant: timedelta) -> None:
    assert parse_lookback(written) == meant


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("3 months", "no fixed length"),
        ("P3M", "no fixed length"),
        ("P1Y", "no fixed length"),
        ("90 dayz", "unknown unit"),
        ("soon", "not a duration"),
        ("", "not a duration"),
        (True, "not a duration"),
        (None, "not a duration"),
        ([90], "not a duration"),
        (0, "between"),
        ("-5", "between"),
        ("99999999999999999999", "not a duration"),
        ("40000 days", "between"),
        ("PXD", "not a duration"),
    ],
)
def test_refuses_what_it_cannot_mean_and_says_what_is_allowed(written: object, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        parse_lookback(written)
    assert "90 days" in str(refused.value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_any_input_is_a_positive_duration_or_a_value_error(written: object) -> None:
    try:
        assert parse_lookback(written) > timedelta(0)
    except ValueError as refused:
        assert str(refused)


@given(st.integers(min_value=1, max_value=24 * 3650))
def test_describes_a_lookback_in_words_that_read_back_the_same(hours: int) -> None:
    lookback = timedelta(hours=hours)
    assert parse_lookback(describe(lookback).replace(",", "")) == lookback
