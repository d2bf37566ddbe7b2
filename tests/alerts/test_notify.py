from __future__ import annotations

import logging
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DeadlineReference

from confluence_to_twig.alerts.notify import (
    ApprovalNeeded,
    RunFailed,
    RunSucceeded,
    alerts_of,
    deadline_of,
    failed_run,
    missed_deadline,
    token_expires,
)
from confluence_to_twig.sources.source import Source
from tests.alerts.conftest import alerted
from tests.alerts.jira_server import JiraServer
from tests.web.samples import NOW, SampleSource

RUN = "scheduled__2026-11-22T02:00:00+00:00"
RUN_URL = "https://airflow.example.com/dags/confluence_to_twig__docs/runs/scheduled__2026-11-22T02%3A00%3A00%2B00%3A00"
CONTEXT: dict[str, Any] = {"run_id": RUN}


def test_names_the_task_that_failed_and_what_to_do(docs: SampleSource) -> None:
    docs.record(RUN, "validate", NOW)
    error = "CredentialsError: 401 Unauthorized: wrong token\nMake a new token.\nPaste it into the connection."
    docs.record(RUN, "discover", NOW, state="failed", error=error)
    alert = failed_run(alerted(), RUN)
    assert alert.summary == "docs: discover failed: 401 Unauthorized: wrong token"
    assert alert.details == "Make a new token.\nPaste it into the connection."
    assert (alert.problem, alert.url) == ("discover CredentialsError", RUN_URL)


def test_the_same_failure_of_another_run_is_the_same_problem(docs: SampleSource) -> None:
    for run, pages in ((RUN, 3), ("manual__2", 7)):
        docs.record(run, "verify", NOW, state="failed", error=f"VerificationError: {pages} pages failed")
    assert failed_run(alerted(), RUN).key == failed_run(alerted(), "manual__2").key


def test_a_task_that_was_killed_still_makes_an_alert(docs: SampleSource) -> None:
    assert "look at the log" in failed_run(alerted(), RUN).details


def test_a_failed_run_opens_an_issue_and_the_next_good_one_says_so(docs: SampleSource, jira: JiraServer) -> None:
    source = alerted(jira={"project": "OPS"})
    docs.record(RUN, "load", NOW, state="failed", error="TransientError: timed out")
    RunFailed(source)(CONTEXT)
    assert [issue["summary"] for issue in jira.issues] == ["docs: load failed: timed out"]
    RunSucceeded(source)({"run_id": "manual__2"})
    assert jira.issues[0]["comments"] == [
        "Run manual__2 of docs ended well. https://airflow.example.com/dags/confluence_to_twig__docs/runs/manual__2"
    ]


@pytest.mark.parametrize("channel", [{}, {"jira": {"project": "OPS"}}, {"email": {"to": "team@example.com"}}])
def test_a_good_run_costs_a_callback_only_where_somebody_may_have_been_told_of_a_problem(
    channel: dict[str, Any],
) -> None:
    found = alerts_of(alerted(**channel))
    assert isinstance(found["on_failure_callback"], RunFailed)
    assert isinstance(found["on_success_callback"], RunSucceeded) is bool(channel)


def test_the_brake_says_what_it_asks_and_where(docs: SampleSource, jira: JiraServer) -> None:
    task = SimpleNamespace(task_id="prune", subject="Delete 50 of 90 pages?", body="* [Page](x): in the trash")
    ApprovalNeeded(alerted(jira={"project": "OPS"}))({**CONTEXT, "task": task})
    (issue,) = jira.issues
    assert issue["summary"] == "docs: Delete 50 of 90 pages?"
    assert "in the trash" in issue["description"]
    assert f"{RUN_URL}/tasks/prune/required_actions" in issue["description"]


def test_a_token_is_one_problem_until_it_is_replaced(docs: SampleSource, jira: JiraServer) -> None:
    source = alerted(jira={"project": "OPS"}, repeat_after="1 second")
    for day in (1, 2):
        token_expires(source, date(2026, 12, 1), f"The token expires in {day} days. Make a new one.")
    token_expires(source, date(2027, 12, 1), "The token expires in 14 days.")
    assert [issue["summary"] for issue in jira.issues] == [
        "docs: the API token of confluence_default runs out on 2026-12-01",
        "docs: the API token of confluence_default runs out on 2027-12-01",
    ]


def test_the_deadline_counts_from_when_the_run_was_queued() -> None:
    deadline = deadline_of(alerted(deadline="6 hours"))
    assert deadline is not None
    assert deadline.interval == timedelta(hours=6)
    assert isinstance(deadline.reference, type(DeadlineReference.DAGRUN_QUEUED_AT))
    assert deadline.callback.path == "confluence_to_twig.alerts.notify.missed_deadline"
    frozen = Source.model_validate(deadline.callback.kwargs["settings"])
    assert frozen.model_dump() == alerted(deadline="6 hours").model_dump()


def test_a_source_without_a_deadline_has_none() -> None:
    assert deadline_of(alerted(deadline=None)) is None


def test_a_missed_deadline_is_told(docs: SampleSource, caplog: pytest.LogCaptureFixture) -> None:
    run = {"dag_run_id": RUN, "queued_at": NOW.isoformat(), "run_after": NOW.isoformat()}
    with caplog.at_level(logging.ERROR):
        missed_deadline(alerted(deadline="6 hours").frozen(), {"dag_run": run})
    assert "docs is stale: no sync ended well within 6 hours" in caplog.text
