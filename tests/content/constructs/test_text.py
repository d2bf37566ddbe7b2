"""Ordinary text: emphasis, breaks, headings, and characters that Markdown would take for markup."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import storage_to_markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<strong>a</strong>", "**a**"),
        ("<em>a</em>", "_a_"),
        ("<del>a</del>", "~~a~~"),
        ("<strong><em>a</em></strong>", "**_a_**"),
        ("<u>a</u>", "a"),
        ("x<strong>y</strong>z", "x**y**z"),
        ("x<em>y</em>z", "x*y*z"),
        ("x<strong> y </strong>z", "x **y** z"),
        ("x <strong> y </strong> z", "x **y** z"),
        ("x <em> </em> z", "x z"),
        ("x <em> y</em> <code>a  b</code>", "x _y_ `a b`"),
        ("<strong>a</strong><strong>b</strong>", "**ab**"),
        ("<strong>a:</strong> b", "**a:** b"),
        ("<strong> </strong>a", "a"),
        ("규칙<strong>(Rules)</strong>이란", "규칙(**Rules**)이란"),
        ("<strong>“a”</strong>b", "**“a**”b"),
        ("H<sub>2</sub>O", "H2O"),
        ("10<sup>6</sup>", "10^6"),
        ("1<sup>st</sup>", "1st"),
        ('<span style="color: red;">a</span>b', "ab"),
        ("a&nbsp;b &mdash; &ldquo;c&rdquo;", "a b — “c”"),
        ("a<br/>b", "a  \nb"),
        ("a<br/><br/>b", "a\n\nb"),
    ],
)
def test_inline_text(html, markdown):
    assert storage_to_markdown(f"<p>{html}</p>") == markdown


@pytest.mark.parametrize(
    "text",
    [
        "*s* _u_ **b** `c` ~~d~~",
        "snake_case and 2 * 3 * 4",
        "List<T> and a < b && c > d",
        "&amp; &nbsp; &#65;",
        "[a](b) ![c](d) [e][f] [g]: h",
        "# no heading",
        "- no item",
        "+ no item",
        "1. no item",
        "2026) no item",
        "> no quote",
        "---",
        "===",
        "| a | b |",
        "~~~",
        "<!-- no comment -->",
        "C:\\dir\\*.txt ends with \\",
        "https://example.com/a_b_c?d=*",
        "!",
        "{{ jinja }} ${var} $x$ ^y^",
    ],
)
def test_text_that_looks_like_markup_stays_text(read_back, text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    for storage, path in (("<p>{}</p>", "p"), ("<h2>{}</h2>", "h2"), ("<ul><li>{}</li></ul>", "ul/li")):
        assert read_back(storage.format(escaped)).xpath(f"string({path})") == text
    cells = f"<table><tbody><tr><td>{escaped}</td><td>x</td></tr></tbody></table>"
    assert read_back(cells).xpath("string(//tbody//td[1])") == text


def test_escapes_nothing_that_needs_no_escape():
    text = "A_b, 2 * 3, [x], (y), a-b, 1.5, #5, 50%, it's 3 > 2 & 1 < 2!"
    assert storage_to_markdown(f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>") == text


@pytest.mark.parametrize("level", range(1, 7))
def test_headings(read_back, level):
    page = read_back(f"<h{level}>Set <code>x</code> up<br/>now #</h{level}><p>text</p>")
    assert page.xpath(f"string(h{level})") == "Set x up now #"


def test_empty_headings_and_paragraphs_leave_nothing():
    assert storage_to_markdown("<h2> </h2><p /><p>&nbsp;</p><h1/>") == ""


def test_text_without_any_element():
    assert storage_to_markdown("just text") == "just text"


def test_block_quote_and_rule(read_back):
    page = read_back("<blockquote><p>a</p><p>b</p></blockquote><hr/><p>c</p>")
    assert page.xpath("blockquote/p/text()") == ["a", "b"]
    assert [element.tag for element in page] == ["blockquote", "hr", "p"]


def test_emphasis_around_blocks_goes_around_their_text(read_back):
    assert read_back("<strong><p>a</p><p>b</p></strong>").xpath("p/strong/text()") == ["a", "b"]


def test_words_in_bold_one_by_one_are_bold_together():
    storage = "<p><strong>Client</strong> <strong>Name</strong> of <em>the</em><em> day</em> <strong>x</strong>y</p>"
    assert storage_to_markdown(storage) == "**Client Name** of _the day_ **x**y"


def test_a_star_that_comes_to_stand_at_the_edge_of_emphasis_stays_text(read_back):
    assert read_back("<p>a<strong>( * b)</strong>c</p>").xpath("string(p)") == "a( * b)c"


def test_inline_comment_marker_leaves_its_text():
    marker = '<ac:inline-comment-marker ac:ref="1">mark</ac:inline-comment-marker>'
    assert storage_to_markdown(f"<p>a{marker}ed word</p>") == "amarked word"


def test_placeholder_of_a_template_is_dropped():
    assert storage_to_markdown("<p>a<ac:placeholder>Type here</ac:placeholder></p>") == "a"


def test_definition_list(read_back):
    page = read_back("<dl><dt>Term</dt><dd>Meaning</dd><dd>Other</dd></dl>")
    assert page.xpath("string(ul/li/p[1]/strong)") == "Term"
    assert page.xpath("ul/li/p[position() > 1]/text()") == ["Meaning", "Other"]


def test_bold_headings_are_headings():
    assert storage_to_markdown("<h2><strong>Set up</strong> <em>now</em></h2>") == "## Set up _now_"


@pytest.mark.parametrize(
    "text",
    ["All (*)", "!@#$%^&*)", "Setup_(v2)", "Setup_(v2)_x64", "a_(b), c_(d)", "C:\\*.txt", "see * below"],
)
def test_a_lone_star_or_underscore_is_not_escaped(read_back, text):
    for storage, path in (("<p>{}</p>", "p"), ("<h2>{}</h2>", "h2"), ("<ul><li>{}</li></ul>", "ul/li")):
        stored = storage.format(text.replace("&", "&amp;"))
        assert read_back(stored).xpath(f"string({path})") == text
        assert "\\*" not in storage_to_markdown(stored).replace("\\\\", "")
        assert "\\_" not in storage_to_markdown(stored)


def test_a_name_in_pieces_needs_no_escapes():
    assert (
        storage_to_markdown("<p>is_<span>mips</span>_<span>feature</span> and a_<span>b</span></p>")
        == "is_mips_feature and a_b"
    )


@pytest.mark.parametrize("text", ["*", "* item", "_", "`*`*", "a\\*b*", "***", "(_a_)", "-*a*-", "→_x_→"])
def test_a_star_that_would_be_markup_stays_text(read_back, text):
    assert read_back(f"<p>{text}</p>").xpath("string(p)") == text


def test_characters_without_width_are_dropped():
    assert storage_to_markdown("<p>Donau\u00addampf\u200b <em>x\ufeff</em>\u2060</p><p>\u200b</p>") == "Donaudampf _x_"


def test_joiners_inside_words_and_emoji_stay():
    text = "می\u200cخواهم 👩\u200d💻"
    assert storage_to_markdown(f"<p>{text}</p>") == text
