from __future__ import annotations

from collections import Counter

import pytest

from confluence_to_twig.twig.delta import Package
from confluence_to_twig.twig.distinct import Counted, Questions, count, own_share, questions, runs_of, words_of
from tests.twig.world import Page

pytestmark = pytest.mark.fast


def package(page_id: str, *sections: str, title: str = "") -> Package:
    page = Page(page_id, sections, title=title)
    return Package(page.document(), tuple(page.chunks()))  # type: ignore[arg-type]


def asked(page: Package, *others: Package) -> Questions:
    return questions(page, count([page], [page, *others]))


def test_words_are_lower_case_and_free_of_markup() -> None:
    assert words_of("The **TURBINE's** blade_count is | 42 |, für Ölpumpe") == [
        "the", "turbine", "s", "blade", "count", "is", "42", "für", "ölpumpe",
    ]  # fmt: skip


def test_scripts_without_blanks_have_a_word_for_each_character() -> None:
    assert words_of("安装Linux指南") == ["安", "装", "linux", "指", "南"]


def test_four_words_in_a_row_tell_texts_apart_that_share_all_their_words() -> None:
    one, other = runs_of(words_of("open the valve then close it")), runs_of(words_of("close it then open the valve"))
    assert own_share(one, other) == 1.0
    assert own_share(one, one) == 0.0
    assert runs_of(["short", "text"]) == {"short text"}
    assert runs_of([]) == frozenset()


def test_the_page_is_asked_for_in_its_own_words_that_no_other_page_has() -> None:
    shared = "This is the same introduction that each of the pages has. " * 12
    page = package("1", shared + "Only here the pump is primed with glycol before the first start of the season.")
    found = asked(page, package("2", shared), package("3", shared))
    assert "Only here the pump is primed with glycol" in found.texts[0]
    assert found.distinctness > 0.2


def test_a_page_without_a_text_of_its_own_is_not_distinct() -> None:
    shared = "The very same text stands on each and every one of these pages."
    assert asked(package("1", shared), package("2", shared)).distinctness == 0.0


def test_a_page_of_shared_passages_is_hardly_distinct() -> None:
    passages = [" ".join(f"w{number}x{at}" for at in range(40)) for number in range(4)]
    page = package("1", " ".join(passages[:2]))
    others = [package("2", " ".join(passages[1:3])), package("3", passages[0]), package("4", passages[3])]
    assert asked(page, *others).distinctness < 0.1


def test_asks_by_rarest_words_by_a_row_and_by_title_and_heading_as_well() -> None:
    page = package(
        "1", "The turbine is common. | no row |\n\n| part | size |\n|---|---|\n| gasket | 42 |", title="Spare parts"
    )
    own_words, rarest, row, heading = asked(page, package("2", "The turbine is common, and the size.")).texts
    assert own_words.startswith("The turbine is common")
    assert rarest.split()[0] == "gasket"
    assert row in {"gasket 42", "part size"}
    assert heading == "Spare parts Section 0"


def test_a_question_is_never_too_long() -> None:
    page = package("1", "Donaudampfschifffahrtsgesellschaftskapitän " * 400, title="T" * 3_000)
    assert max(len(text) for text in asked(page).texts) <= 1_000


def test_a_page_without_words_has_no_question() -> None:
    assert asked(package("1", "—\n\n…")) == Questions((), 0.0)
    assert asked(package("1")) == Questions((), 0.0)


def test_the_same_page_makes_the_same_questions() -> None:
    page = package("1", "alpha beta gamma delta epsilon zeta eta theta iota kappa")
    nothing = Counted(Counter(), Counter())
    assert questions(page, nothing) == questions(page, nothing)
