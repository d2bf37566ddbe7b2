"""The page at ``/``."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sandbox.twig.web_page import excerpt, marked

if TYPE_CHECKING:
    from conftest import Caller


def test_shows_each_data_source_with_status_and_counts(api: Caller) -> None:
    spec = api.create()
    api.load(spec, *(api.document(f"{n}", *(api.chunk(f"{n}-{m}", "text", m) for m in range(6))) for n in range(200)))
    text = api.get("/").text
    assert "product-docs" in text
    assert "200 pages → 1,200 chunks" in text
    assert ">Active<" in text


def test_says_what_to_do_while_there_is_no_data_source(api: Caller) -> None:
    assert "No data source yet" in api.get("/").text


def test_a_failed_data_source_shows_its_error(api: Caller) -> None:
    spec = api.create()
    api.twig.fail_processing()
    api.post(f"/api/data-specs/{spec}/process")
    assert "Embedding failed" in api.get("/").text


def test_search_shows_chunks_that_link_to_their_page(api: Caller) -> None:
    api.load(api.create(), api.document("1", api.chunk("a", "rotate the certificate", url="https://c.example/1#h")))
    text = api.get("/", q="certificate").text
    assert '<a href="https://c.example/1#h"' in text
    assert "<mark>certificate</mark>" in text
    assert "Nothing found" in api.get("/", q="zeppelin").text


def test_search_can_be_narrowed_to_one_data_source(api: Caller) -> None:
    for name in ("left", "right"):
        api.load(api.create(name), api.document("1", api.chunk("a", f"words on the {name}")))
    spec = api.twig.data_specs()[1]["id"]
    text = api.get("/", q="words", source=spec).text
    assert ("on the right" in text, "on the left" in text) == (True, False)


def test_texts_titles_and_links_cannot_become_markup(api: Caller) -> None:
    attack = "<script>alert(1)</script>"
    chunk = api.chunk("a", f"word {attack}", url="javascript:alert(1)")
    api.load(api.create(attack), api.document("1", chunk, title=attack))
    text = api.get("/", q=f"word {attack}").text
    assert "<script" not in text
    assert "javascript:" not in text


def test_nothing_is_fetched_from_elsewhere(api: Caller) -> None:
    api.load(api.create(), api.document("1", api.chunk("a", "word")))
    text = api.get("/", q="word").text
    assert "<script" not in text
    assert "@import" not in text
    assert not [part for part in text.split('src="')[1:] if part.startswith("http")]


def test_the_connection_shown_is_this_servers(api: Caller) -> None:
    assert f'"host": "{api.base_url}"' in unescape(api.get("/").text)


@given(text=st.text(), query=st.text(max_size=20))
def test_marking_loses_no_character(text: str, query: str) -> None:
    assert "".join(words for words, _ in marked(text, query)) == text


@given(before=st.integers(0, 2_000))
def test_an_excerpt_has_the_first_hit_in_it_whole(before: int) -> None:
    text = "lorem " * before + "needle" + " ipsum" * 300
    shown = excerpt(text, "needle")
    assert "needle" in shown
    assert len(shown) <= 502
    assert shown.startswith(("…lorem", "…needle")) or before * 6 <= 120
