"""The library functions on a bare string."""

from __future__ import annotations

from confluence_to_twig.content import PageContext, chunk_document, convert, storage_to_markdown


def test_converts_a_bare_string_without_any_context():
    assert storage_to_markdown("<h1>Start</h1><p>Read <strong>this</strong>.</p>") == "# Start\n\nRead **this**."


def test_reports_what_was_met_on_the_way():
    storage = (
        "<table><tbody><tr><th>A</th></tr><tr><td>1</td></tr></tbody></table>"
        '<ac:structured-macro ac:name="acme-chart"><ac:parameter ac:name="kind">pie</ac:parameter>'
        "<ac:rich-text-body><p>Shares</p></ac:rich-text-body></ac:structured-macro>"
    )
    conversion = convert(storage)
    assert conversion.report.unknown_macros == ("acme-chart",)
    assert conversion.report.constructs["table"] == 1
    assert not conversion.report.tolerant
    assert conversion.report.coverage == 1.0
    assert "pie" not in conversion.markdown


def test_chunks_a_bare_string_without_any_context():
    chunks = chunk_document("# Start\n\nRead this.")
    assert [(chunk.heading_path, chunk.text) for chunk in chunks] == [(("Start",), "Start\n\n# Start\n\nRead this.")]


def test_puts_the_place_of_the_page_in_front_of_every_chunk():
    page = PageContext(
        page_id="7", title="Page", space_name="Space", ancestors=("Top",), url="https://c.example/wiki/7"
    )
    (chunk,) = chunk_document("## Set up (v2)\n\nRun it.", page)
    assert chunk.text.split("\n")[0] == "Space › Top › Page › Set up (v2)"
    assert chunk.url == "https://c.example/wiki/7#Set-up-%28v2%29"
    assert chunk.chunk_id.startswith("7:")
