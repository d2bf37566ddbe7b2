"""Mail, through the SMTP provider's hook."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluence_to_twig.alerts.alert import Alert
    from confluence_to_twig.sources.alert_settings import EmailSettings


class Mail:
    """Sends a mail for each alert.

    :param settings: addresses and connection.
    """

    name = "email"

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings

    def send(self, alert: Alert) -> None:
        """Send it. Raises whatever the provider's hook raises."""
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        with SmtpHook(smtp_conn_id=self._settings.conn_id) as smtp:
            smtp.send_email_smtp(
                to=list(self._settings.to),
                subject=" ".join(f"[confluence-to-twig] {alert.summary}".split())[:200],
                html_content=html_of(alert),
            )

    def resolve(self, label: str, words: str) -> None:
        """Do nothing: a recovery sends no mail."""


def html_of(alert: Alert) -> str:
    """The mail's body; everything in it is escaped."""
    parts = [f"<p><b>{html.escape(alert.summary)}</b></p>"]
    if alert.details:
        parts.append(f'<pre style="white-space: pre-wrap">{html.escape(alert.details)}</pre>')
    if alert.url:
        parts.append(f'<p><a href="{html.escape(alert.url)}">{html.escape(alert.url)}</a></p>')
    return "\n".join(parts)
