from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from confluence_to_twig.alerts.alert import Alert
from confluence_to_twig.alerts.deliver import deliver, recovered
from confluence_to_twig.alerts.jira import OUR_LABEL
from confluence_to_twig.sources.alert_settings import AlertSettings
from tests.alerts.jira_server import JiraServer
from tests.alerts.mail_server import Mailbox
from tests.web.samples import NOW, SampleSource

JIRA = AlertSettings.model_validate({"jira": {"project": "OPS", "labels": ["team-docs"]}})
MAIL = AlertSettings.model_validate({"email": {"to": ["a@example.com", "b@example.com"]}})
BOTH = AlertSettings.model_validate({"jira": {"project": "OPS"}, "email": {"to": "a@example.com"}})
DAY = timedelta(days=1)


def alert(problem: str = "load TransientError", **changes: Any) -> Alert:
    fields: dict[str, Any] = {"kind": "failed", "source": "docs", "problem": problem, "summary": "docs: load failed"}
    fields |= {"details": "Twig did not answer.", "url": "https://airflow.example.com/dags/d/runs/r"}
    return Alert(**(fields | changes))


def sent(settings: AlertSettings, *alerts: Alert, at: datetime = NOW) -> None:
    for one in alerts:
        deliver(one, settings, at)


def test_the_log_hears_everything_every_time(docs: SampleSource, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        sent(AlertSettings(), alert(), alert())
    assert caplog.text.count("Twig did not answer.") == 2


def test_opens_an_issue_with_everything_that_helps(docs: SampleSource, jira: JiraServer) -> None:
    sent(JIRA, alert())
    (issue,) = jira.issues
    assert (issue["project"], issue["issuetype"]) == ({"key": "OPS"}, {"name": "Task"})
    assert issue["summary"] == "docs: load failed"
    assert {OUR_LABEL, alert().label, "team-docs"} == set(issue["labels"])
    assert "Twig did not answer." in issue["description"]
    assert "https://airflow.example.com/dags/d/runs/r" in issue["description"]


def test_one_issue_a_problem_and_not_one_a_run(docs: SampleSource, jira: JiraServer) -> None:
    sent(JIRA, alert(url="run 1"))
    sent(JIRA, alert(url="run 2"), at=NOW + DAY)
    sent(JIRA, alert(url="run 3"), at=NOW + 2 * DAY)
    (issue,) = jira.issues
    assert [words.splitlines()[-1] for words in issue["comments"]] == ["run 2", "run 3"]


def test_another_problem_gets_an_issue_of_its_own(docs: SampleSource, jira: JiraServer) -> None:
    sent(JIRA, alert(), alert("validate CredentialsError"), alert(source="wiki"))
    assert len(jira.issues) == 3


def test_a_problem_that_came_back_after_it_was_closed_gets_a_new_issue(docs: SampleSource, jira: JiraServer) -> None:
    sent(JIRA, alert())
    jira.issues[0]["done"] = True
    sent(JIRA, alert(), at=NOW + DAY)
    assert len(jira.issues) == 2


def test_finds_the_issue_in_a_data_center_too(docs: SampleSource, jira: JiraServer) -> None:
    jira.cloud = False
    sent(JIRA, alert())
    sent(JIRA, alert(), at=NOW + DAY)
    assert [len(issue["comments"]) for issue in jira.issues] == [1]


def test_does_not_repeat_itself_within_a_day(docs: SampleSource, jira: JiraServer, mailbox: Mailbox) -> None:
    for minutes in (0, 30, 60):
        sent(BOTH, alert(), at=NOW + timedelta(minutes=minutes))
    assert len(mailbox.mails) == 1
    assert [issue["comments"] for issue in jira.issues] == [[]]
    sent(BOTH, alert(), at=NOW + DAY)
    assert len(mailbox.mails) == 2


def test_mails_everybody(docs: SampleSource, mailbox: Mailbox) -> None:
    sent(MAIL, alert(details="<script>alert(1)</script> & more"))
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[confluence-to-twig] docs: load failed"
    assert mail["From"] == "airflow@example.com"
    assert {address.strip() for address in str(mail["To"]).split(",")} == {"a@example.com", "b@example.com"}
    html = mail.get_payload()[0].get_payload(decode=True).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html


def test_a_summary_of_several_lines_makes_no_headers(docs: SampleSource, mailbox: Mailbox) -> None:
    sent(MAIL, alert(summary="docs: failed\nBcc: evil@example.com"))
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].endswith("docs: failed Bcc: evil@example.com")


def test_a_channel_that_fails_stops_no_other_and_is_tried_again(
    docs: SampleSource, jira: JiraServer, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    jira.refuse = {"issuetype": "The issue type selected is invalid."}
    sent(BOTH, alert())
    assert len(mailbox.mails) == 1
    assert "The issue type selected is invalid." in caplog.text
    jira.refuse = {}
    sent(BOTH, alert())
    assert (len(jira.issues), len(mailbox.mails)) == (1, 1)


def test_a_wrong_token_is_said_without_the_token(
    docs: SampleSource, jira: JiraServer, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, jira.token = jira.token, "another"
    with caplog.at_level(logging.DEBUG):
        sent(JIRA, alert())
    assert "Jira answered 401" in caplog.text
    assert wrong not in caplog.text


def test_a_missing_connection_raises_nothing(docs: SampleSource, caplog: pytest.LogCaptureFixture) -> None:
    sent(BOTH, alert())
    assert caplog.text.count("could not be sent") == 2


def test_a_damaged_ledger_tells_twice_rather_than_never(docs: SampleSource, mailbox: Mailbox) -> None:
    sent(MAIL, alert())
    for content in ("nonsense", "[]", '{"docs:failed:x": {"kind": "failed"}}'):
        with (docs.staging.home / "alerts.json").open("w") as file:
            file.write(content)
        sent(MAIL, alert())
    assert len(mailbox.mails) == 4


def test_says_on_the_issue_that_the_source_has_recovered(docs: SampleSource, jira: JiraServer) -> None:
    sent(JIRA, alert())
    recovered("docs", JIRA, "Run r2 ended well.")
    assert jira.issues[0]["comments"] == ["Run r2 ended well."]
    recovered("docs", JIRA, "Run r3 ended well.")
    assert jira.issues[0]["comments"] == ["Run r2 ended well."]


def test_a_problem_that_comes_back_is_told_at_once(docs: SampleSource, mailbox: Mailbox) -> None:
    sent(MAIL, alert())
    recovered("docs", MAIL, "fine again")
    sent(MAIL, alert())
    assert len(mailbox.mails) == 2


def test_a_good_run_does_not_renew_a_token(docs: SampleSource, mailbox: Mailbox) -> None:
    expiring = alert(kind="token", problem="confluence_default 2026-12-01")
    sent(MAIL, expiring)
    recovered("docs", MAIL, "fine again")
    sent(MAIL, expiring)
    assert len(mailbox.mails) == 1


def test_forgets_problems_that_nobody_heard_of_for_months(docs: SampleSource, mailbox: Mailbox) -> None:
    sent(MAIL, alert("old"))
    sent(MAIL, alert("new"), at=NOW + timedelta(days=91))
    text = (docs.staging.home / "alerts.json").read_text()
    assert "docs:failed:new" in text
    assert "docs:failed:old" not in text
