"""Markdown that this project wrote, read back as blocks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content.markdown.reader import Block, Run, read_markdown


def text(block: Block) -> str:
    return "".join(run.text for run in block.runs)


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("## Set-up", [Block("heading", (Run("Set-up"),), level=2)]),
        ("a\\*b **bold** *it* ~~no~~", [Block("paragraph", (Run("a*b "), Run("bold", bold=True), Run(" "), Run("it", italic=True), Run(" "), Run("no", struck=True)))]),
        ("[here](https://a.b/c) `x|y`", [Block("paragraph", (Run("here", href="https://a.b/c"), Run(" "), Run("x|y", code=True)))]),
        ("![shot](https://a.b/x.png)", [Block("paragraph", (Run("shot", href="https://a.b/x.png"),))]),
        ("3. three\n4. four", [Block("paragraph", (Run("three"),), depth=1, marker="3."), Block("paragraph", (Run("four"),), depth=1, marker="4.")]),
        ("- one\n  - two\n\n    more", [Block("paragraph", (Run("one"),), depth=1, marker="•"), Block("paragraph", (Run("two"),), depth=2, marker="•"), Block("paragraph", (Run("more"),), depth=2)]),
        ("```py\na = 1\n  b\n```", [Block("code", (Run("a = 1\n  b", code=True),))]),
        ("> quoted", [Block("paragraph", (Run("quoted"),), depth=1)]),
        ("---", [Block("rule")]),
        ("", []),
    ],
)  # fmt: skip
def test_reads_every_construct(markdown: str, blocks: list[Block]) -> None:
    assert read_markdown(markdown) == blocks


def test_reads_tables_with_breaks_and_escaped_bars() -> None:
    (table,) = read_markdown("| A | B |\n| --- | --- |\n| 1\\|2 | x<br>y |\n| 3 | |")
    assert [["".join(run.text for run in cell) for cell in row] for row in table.rows] == [
        ["A", "B"],
        ["1|2", "x\ny"],
        ["3", ""],
    ]


@pytest.mark.parametrize("deep", ["> " * 150 + "word", "".join(f"{'  ' * n}- w{n}\n" for n in range(120)) + "\nword"])
def test_loses_nothing_however_deep_it_is_nested(deep: str) -> None:
    words = set(re.findall(r"w\w+", deep))
    assert words <= set(re.findall(r"w\w+", " ".join(map(text, read_markdown(deep)))))


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=20))
def test_every_word_arrives(words: list[str]) -> None:
    assert " ".join(map(text, read_markdown("\n".join(words)))).split() == words
