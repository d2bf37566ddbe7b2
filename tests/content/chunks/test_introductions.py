"""What introduces a block stays with it; a row longer than a chunk keeps its key; context lines stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.content import PageContext, chunk_document, convert

CASES = Path(__file__).resolve().parents[1] / "cases"
FILLER = "The service reads its settings and restarts when they change. "
CODE = "```bash\n" + "\n".join(f"make step-{number} --all --verbose" for number in range(20)) + "\n```"
ROWS = "| Port | Use |\n| --- | --- |\n" + "\n".join(
    f"| {number} | number {number} of all ports |" for number in range(20)
)


def indented(text: str, margin: str) -> str:
    return "\n".join(f"{margin}{line}" if line else margin.rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("block", [CODE, ROWS], ids=["code", "table"])
@pytest.mark.parametrize("before", range(2, 9))
@pytest.mark.parametrize(
    "text",
    [
        "{filler}\n\nRun this:\n\n{block}",
        "{filler}\n\n- Run this:\n\n{in_item}",
        "- {filler}\n\n  Run this:\n\n{in_item}\n\n  {filler}",
        "> {filler}\n>\n> Run this:\n>\n{in_quote}",
        "{filler}\n\n- one\n- Run this:\n\n{block}",
        "{filler}\n\nRun this\n\n{block}",
    ],
    ids=["paragraph", "item", "inside an item", "inside a quote", "item before", "caption"],
)
def test_what_introduces_a_block_stays_with_it(text, before, block):
    parts = {
        "filler": FILLER * before * 3,
        "block": block,
        "in_item": indented(block, "  "),
        "in_quote": indented(block, "> "),
    }
    chunks = [chunk.text for chunk in chunk_document(text.format(**parts))]
    (introduced,) = [chunk for chunk in chunks if "Run this" in chunk]
    assert "make step-0" in introduced or "| 0 |" in introduced


def rows_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith("|")]


def test_a_row_longer_than_a_chunk_repeats_header_and_key():
    markdown = convert((CASES / "chunk-row-over-limit.xhtml").read_text(encoding="utf-8")).markdown
    chunks = chunk_document(markdown)
    assert len(chunks) > 2
    for chunk in chunks:
        head, delimiter, first, *others = rows_of(chunk.text)
        assert (head, delimiter) == ("| Key | Explanation |", "| --- | --- |")
        assert first.startswith("| alpha | The service") and first.endswith(" |")
        assert others in ([], ["| beta | short |"])
        assert chunk.token_count <= 512
        assert len(chunk.text.split("\n")) == 3 + len(others)


def test_a_part_of_a_long_cell_stays_in_its_column():
    markdown = f"| K | A | B |\n| --- | --- | --- |\n| k1 | {FILLER * 60}| {FILLER * 60}|\n| k2 | x | y |"
    cells = [row.split("|") for chunk in chunk_document(markdown) for row in rows_of(chunk.text)[2:]]
    assert {row[1].strip() for row in cells} == {"k1", "k2"}
    assert any(not row[2].strip() and row[3].strip() for row in cells)
    assert all(len(row) <= 5 for row in cells)


def test_context_lines_are_short_where_chunks_are():
    page = PageContext(
        title="Replace the pump",
        space_name="Plant documentation",
        ancestors=tuple(f"Chapter {n} of the manual" for n in range(6)),
    )
    (short,) = chunk_document("## Parts\n\nOne pump.", page)
    assert short.text.startswith("Chapter 5 of the manual › Replace the pump › Parts\n\n")
    small, large = chunk_document(f"## Parts\n\n{FILLER * 4}\n\n## Steps\n\n{FILLER * 20}", page)
    assert small.text.startswith("Replace the pump › Parts\n\n")
    assert large.text.startswith("Chapter 5 of the manual › Replace the pump › Steps\n\n")
    chunks = chunk_document("## Parts\n\n" + "\n\n".join(f"{FILLER * 4}{n}" for n in range(40)), page)
    context = sum(len(chunk.text.partition("\n\n")[0].split()) for chunk in chunks)
    assert context <= 0.12 * sum(len(chunk.text.split()) for chunk in chunks)
    assert all(chunk.heading_path == ("Parts",) for chunk in chunks)


def test_a_file_is_named_with_its_page_however_short_it_is():
    page = PageContext(title="scan.pdf", kind="attachment", space_name="Plant", ancestors=("Pumps", "Replace the pump"))
    (chunk,) = chunk_document("Signed.", page)
    assert chunk.text == "Plant › Pumps › Replace the pump › scan.pdf\n\nSigned."
    chunks = chunk_document(f"## Parts\n\n{FILLER * 4}\n\n## Steps\n\n{FILLER * 4}", page)
    assert [chunk.text.partition("\n\n")[0] for chunk in chunks] == [
        "Replace the pump › scan.pdf › Parts",
        "Replace the pump › scan.pdf › Steps",
    ]
