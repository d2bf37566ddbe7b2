"""What logs, errors and alerts say of pages that are not for everybody."""

from __future__ import annotations

import logging

import pytest

from confluence_to_twig.alerts.notify import failed_run
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.discretion import NOT_YET_KNOWN, WITHHELD, discreet
from confluence_to_twig.runs.record import record_path, recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import PLAN
from tests.web.samples import NOW, SampleSource, page, planned

SECRET, OPEN = page(2, title="Zanzibar merger"), page(1)
ROWS = [planned("leave", "unchanged", 1), planned("fetch", "new to Twig", 2, title=SECRET["title"], restricted=True)]


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        (f"Twig refused Zanzibar merger ({SECRET['url']}): too long", True),
        ("Attachment deal.docx (77) of page 1002 contributes no text", True),
        ('A live doc came back empty: "Zanzibar merger" has the text of the version before.', True),
        ("page 1002: 'Zanzibar merger' is cited", True),
        (f"Twig refused Page 1 ({OPEN['url']}): too long", False),
        ("Zanzibar is a place", False),
        ("1,002 pages (see https://developer.atlassian.com/cloud/pages/)", False),
    ],
)
def test_a_line_that_names_such_a_page_says_so_instead(run: Run, text: str, withheld: bool) -> None:
    write_rows(run.staging.plan, PLAN, ROWS)
    assert discreet(run.staging, f"2 problems\n{text}") == f"2 problems\n{WITHHELD if withheld else text}"


def test_before_there_is_a_plan_no_page_is_named(run: Run) -> None:
    assert discreet(run.staging, f"Page 1 ({OPEN['url']}) has no text") == NOT_YET_KNOWN
    assert discreet(run.staging, "See https://docs.example.com/set-up/ (step 2)") != NOT_YET_KNOWN


def test_the_log_and_the_error_are_for_everybody_and_the_record_is_not(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    write_rows(run.staging.plan, PLAN, ROWS)
    error = PermanentError("2 pages failed", f"Zanzibar merger ({SECRET['url']})\nPage 1 ({OPEN['url']})")
    with caplog.at_level(logging.INFO), pytest.raises(PermanentError) as raised, recorded(run) as record:
        record.warn(f"Twig refused Zanzibar merger ({SECRET['url']})")
        raise error
    assert "Zanzibar" not in caplog.text
    assert str(raised.value) == f"2 pages failed\n{WITHHELD}\nPage 1 ({OPEN['url']})"
    written = read_json(record_path(run))
    assert "Zanzibar merger" in written["error"]
    assert "Zanzibar merger" in written["warnings"][0]


def test_an_alert_does_not_name_it(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=ROWS)
    error = f"VerificationError: 1 failed\nZanzibar merger ({SECRET['url']}): load failed"
    docs.record("manual__1", "verify", NOW, state="failed", error=error)
    alert = failed_run(Source(name="docs", space_key="PROD"), "manual__1")
    assert (alert.summary, alert.details) == ("docs: verify failed: 1 failed", WITHHELD)
