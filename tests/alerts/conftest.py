from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.sources.alert_settings import AlertSettings
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.layout import ROOT_VARIABLE
from tests.alerts.jira_server import JiraServer, jira_serving
from tests.alerts.mail_server import Mailbox, mail_serving
from tests.web.samples import SampleSource


class Alerted(Source):
    """A source with alerts, whatever its file says."""

    alerts: AlertSettings = AlertSettings()


def alerted(**alerts: Any) -> Alerted:
    return Alerted(name="docs", space_key="PROD", alerts=AlertSettings.model_validate(alerts))


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleSource:
    """The staging of a source named "docs"."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com")
    return SampleSource(str(tmp_path / "staging"))


@pytest.fixture
def jira(monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraServer]:
    with jira_serving() as server:
        fields = {"conn_type": "jira", "host": server.url, "login": "ops@example.com", "password": server.token}
        monkeypatch.setenv("AIRFLOW_CONN_JIRA_DEFAULT", json.dumps(fields))
        yield server


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_serving() as box:
        extra = {"disable_tls": True, "disable_ssl": True, "from_email": "airflow@example.com"}
        fields = {"conn_type": "smtp", "host": "127.0.0.1", "port": box.port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(fields))
        yield box
