"""HTML files: what a browser shows, and nothing that runs or is hidden."""

from __future__ import annotations

import pytest

from confluence_to_twig.content.attachments.html_reader import html


def test_headings_lists_tables_and_code_are_kept() -> None:
    page = """<!doctype html><html><body><h1>Plan</h1><p>Copy <b>all</b> disks.</p><ol start="3"><li>a<li>b</ol>
    <table><thead><tr><th>Disk<th>Hour</thead><tr><td>a|b<td>1</table><pre class="language-py">x = 1\n\n  y</pre>"""
    assert html(page.encode()) == (
        "# Plan\n\nCopy **all** disks.\n\n3. a\n4. b\n\n| Disk | Hour |\n| --- | --- |\n| a\\|b | 1 |\n\n"
        "```py\nx = 1\n\n  y\n```\n\n"
    )


def test_items_have_the_numbers_that_a_browser_shows() -> None:
    assert html(b"<ol><li>a<li value=5>b<li>c</ol>").strip() == "1. a\n\n5) b\n6) c"


def test_what_a_browser_does_not_show_is_left_out() -> None:
    page = """<head><title>x</title><style>x</style></head><p>shown<script>x</script><!-- x --><template>x</template></p>
    <p hidden>x</p><div style="color: red; display:none">x</div><span style="visibility: hidden">x</span><svg><text>x</text></svg>
    <select><option>x</select>"""
    assert html(page.encode()).strip() == "shown"


def test_only_addresses_on_the_web_are_links() -> None:
    page = "".join(
        f'<p><a href="{address}">a</a></p>'
        for address in (
            "https://acme.example/a b",
            "javascript:x()",
            " JavaScript:x()",
            "data:text/html,x",
            "page2.html",
            "#top",
        )
    )
    assert html(page.encode()).split() == ["[a](https://acme.example/a%20b)", "a", "a", "a", "a", "a"]


def test_the_link_of_a_heading_to_itself_is_not_shown() -> None:
    page = '<h2>Set up<a class="headerlink" href="#set-up">¶</a></h2><p><a href="#n">#1</a> <a href="https://e.com/#a">#</a></p>'
    assert html(page.encode()).strip() == "## Set up\n\n#1 [#](https://e.com/#a)"


def test_a_picture_is_what_is_said_of_it() -> None:
    assert html(b'<p>See <img src="data:image/png;base64,AAAA" alt="the plan">.</p>').strip() == "See the plan."


@pytest.mark.parametrize(
    "data",
    [
        "<p>größer".encode(),
        "<meta charset=utf-8><p>größer".encode(),
        "<p>größer".encode("cp1252"),
        '<meta charset="iso-8859-1"><p>größer'.encode("latin-1"),
        '<?xml version="1.0" encoding="iso-8859-15"?><html><p>größer</p></html>'.encode("iso-8859-15"),
        '<meta charset="no-such-thing"><p>größer'.encode("cp1252"),
        "<p>größer".encode("utf-16"),
    ],
)
def test_letters_are_those_of_the_encoding(data: bytes) -> None:
    assert html(data).strip() == "größer"


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "blockquote", "table><tr><td"])
def test_text_in_very_many_elements_is_still_there(tag: str) -> None:
    assert "deep" in html(f"{f'<{tag}>' * 600}deep".encode())


@pytest.mark.parametrize("data", [b"", b"  \n", b"<!-- only a comment -->", b"<html></html>"])
def test_a_page_without_text_has_none(data: bytes) -> None:
    assert html(data) == ""
