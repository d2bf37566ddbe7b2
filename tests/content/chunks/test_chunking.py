"""What every chunk keeps: the limit, every word, its place, and whole rows, lines and sentences."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content import PageContext, chunk_document
from confluence_to_twig.content.chunks.chunking import LIMIT_TOKENS, OVERLAP_TOKENS
from confluence_to_twig.content.chunks.packing import SECTION_TOKENS
from confluence_to_twig.content.chunks.tokens import count_tokens
from tests.proofs import examples

PAGE = PageContext(
    page_id="7", title="Page", space_name="Space", ancestors=("Top", "Middle"), url="https://acme.example/wiki/x/7"
)
WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
]


def sentence(rng: random.Random, words: int = 12) -> str:
    return " ".join(rng.choice(WORDS) + str(rng.randrange(1000)) for _ in range(words)).capitalize() + "."


def paragraph(rng: random.Random, sentences: int = 4) -> str:
    return " ".join(sentence(rng) for _ in range(sentences))


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def assert_sound(markdown: str, chunks) -> None:
    assert all(chunk.token_count == count_tokens(chunk.text) <= LIMIT_TOKENS for chunk in chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    covered = 0
    for chunk in chunks:
        assert 0 <= chunk.char_start < chunk.char_end <= len(markdown)
        assert not markdown[covered : max(covered, chunk.char_start)].strip()
        covered = max(covered, chunk.char_end)
    assert not markdown[covered:].strip()


BLOCKS = st.one_of(
    st.text(alphabet="ab .!?。\n-*_`|#>\\[]()é漢🙂\t0", min_size=1, max_size=400),
    st.sampled_from(["# A", "## B b", "### C", "#### D", "- item", "  - nested item", "1. one", "> quote", "---", "```", "````py"]),
    st.integers(1, 60).map(lambda n: "| k | v |\n| --- | --- |\n" + "\n".join(f"| key{i} | value {i} |" for i in range(n))),
    st.integers(1, 120).map(lambda n: "```py\n" + "\n".join(f"line_{i} = {i}" for i in range(n)) + "\n```"),
    st.integers(1, 300).map(lambda n: " ".join(f"word{i}." if i % 9 == 0 else f"word{i}" for i in range(n))),
    st.integers(1, 80).map(lambda n: "\n".join(f"{'  ' * (i % 3)}- item {i} text" for i in range(n))),
    st.integers(1, 900).map(lambda n: "x" * n),
)  # fmt: skip
DOCUMENTS = st.lists(BLOCKS, max_size=12).map("\n\n".join)


@examples(60, 15_000)
@given(DOCUMENTS)
def test_holds_the_limit_and_every_word(markdown):
    chunks = chunk_document(markdown, PAGE)
    assert_sound(markdown, chunks)
    held = set()
    for chunk in chunks:
        held |= set(words_of(chunk.text))
    short_enough = {word for word in words_of(markdown) if len(word) < 300}
    assert short_enough <= held


@examples(25, 5_000)
@given(DOCUMENTS)
def test_gives_the_same_chunks_each_time(markdown):
    assert chunk_document(markdown, PAGE) == chunk_document(markdown, PAGE)


def sixty_chunk_page(rng: random.Random, headings: bool) -> list[str]:
    blocks = []
    for number in range(200):
        if headings and number % 7 == 0:
            blocks.append(f"{'##' if number % 3 else '###'} Section {number}")
        blocks.append(paragraph(rng, rng.randint(2, 4)))
    return blocks


@pytest.mark.parametrize("headings", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_an_edited_paragraph_changes_at_most_three_chunks(headings, seed):
    rng = random.Random(seed)
    blocks = sixty_chunk_page(rng, headings)
    before = {chunk.chunk_id for chunk in chunk_document("\n\n".join(blocks), PAGE)}
    assert len(before) >= 60
    middle = next(index for index in range(len(blocks) // 2, len(blocks)) if not blocks[index].startswith("#"))
    for edited in (f"{blocks[middle]} One more sentence.", paragraph(rng, 1), paragraph(rng, 9)):
        changed = [*blocks[:middle], edited, *blocks[middle + 1 :]]
        after = {chunk.chunk_id for chunk in chunk_document("\n\n".join(changed), PAGE)}
        assert len(after - before) <= 3
        assert len(before - after) <= 3


def test_an_edit_in_one_section_leaves_the_other_sections_alone():
    rng = random.Random(5)
    sections = {name: "\n\n".join([f"## {name}", *(paragraph(rng) for _ in range(12))]) for name in ("A", "B", "C")}
    before = {chunk.chunk_id: chunk for chunk in chunk_document("\n\n".join(sections.values()), PAGE)}
    sections["B"] += "\n\n" + paragraph(rng, 20)
    after = {chunk.chunk_id: chunk for chunk in chunk_document("\n\n".join(sections.values()), PAGE)}
    assert all(before[chunk_id].heading_path == ("B",) for chunk_id in before.keys() - after.keys())
    assert all(after[chunk_id].heading_path == ("B",) for chunk_id in after.keys() - before.keys())


def test_a_page_of_tiny_sections_is_one_chunk():
    (chunk,) = chunk_document("## A\n\none\n\n## B\n\ntwo", PAGE)
    assert chunk.text == "Space › Top › Middle › Page\n\n## A\n\none\n\n## B\n\ntwo"
    assert chunk.heading_path == ()
    assert chunk.url == PAGE.url + "#A"


def test_a_long_table_repeats_its_header_and_cuts_no_row():
    rows = [f"| key{number} | {sentence(random.Random(number))} |" for number in range(100)]
    chunks = chunk_document("\n".join(["| Key | Value |", "| --- | --- |", *rows]), PAGE)
    assert len(chunks) > 3
    for chunk in chunks:
        body = chunk.text.split("\n\n", 1)[1].split("\n")
        assert body[:2] == ["| Key | Value |", "| --- | --- |"]
        assert set(body[2:]) <= set(rows)


def test_long_code_is_fenced_again_with_its_language():
    lines = [f"    value_{number} = compute({number})" for number in range(200)]
    chunks = chunk_document("\n".join(["````python", *lines, "````"]), PAGE)
    assert len(chunks) > 3
    for chunk in chunks:
        body = chunk.text.split("\n\n", 1)[1].split("\n")
        assert (body[0], body[-1]) == ("````python", "````")
        assert set(body[1:-1]) <= set(lines)


def test_code_in_a_list_item_is_fenced_again_at_the_margin():
    lines = [f"      value_{number} = compute({number})" for number in range(200)]
    chunks = chunk_document("\n".join(["- Do this:", "", "  ```python", *lines, "  ```"]), PAGE)
    for chunk in chunks[1:]:
        body = chunk.text.split("\n\n", 1)[1].split("\n")
        assert (body[0], body[-1]) == ("```python", "```")


def test_code_in_a_quote_stays_in_the_quote():
    lines = [f"> value_{number} = compute({number})" for number in range(200)]
    chunks = chunk_document("\n".join(["> **Info:** Do this:", ">", "> ```python", *lines, "> ```"]), PAGE)
    for chunk in chunks[1:]:
        body = chunk.text.split("\n\n", 1)[1].split("\n")
        assert (body[0], body[-1]) == ("> ```python", "> ```")


def test_list_items_stay_whole_and_sentences_too():
    rng = random.Random(1)
    items = [f"- {paragraph(rng, 3)}" for _ in range(40)]
    chunks = chunk_document("\n".join(items), PAGE)
    for chunk in chunks:
        assert set(chunk.text.split("\n\n", 1)[1].split("\n")) <= set(items)
    sentences = [sentence(rng) for _ in range(120)]
    for chunk in chunk_document(" ".join(sentences), PAGE):
        body = chunk.text.split("\n\n", 1)[1]
        assert body.startswith(tuple(sentences))
        assert body.endswith(tuple(sentences))


def test_overlap_only_inside_long_prose():
    rng = random.Random(2)
    prose = " ".join(sentence(rng, 6) for _ in range(200))
    chunks = chunk_document(prose, PAGE)
    overlaps = [before.char_end - after.char_start for before, after in pairwise(chunks)]
    assert any(overlap > 0 for overlap in overlaps)
    for before, after in pairwise(chunks):
        assert count_tokens(prose[after.char_start : before.char_end]) <= OVERLAP_TOKENS
    apart = chunk_document("\n\n".join(paragraph(rng) for _ in range(60)), PAGE)
    assert all(before.char_end <= after.char_start for before, after in pairwise(apart))


def test_no_chunk_is_a_bare_heading():
    rng = random.Random(3)
    blocks = []
    for number in range(60):
        blocks.append(f"## Heading {number}")
        if number % 3 == 0:
            blocks.append(f"### Sub {number}")
        if number % 2:
            blocks.append(paragraph(rng, rng.randint(1, 12)))
    blocks += ["## The end"]
    for chunk in chunk_document("\n\n".join(blocks), PAGE):
        lines = [line for line in chunk.text.split("\n")[1:] if line]
        assert any(not line.startswith("#") for line in lines)
        assert not lines[-1].startswith("#") or lines[-1] == "## The end"


def test_what_introduces_code_stays_with_it():
    rng = random.Random(8)
    blocks = []
    for number in range(40):
        blocks += [paragraph(rng, 3), f"Example {number}:", f"**file{number}.py**", f"```py\nprint({number})\n```"]
    for chunk in chunk_document("\n\n".join(blocks), PAGE):
        assert not chunk.text.endswith((":", ".py**"))


def test_tiny_sections_share_chunks():
    blocks = [f"## Question {number}?\n\nAnswer {number}." for number in range(200)]
    chunks = chunk_document("\n\n".join(blocks))
    assert len(chunks) < 100
    assert all(chunk.token_count >= SECTION_TOKENS for chunk in chunks)


def test_a_section_that_is_not_tiny_is_a_chunk_of_its_own_however_small_the_page():
    rng = random.Random(11)
    sections = [f"## Question {number}?\n\n{paragraph(rng, 2)}" for number in range(3)]
    assert all(count_tokens(section) >= SECTION_TOKENS for section in sections)
    assert [chunk.text for chunk in chunk_document("\n\n".join(sections))] == [
        f"Question {number}?\n\n{section}" for number, section in enumerate(sections)
    ]


def test_no_edit_of_a_section_moves_the_others():
    rng = random.Random(12)
    sections = [f"## Part {number}\n\n{paragraph(rng, rng.randint(1, 6))}" for number in range(30)]
    before = {chunk.chunk_id for chunk in chunk_document("\n\n".join(sections))}
    for number in range(30):
        edited = [*sections[:number], f"{sections[number]} One more word.", *sections[number + 1 :]]
        after = {chunk.chunk_id for chunk in chunk_document("\n\n".join(edited))}
        assert (len(after - before), len(before - after)) == (1, 1)


def test_heading_path_and_url_follow_the_headings():
    rng = random.Random(4)
    big = "\n\n".join(paragraph(rng) for _ in range(8))
    markdown = f"# One\n\n{big}\n\n## Two *b* `c`\n\n{big}\n\n## Two *b* `c`\n\n{big}\n\n# Three\n\n{big}"
    chunks = chunk_document(markdown, PAGE)
    assert {(chunk.heading_path, chunk.url) for chunk in chunks} == {
        (("One",), PAGE.url + "#One"),
        (("One", "Two b c"), PAGE.url + "#Two-b-c"),
        (("One", "Two b c"), PAGE.url + "#Two-b-c.1"),
        (("Three",), PAGE.url + "#Three"),
    }
    assert all(
        chunk.text.startswith("Space › Top › Middle › Page › " + " › ".join(chunk.heading_path))
        for chunk in chunks
        if chunk.token_count > 240
    )


def test_a_very_long_context_line_loses_its_beginning():
    page = replace(PAGE, ancestors=tuple(f"Ancestor number {number} of this page" for number in range(100)))
    chunks = chunk_document("## Heading\n\n" + "word " * 2_000, page)
    assert_sound("## Heading\n\n" + "word " * 2_000, chunks)
    line = chunks[0].text.split("\n")[0]
    assert line.startswith("… › ")
    assert line.endswith("Page › Heading")
    assert count_tokens(line) <= LIMIT_TOKENS // 4


def test_a_heading_longer_than_a_chunk():
    markdown = f"# {'very long heading ' * 400}\n\ntext"
    assert_sound(markdown, chunk_document(markdown, PAGE))


def test_equal_chunks_of_a_page_have_different_ids():
    table = "| a | b |\n| --- | --- |\n" + "| same | row |\n" * 600
    ids = [chunk.chunk_id for chunk in chunk_document(table, PAGE)]
    assert len(set(ids)) == len(ids)


def test_ids_do_not_depend_on_titles_but_hashes_do():
    before = chunk_document("text", PAGE)[0]
    after = chunk_document("text", replace(PAGE, title="Other"))[0]
    assert before.chunk_id == after.chunk_id
    assert before.content_hash != after.content_hash


@pytest.mark.parametrize("markdown", ["", " \n\n\t", "\n"])
def test_nothing_to_read_makes_no_chunk(markdown):
    assert chunk_document(markdown, PAGE) == []


def test_chunks_know_their_page_and_language():
    (chunk,) = chunk_document("The cat and the dog are not in the house with the mouse.", PAGE)
    assert chunk.page is PAGE
    assert chunk.language == "en"


@pytest.mark.parametrize(
    "markdown",
    [
        "a | b\n" + " " * 200_000 + "-x",
        "." * 300_000,
        "[" * 100_000 + "](" * 100_000,
        "- " * 20_000 + "x",
        "> " * 20_000 + "x",
        "`" * 100_000,
        "# " + "#" * 100_000,
    ],
    ids=["delimiter", "dots", "brackets", "bullets", "quotes", "backticks", "hashes"],
)
def test_hostile_markdown_ends_within_the_limit(markdown):
    assert_sound(markdown, chunk_document(markdown, PAGE))


def test_a_panel_that_is_cut_leaves_no_quote_marks_behind():
    rng = random.Random(9)
    items = "\n>\n".join(f"> **Part {number}**\n>\n> {paragraph(rng, 3)}" for number in range(12))
    chunks = chunk_document(f"> **Note:** read this\n>\n{items}", PAGE)
    assert len(chunks) > 3
    for chunk in chunks:
        assert not chunk.text.rstrip().endswith(">")
        assert chunk.token_count == count_tokens(chunk.text)


def test_a_chunk_of_several_sections_links_to_its_first_heading():
    rng = random.Random(10)
    markdown = f"# One\n\n{paragraph(rng, 9)}\n\n## Two\n\n{sentence(rng, 8)}\n\n## Three\n\n{sentence(rng, 8)}"
    last = chunk_document(markdown, PAGE)[-1]
    assert "## Two" in last.text
    assert "## Three" in last.text
    assert (last.heading_path, last.url) == (("One",), PAGE.url + "#Two")


def test_a_chunk_that_begins_with_nested_headings_links_to_the_innermost_one_all_of_it_is_below():
    (chunk,) = chunk_document("# One\n\n## Two\n\ntext", PAGE)
    assert (chunk.heading_path, chunk.url) == (("One", "Two"), PAGE.url + "#Two")
