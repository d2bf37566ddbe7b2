"""Images in chunks: what they show and the name of their file, while the document keeps their address."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import PageContext, chunk_document, convert
from confluence_to_twig.content.chunks.images import without_addresses

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("markdown", "embedded"),
    [
        ("![Plan](https://e.com/a%20b.png?version=1#x)", "![Plan – a b.png]"),
        ("![a b.png](https://e.com/a%20b.png)", "![a b.png]"),
        ("![Plan](https://e.com/s%281%29.png)", "![Plan – s(1).png]"),
        ("![Plan](https://e.com/s(1).png)", "![Plan – s(1).png]"),
        ("![Plan](https://e.com/)", "![Plan]"),
        (r"![a \[1\]](https://e.com/i.png)", r"![a \[1\] – i.png]"),
        ("[![Go](https://e.com/i.png)](https://e.com/x)", "[![Go – i.png]](https://e.com/x)"),
        ("| ![a](b/c.png) | ![d](e.png) |\n| --- | --- |", "| ![a – c.png] | ![d – e.png] |\n| --- | --- |"),
        ("[a](https://e.com/i.png)", "[a](https://e.com/i.png)"),
        (r"\![a](https://e.com/i.png)", r"\![a](https://e.com/i.png)"),
        ("`![a](b.png)` ![c](d.png)", "`![a](b.png)` ![c – d.png]"),
        ("```\n![a](b.png)\n```\n![c](d.png)", "```\n![a](b.png)\n```\n![c – d.png]"),
        (
            "> - ````md\n>   ```\n>   ![a](b.png)\n>   ````\n> ![c](d.png)",
            "> - ````md\n>   ```\n>   ![a](b.png)\n>   ````\n> ![c – d.png]",
        ),
    ],
)
def test_an_image_is_embedded_with_the_name_of_its_file(markdown: str, embedded: str) -> None:
    assert without_addresses(markdown).text == embedded


def test_positions_lead_back_into_the_document() -> None:
    markdown = "one ![a](https://e.com/1.png) two\n![b](https://e.com/long/2.png) three"
    embedded = without_addresses(markdown)
    for word in ("one", "two", "three"):
        assert embedded.position(embedded.text.index(word)) == markdown.index(word)
    assert embedded.position(len(embedded.text)) == len(markdown)


def test_a_chunk_has_no_address_of_an_image_and_says_where_it_stands_in_the_document() -> None:
    image = '<ac:image ac:alt="The plan"><ri:attachment ri:filename="plan.png" /></ac:image>'
    storage = f"<p>{image}</p>" + f"<h1>{image} Start</h1>" + "<p>Words that fill a chunk, quite a few. </p>" * 60
    page = PageContext(page_id="7", title="Page", url="https://acme.example/7", site_url="https://acme.example/wiki")
    conversion = convert(storage, page)
    assert conversion.markdown.count("https://acme.example/wiki/download/attachments/7/plan.png") == 2
    chunks = chunk_document(conversion.markdown, page, conversion.headings)
    assert len(chunks) > 1
    assert not [chunk.text for chunk in chunks if "download/attachments" in chunk.text]
    assert "![The plan – plan.png]" in chunks[0].text
    assert chunks[-1].heading_path == (conversion.headings[0].text,)
    assert (chunks[0].char_start, chunks[-1].char_end) == (0, len(conversion.markdown.rstrip()))
    last_words = chunks[-1].text.rpartition("\n\n")[2]
    assert conversion.markdown[chunks[-1].char_start : chunks[-1].char_end].endswith(last_words)
