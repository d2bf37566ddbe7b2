"""What a source says about its alerts. Imported when DAGs are parsed: nothing heavy."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from confluence_to_twig.sources.fields import IN_SECONDS, ConnId, Label, Text, duration
from confluence_to_twig.sources.lookback import parse_duration

_STRICT = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _addresses(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_MINUTE, _YEAR = timedelta(minutes=1), timedelta(days=366)

Address = Annotated[Text, Field(pattern=r"^[^@\s,;]+@[^@\s,;]+$")]


def _deadline(value: Any) -> timedelta | None:
    return None if value is None else parse_duration(value, _MINUTE, _YEAR)


class JiraSettings(BaseModel):
    """Where issues are opened.

    :param conn_id: a connection of the Atlassian provider's type ``jira``: host, login, password (an API token).
    :param project: key of the project, such as ``OPS``.
    """

    model_config = _STRICT

    project: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]
    conn_id: ConnId = "jira_default"
    issue_type: Text = "Task"
    labels: tuple[Label, ...] = ()


class EmailSettings(BaseModel):
    """Who gets mail.

    :param conn_id: a connection of the SMTP provider's type ``smtp``; its extra names ``from_email``.
    """

    model_config = _STRICT

    to: Annotated[tuple[Address, ...], BeforeValidator(_addresses), Field(min_length=1)]
    conn_id: ConnId = "smtp_default"


class AlertSettings(BaseModel):
    """The block ``alerts`` of a source. Without it everything is in the log, and nowhere else.

    :param deadline: how long after a run was queued the source must be in step, or it counts as stale; null: never.
    :param repeat_after: a problem that lasts is told again after so long; the log hears of it every time.
    """

    model_config = _STRICT

    jira: JiraSettings | None = None
    email: EmailSettings | None = None
    deadline: Annotated[timedelta | None, BeforeValidator(_deadline), IN_SECONDS] = timedelta(hours=24)
    repeat_after: Annotated[timedelta, duration(timedelta(seconds=1), _YEAR), IN_SECONDS] = timedelta(days=1)

    @property
    def reach_somebody(self) -> bool:
        """Whether alerts go anywhere but the log."""
        return self.jira is not None or self.email is not None

    @field_validator("email")
    @classmethod
    def _mail_needs_its_provider(cls, value: EmailSettings | None) -> EmailSettings | None:
        if value is not None and importlib.util.find_spec("airflow.providers.smtp") is None:
            raise ValueError("mail needs a package that is not installed: apache-airflow-providers-smtp")
        return value
