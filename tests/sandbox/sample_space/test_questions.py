from __future__ import annotations

from collections import Counter

import pytest

from sandbox.sample_space import Question, Unanswered, questions, unanswered
from sandbox.seed import SeedPage, SeedSpace

from .conftest import plain_text


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.question)
def test_the_page_contains_the_phrase(question: Question, pages: dict[str, SeedPage]) -> None:
    page = pages[question.ref]
    assert page.title == question.title
    text = plain_text(page.storage)
    assert all(phrase in text for phrase in (question.phrase, *question.beside))
    assert all(ref in pages for ref in question.also)


def test_every_kind_is_asked_several_times() -> None:
    kinds = Counter(question.kind for question in questions())
    by_subject = {"table", "code", "faq", "procedure", "concept"}
    assert kinds.keys() == by_subject | {"paraphrase", "two columns", "version"}
    assert min(kinds.values()) >= 6
    assert kinds.total() >= 60


@pytest.mark.parametrize("question", unanswered(), ids=lambda question: question.question)
def test_no_page_mentions_what_an_unanswered_question_is_about(question: Unanswered, space: SeedSpace) -> None:
    assert question.about in question.question
    assert not [page.ref for page in space.pages if question.about.lower() in page.storage.lower()]


def test_asks_only_for_pages_that_a_default_sync_loads(pages: dict[str, SeedPage]) -> None:
    for question in questions():
        page = pages[question.ref]
        assert page.status == "current"
        assert not page.read_users
        assert "draft" not in page.labels
