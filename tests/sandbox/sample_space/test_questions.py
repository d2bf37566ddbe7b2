from __future__ import annotations

from collections import Counter

import pytest

from sandbox.sample_space import Question, questions
from sandbox.seed import SeedPage

from .conftest import plain_text


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.question)
def test_the_page_contains_the_phrase(question: Question, pages: dict[str, SeedPage]) -> None:
    page = pages[question.ref]
    assert page.title == question.title
    assert question.phrase in plain_text(page.storage)
    assert all(ref in pages for ref in question.also)


def test_every_kind_is_asked_several_times() -> None:
    kinds = Counter(question.kind for question in questions())
    assert kinds.keys() == {"table", "code", "faq", "procedure", "concept"}
    assert min(kinds.values()) >= 6
    assert kinds.total() >= 40


def test_asks_only_for_pages_that_a_default_sync_loads(pages: dict[str, SeedPage]) -> None:
    for question in questions():
        page = pages[question.ref]
        assert page.status == "current"
        assert not page.read_users
        assert "draft" not in page.labels
