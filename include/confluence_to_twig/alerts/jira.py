"""Jira: one open issue for each problem, found again by its label. After an issue was closed, a new one is opened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from confluence_to_twig.errors import PermanentError

if TYPE_CHECKING:
    from confluence_to_twig.alerts.alert import Alert
    from confluence_to_twig.sources.alert_settings import JiraSettings

log = logging.getLogger(__name__)

#: A label on every issue of this project.
OUR_LABEL = "confluence-to-twig"
_SUMMARY_LIMIT = 255
_DETAILS_LIMIT = 20_000
#: Cloud took the old search away in 2025 (it answers 410); Data Center never had the new one (404).
_SEARCHES = ("rest/api/3/search/jql", "rest/api/2/search")
_NOT_OFFERED = frozenset({404, 405, 410})


class JiraError(PermanentError):
    """Jira did not take an issue or a comment."""


class JiraIssues:
    """Opens issues and adds to them, through the Atlassian provider's hook.

    :param settings: project, connection and labels.
    """

    name = "jira"

    def __init__(self, settings: JiraSettings) -> None:
        from airflow.providers.atlassian.jira.hooks.jira import JiraHook

        self._settings = settings
        self._client: Any = JiraHook(jira_conn_id=settings.conn_id).get_conn()

    def send(self, alert: Alert) -> None:
        """Comment on the open issue of this problem, or open one. Raises :class:`JiraError`."""
        if issue := self._open_issue(alert.label):
            self._comment(issue, f"{alert.summary}\n\nIt happened again.{_more(alert)}")
            log.info("Added to Jira issue %s", issue)
            return
        fields = {
            "project": {"key": self._settings.project},
            "issuetype": {"name": self._settings.issue_type},
            "summary": " ".join(alert.summary.split())[:_SUMMARY_LIMIT],
            "description": _description(alert),
            "labels": [OUR_LABEL, alert.label, *self._settings.labels],
        }
        created = self._call("POST", "rest/api/2/issue", data={"fields": fields})
        log.info("Opened Jira issue %s", created.get("key"))

    def resolve(self, label: str, words: str) -> None:
        """Comment on the open issue that its problem is over. People close issues. Raises :class:`JiraError`."""
        if issue := self._open_issue(label):
            self._comment(issue, words)

    def _open_issue(self, label: str) -> str | None:
        jql = f'project = "{self._settings.project}" AND labels = "{label}" AND statusCategory != Done ORDER BY created DESC'
        for path in _SEARCHES:
            found = self._call("GET", path, allowed=_NOT_OFFERED, params={"jql": jql, "fields": "key", "maxResults": 1})
            if found is not None:
                issues = found.get("issues") or []
                return str(issues[0]["key"]) if issues else None
        raise JiraError("Jira offers neither of its searches", "Check the host of the Jira connection.")

    def _comment(self, issue: str, words: str) -> None:
        self._call("POST", f"rest/api/2/issue/{quote(issue, safe='')}/comment", data={"body": words})

    def _call(self, method: str, path: str, *, allowed: frozenset[int] = frozenset(), **request: Any) -> Any:
        """One request; None for a status in ``allowed``."""
        response = self._client.request(method, path, advanced_mode=True, allow_redirects=False, **request)
        if response.status_code in allowed:
            return None
        if response.status_code >= 300:
            raise JiraError(f"Jira answered {response.status_code} to {method} {path}", _complaint(response))
        return response.json()


def _description(alert: Alert) -> str:
    details = alert.details[:_DETAILS_LIMIT].replace("{noformat}", "")
    quoted = f"{{noformat}}\n{details}\n{{noformat}}" if details else ""
    about = (
        f"Source {alert.source}. This issue stands for the problem, not for one run: what happens again is added below."
    )
    return "\n\n".join(filter(None, [quoted, alert.url, about]))


def _more(alert: Alert) -> str:
    return f"\n\n{alert.url}" if alert.url else ""


def _complaint(response: Any) -> str:
    """Jira's text about a request, which names fields and never repeats credentials."""
    try:
        body = response.json()
        words = [
            *body.get("errorMessages", []),
            *(f"{field}: {text}" for field, text in body.get("errors", {}).items()),
        ]
    except (ValueError, AttributeError):
        words = []
    return (
        "; ".join(map(str, words))[:1_000] or "Check host, login and token of the Jira connection, and the project key."
    )
