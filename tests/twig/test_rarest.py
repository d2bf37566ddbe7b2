from __future__ import annotations

from collections import Counter

from confluence_to_twig.twig.delta import Package
from confluence_to_twig.twig.rarest import occurrences, queries, words_of
from tests.twig.world import Page


def package(page_id: str, *sections: str) -> Package:
    page = Page(page_id, sections)
    return Package(page.document(), tuple(page.chunks()))


def test_words_are_lower_case_and_long_enough_to_tell_something() -> None:
    assert words_of("The TURBINE's blade_count is 42, für Ölpumpe") == {
        "the",
        "turbine",
        "blade",
        "count",
        "für",
        "ölpumpe",
    }


def test_the_rarest_words_come_first() -> None:
    sample = package("1", "the common turbine rotates")
    others = [package(str(number), "the common rotates") for number in range(2, 9)]
    counted = occurrences([sample], [sample, *others])
    assert counted["turbine"] == 1
    assert counted["common"] == 8
    (query, text), *_ = queries(sample, counted)
    assert query.split()[0] in {"turbine", "space"}
    assert "turbine" in query
    assert text == sample.chunks[0]["text"]


def test_the_longest_chunks_are_asked_for_first_and_only_a_few() -> None:
    sample = package(
        "1", "short", "a somewhat longer chunk of the page here", "two words", "another one", "yet another"
    )
    asked = list(queries(sample, Counter()))
    assert len(asked) == 3
    assert "somewhat longer" in asked[0][1]


def test_a_page_without_words_has_no_query() -> None:
    page = Package({"page_id": "1"}, ({"text": "—\n\n…", "token_count": 1},))
    assert list(queries(page, Counter())) == []


def test_the_same_page_makes_the_same_queries() -> None:
    sample = package("1", "alpha beta gamma delta epsilon zeta eta theta iota kappa")
    assert list(queries(sample, Counter())) == list(queries(sample, Counter()))
