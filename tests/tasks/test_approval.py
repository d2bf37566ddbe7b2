"""The question before a mass deletion: what a person needs to decide, and nothing that a page could plant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from confluence_to_twig.tasks.approval import Asked, question
from confluence_to_twig.twig.brake import Shrunk
from confluence_to_twig.twig.pruner import Deletion, PrunePlan

ASKED = Asked(
    "docs", datetime(2026, 11, 5, 9, 7, tzinfo=UTC), "https://airflow/plan?delete", "https://airflow/plan?held"
)
HOSTILE = "[click](https://evil.example) <b>"
GONE = tuple(Deletion(str(number), HOSTILE, "https://evil.example", 1, "trashed") for number in range(54))
EXCLUDED = Deletion("99", HOSTILE, "https://evil.example", 1, f"label {HOSTILE} is excluded")
PLAN = PrunePlan((*GONE, EXCLUDED), 249, brake=True, text_share=0.314)
SHRUNK = Shrunk("7", HOSTILE, "https://evil.example", 2, "it was emptied", 5_000, 4)


def test_asks_with_numbers_until_when_and_what_happens_then() -> None:
    subject, body = question(PLAN, ASKED)
    assert subject == "Delete 55 of 249 pages of docs from Twig?"
    first, reasons, where, *_, last = body.split("\n\n")
    assert first.startswith("docs would lose 55 of 249 pages (22%): 31% of its text. None of it has been deleted")
    assert reasons.splitlines()[0] == "* 54 × trashed"
    assert where == "[See the pages that would go](https://airflow/plan?delete)"
    assert last.startswith("Without an answer until 5 November 2026, 09:07 UTC they are kept")


def test_nothing_of_a_page_is_markup_and_no_title_is_shown() -> None:
    _, body = question(PLAN, ASKED)
    assert "evil.example)" not in body.replace("\\.", ".").replace("\\)", "")
    assert "* 1 × label \\[click\\]\\(https://evil\\.example\\) \\<b\\> is excluded" in body
    assert body.count("](") == 1  # the link to the plan


def test_pages_that_would_lose_text_have_a_list_of_their_own() -> None:
    subject, body = question(replace(PLAN, shrunk=(SHRUNK,)), ASKED)
    assert subject == "Delete 55 of 249 pages (22%) and much of the text of 1 page of docs from Twig?"
    assert "* 1 × it was emptied" in body
    assert "[See the pages that would lose text](https://airflow/plan?held)" in body


@pytest.mark.parametrize("many", [1, 10_000])
def test_the_buttons_stay_in_view_however_many_pages(many: int) -> None:
    _, body = question(PrunePlan(GONE * many, 10**6, brake=True), ASKED)
    assert len(body.splitlines()) < 14


def test_without_an_address_of_airflow_it_names_the_place() -> None:
    _, body = question(PLAN, replace(ASKED, deletions_url=""))
    assert "The page *Confluence → Twig* lists them: docs, tab *Plan*." in body
