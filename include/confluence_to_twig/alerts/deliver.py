"""Deliver an alert to the log, and to each channel that did not get its problem recently."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from confluence_to_twig.alerts.alert import label_of
from confluence_to_twig.alerts.ledger import Ledger
from confluence_to_twig.staging.layout import SourceStaging, staging_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.alerts.alert import Alert
    from confluence_to_twig.sources.alert_settings import AlertSettings

log = logging.getLogger(__name__)

#: The kinds of problems that a successful run ends. An expiring token is not among them.
ENDED_BY_SUCCESS = frozenset({"failed", "approval", "stale"})
_LEVELS = {"failed": logging.ERROR, "stale": logging.ERROR, "approval": logging.WARNING, "token": logging.WARNING}


class Channel(Protocol):
    """A way to reach people."""

    name: str

    def send(self, alert: Alert) -> None:
        """Tell the alert. May raise anything."""

    def resolve(self, label: str, words: str) -> None:
        """Tell that a problem is over. May raise anything."""


def deliver(alert: Alert, settings: AlertSettings, now: datetime | None = None) -> None:
    """Log the alert, and send it to each channel that did not get its problem within ``repeat_after``.

    Never raises. A channel that fails is logged, tried again with the next alert, and does not stop the others.
    """
    now = now or datetime.now(UTC)
    log.log(_LEVELS[alert.kind], "Alert for %s: %s", alert.source, alert)
    ledger = _ledger(alert.source)

    def send(channel: Channel) -> None:
        if ledger.is_due(alert, channel.name, now, settings.repeat_after):
            channel.send(alert)
            ledger.told(alert, channel.name, now)

    _with_each(settings, send)


def recovered(source: str, settings: AlertSettings, words: str) -> None:
    """A run succeeded: say so in the channels that got problems of the source, and forget them. Never raises."""
    ledger = _ledger(source)
    problems = ledger.open_problems(ENDED_BY_SUCCESS)
    if not problems:
        return
    log.info("%s has recovered: %s", source, words)

    def resolve(channel: Channel) -> None:
        for key, entry in problems.items():
            if channel.name in entry["told"]:
                channel.resolve(label_of(key), words)

    _with_each(settings, resolve)
    ledger.close(frozenset(problems))


def _with_each(settings: AlertSettings, act: Callable[[Channel], None]) -> None:
    for name, make in _channels(settings):
        try:
            act(make())
        except Exception as error:
            # Any code may fail here. Only the texts of our own errors are safe to show.
            words = getattr(error, "summary", "") and f": {error}"
            log.error("The alert could not be sent by %s (%s%s)", name, type(error).__name__, words)


def _channels(settings: AlertSettings) -> list[tuple[str, Callable[[], Channel]]]:
    found: list[tuple[str, Callable[[], Channel]]] = []
    if (jira := settings.jira) is not None:
        found.append(("jira", lambda: _jira(jira)))
    if (email := settings.email) is not None:
        found.append(("email", lambda: _mail(email)))
    return found


def _jira(settings: object) -> Channel:
    from confluence_to_twig.alerts.jira import JiraIssues

    return JiraIssues(settings)  # type: ignore[arg-type]


def _mail(settings: object) -> Channel:
    from confluence_to_twig.alerts.mail import Mail

    return Mail(settings)  # type: ignore[arg-type]


def _ledger(source: str) -> Ledger:
    return Ledger(SourceStaging(staging_root(), source))
