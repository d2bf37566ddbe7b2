"""Markdown that somebody else wrote does not reach beyond its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content.raw_markdown import (
    closed,
    open_fence,
    with_headings_from,
    without_comments,
    without_front_matter,
)


@pytest.mark.parametrize(
    ("markdown", "fence"),
    [
        ("text", ""),
        ("```py\nx", "```"),
        ("```py\nx\n```", ""),
        ("````\n```\nx", "````"),
        ("````\n```\n````", ""),
        ("~~~\n```\n", "~~~"),
        ("```\nx\n```\n\n```\ny", "```"),
    ],
)
def test_a_code_block_without_an_end_gets_one(markdown: str, fence: str) -> None:
    assert open_fence(markdown) == fence
    assert open_fence(closed(markdown)) == ""


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a <!-- b --> c", "a  c"),
        ("a\n\n<!-- b\nc -->\nd<!---->", "a\n\nd"),
        ("`<!-- b -->` and ``<!-- ` -->``<!-- d -->", "`<!-- b -->` and ``<!-- ` -->``"),
        ("```html\n<!-- b -->\n```\n<!-- c -->", "```html\n<!-- b -->\n```\n"),
        ("~~~\n<!-- b -->\n~~~", "~~~\n<!-- b -->\n~~~"),
        ("a ` b <!-- c --> d", "a ` b  d"),
        ("a <!-- b", "a <!-- b"),
        ("plain", "plain"),
    ],
)
def test_comments_are_not_shown_but_those_in_code(markdown: str, shown: str) -> None:
    assert without_comments(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shifted"),
    [
        ("# Plan\n\nText\n\n### Deep", "### Plan\n\nText\n\n##### Deep"),
        ("#### Deep\n\n##### Deeper", "### Deep\n\n#### Deeper"),
        ("Plan\n====\nText\n\nSteps\n---\n", "### Plan\n\nText\n\n#### Steps\n"),
        ("# A\n\n```\n# no heading\n```\n\n- # in a list", "### A\n\n```\n# no heading\n```\n\n- # in a list"),
        ("two\nlines\n---", "### two lines\n"),
        ("Text\n\n---\n\nText", "Text\n\n---\n\nText"),
        ("no heading", "no heading"),
        ("", ""),
    ],
)
def test_headings_keep_their_distance_below_the_place(markdown: str, shifted: str) -> None:
    assert with_headings_from(markdown, 3) == shifted


def test_headings_that_would_be_too_deep_stay_headings() -> None:
    assert with_headings_from("# a\n\n##### b\n\n###### c", 4) == "#### a\n\n###### b\n\n###### c"


def test_facts_above_the_text_are_code() -> None:
    assert without_front_matter("---\ntitle: Plan\n---\n\nText") == "```yaml\ntitle: Plan\n```\n\n\nText"
    for other in ("---\n\nText", "---\n\nText\n\n---\n", "---\nText\n---\n"):
        assert without_front_matter(other) == other


@given(st.text(alphabet="#=- \n`a>|*1.", max_size=60), st.integers(1, 6))
def test_no_word_is_lost_and_no_heading_stands_above_the_place(markdown: str, top: int) -> None:
    shifted = with_headings_from(markdown, top)
    assert shifted.count("a") == markdown.count("a")
    assert with_headings_from(shifted, top) == shifted
