from __future__ import annotations

import importlib.util
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from confluence_to_twig.sources.alert_settings import AlertSettings


def test_says_nothing_anywhere_but_in_the_log_by_default() -> None:
    settings = AlertSettings()
    assert (settings.jira, settings.email) == (None, None)
    assert settings.deadline == timedelta(hours=24)


def test_reads_what_people_write() -> None:
    settings = AlertSettings.model_validate(
        {"jira": {"project": "OPS"}, "email": {"to": "a@example.com"}, "deadline": "6 hours", "repeat_after": "2 days"}
    )
    assert settings.jira is not None
    assert (settings.jira.conn_id, settings.jira.issue_type) == ("jira_default", "Task")
    assert settings.email is not None
    assert settings.email.to == ("a@example.com",)
    assert (settings.deadline, settings.repeat_after) == (timedelta(hours=6), timedelta(days=2))


def test_a_deadline_can_be_switched_off() -> None:
    assert AlertSettings.model_validate({"deadline": None}).deadline is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"jira": {}},
        {"jira": {"project": 'OPS" OR project != "'}},
        {"jira": {"project": "OPS", "labels": ["two words"]}},
        {"email": {"to": []}},
        {"email": {"to": ["nobody"]}},
        {"email": {"to": ["a@example.com, b@example.com"]}},
        {"deadline": "soon"},
        {"slack": {}},
    ],
)
def test_refuses_what_it_cannot_use(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertSettings.model_validate(wrong)


def test_mail_without_its_provider_is_a_mistake_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValidationError, match="apache-airflow-providers-smtp"):
        AlertSettings.model_validate({"email": {"to": "a@example.com"}})
