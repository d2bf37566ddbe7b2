from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from confluence_to_twig.web.token_expiry import TokenExpiry, expiry_in, token_expiry

TODAY = date(2026, 11, 22)
SECRET = "ATATT3xFfGF0-very-secret"


def connection(monkeypatch: pytest.MonkeyPatch, extra: Any) -> None:
    fields = {"conn_type": "confluence", "host": "example.atlassian.net", "login": "me@example.com"}
    monkeypatch.setenv("AIRFLOW_CONN_DOCS", json.dumps(fields | {"password": SECRET, "extra": extra}))


def test_reads_the_date_from_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    connection(monkeypatch, {"token_expires_on": "2026-12-01"})
    assert token_expiry("docs") == TokenExpiry(date(2026, 12, 1))


def test_a_connection_without_a_date_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    connection(monkeypatch, {})
    assert token_expiry("docs") == TokenExpiry()


def test_says_that_there_is_no_such_connection() -> None:
    assert token_expiry("nowhere").problem.startswith("There is no connection nowhere")


def test_a_broken_connection_tells_nothing_of_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DOCS", '{"password": "' + SECRET)
    expiry = token_expiry("docs")
    assert expiry.problem
    assert SECRET not in expiry.problem


@pytest.mark.parametrize("extra", [None, [], "text", {"token_expires_on": None}, {"token_expires_on": "  "}])
def test_finds_no_date_in_other_extras(extra: Any) -> None:
    assert expiry_in(extra) == TokenExpiry()


def test_says_when_the_date_is_none() -> None:
    assert expiry_in({"token_expires_on": "next year"}).problem


@pytest.mark.parametrize(
    ("expires_on", "days", "state"),
    [
        (date(2026, 12, 7), 15, "good"),
        (date(2026, 12, 6), 14, "soon"),
        (date(2026, 11, 22), 0, "soon"),
        (date(2026, 11, 21), -1, "expired"),
        (None, None, "unknown"),
    ],
)
def test_warns_from_fourteen_days_before(expires_on: date | None, days: int | None, state: str) -> None:
    shown = TokenExpiry(expires_on).to_json(TODAY)
    assert (shown["days_left"], shown["state"]) == (days, state)
