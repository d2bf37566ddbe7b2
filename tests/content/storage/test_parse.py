"""Reading bodies: strictly where they are well-formed, and without losing text or code where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content import convert, storage_to_markdown
from confluence_to_twig.content.nodes import MAX_DEPTH, Node
from confluence_to_twig.content.storage.parse import parse_storage
from tests.proofs import examples

CODE = '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[if a < b && c:\n    <x/>]]></ac:plain-text-body></ac:structured-macro>'


def depth_of(node: Node) -> int:
    deepest, pending = 0, [(node, 0)]
    while pending:
        current, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((child, depth + 1) for child in current.elements())
    return deepest


def test_well_formed_bodies_are_read_strictly():
    parsed = parse_storage('<p local-id="1">a&nbsp;b &eacute;&#233;&#xE9; &lt;T&gt;</p><ri:page ri:content-title="x"/>')
    assert not parsed.tolerant
    assert parsed.root.text() == "a\xa0b ééé <T>"
    assert [node.tag for node in parsed.root.elements()] == ["p", "ri:page"]


def test_entities_inside_cdata_stay_as_they_are():
    body = "<ac:plain-text-body><![CDATA[&nbsp; &amp; <b>]]></ac:plain-text-body>"
    assert parse_storage(body).root.text() == "&nbsp; &amp; <b>"


def test_split_cdata_is_joined():
    assert parse_storage("<p><![CDATA[a]]]]><![CDATA[>b]]></p>").root.text() == "a]]>b"


def test_unknown_entities_are_shown_as_written():
    assert parse_storage("<p>&bogus; &x;</p>").root.text() == "&bogus; &x;"


def test_references_to_forbidden_characters_become_the_replacement_character():
    assert parse_storage("<p>&#0;&#xD800;&#xFDD0;&#x110000;</p>").root.text() == "\ufffd" * 4


@pytest.mark.parametrize(
    "broken",
    [
        "<p>one<p>two" + CODE,
        "<p>one<br>two</p>" + CODE,
        "<p>one</p></div><p>two</p>" + CODE,
        "<p>one & two</p>" + CODE,
        "<p align=left>one</p><p>two</p>" + CODE,
        "<b><i>one</b></i> two" + CODE,
        "<ul><li>one<li>two</ul>" + CODE,
        "<table><tr><td>one<td>two</table>" + CODE,
        "<p>one</P><p>two</p><?xml version='1.0'?>" + CODE,
        '<a href="x>one</a> two' + CODE,
        "one <unknown>two</unknown" + CODE,
        "<!DOCTYPE html><p>one two</p>" + CODE,
    ],
)
def test_broken_bodies_keep_text_and_code(read_back, broken):
    conversion = convert(broken)
    assert conversion.report.tolerant
    page = read_back(broken)
    assert "one" in conversion.markdown
    assert "two" in conversion.markdown
    assert page.xpath("string(//pre/code)") == "if a < b && c:\n    <x/>\n"


def test_tolerant_reading_leaves_comments_out():
    parsed = parse_storage("<p>a<!-- <b>hidden --><br>b</p>")
    assert parsed.tolerant
    assert parsed.root.text() == "ab"


def test_tolerant_reading_closes_what_browsers_close(read_back):
    page = read_back("<ul><li>a<li>b<ul><li>c</ul><li>d</ul><p>e<p>f<div>g</div>")
    assert len(page.xpath("ul/li")) == 3
    assert page.xpath("ul/li/ul/li/text()") == ["c"]
    assert page.xpath("p/text()") == ["e", "f", "g"]


def test_tolerant_reading_of_a_broken_table(read_back):
    page = read_back("<table><tr><th>A<th>B<tr><td>1<td>2<tr><td>3<td>4</table>")
    assert page.xpath("//td/text()") == ["1", "2", "3", "4"]


def test_an_end_tag_does_not_close_a_macro_around_it(read_back):
    broken = '<p>a<ac:structured-macro ac:name="info"><ac:rich-text-body>b</p>c</ac:rich-text-body></ac:structured-macro><br>d'
    page = read_back(broken)
    assert page.xpath("string(blockquote/p)") == "Info: bc"


@pytest.mark.parametrize("text", ["a < b", "List<String> x", "x <user@example.com> y", "1 <2 <3", "<", "a <- b"])
def test_what_looks_like_no_tag_is_text(text):
    assert parse_storage(f"<p>{text}</p><br>").root.text() == text


def test_unclosed_cdata_ends_with_its_macro(read_back):
    broken = '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x = 1</ac:plain-text-body></ac:structured-macro><p>after</p>'
    page = read_back(broken)
    assert page.xpath("string(//pre/code)") == "x = 1\n"
    assert page.xpath("string(p)") == "after"


def test_unclosed_cdata_before_another_one(read_back):
    page = read_back(
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x = 1</ac:plain-text-body></ac:structured-macro><p>mid</p>'
        + CODE
        + "<br>"
    )
    assert page.xpath("//pre/code/text()") == ["x = 1\n", "if a < b && c:\n    <x/>\n"]


@pytest.mark.parametrize("comment", ["<!-- secret -->", "<!---->"])
def test_comments_are_dropped(comment):
    assert storage_to_markdown(f"<p>a{comment}b</p>") == "ab"


def test_a_comment_that_never_ends_is_text():
    assert "rest" in storage_to_markdown("<p>a</p><!-- rest of the page")


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1f", "\ud800", "\udfff", "\ufdd0", "\ufffe", "\uffff"])
def test_forbidden_characters_never_reach_the_markdown(character):
    markdown = storage_to_markdown(f"<p>a{character}b</p>{CODE.replace('if', character)}")
    assert character not in markdown
    markdown.encode()


def test_deep_nesting_is_flattened_without_losing_text():
    for body in ("<div>" * 5_000 + "deep" + "</div>" * 5_000, "<div>" * 150 + "deep</div>" * 150):
        parsed = parse_storage(body)
        assert depth_of(parsed.root) <= MAX_DEPTH
        assert "deep" in parsed.root.text()
    words = convert("<ul><li>word</li><li>" * 400 + "end")
    assert words.report.coverage == 1.0


@examples(80, 20_000)
@given(st.text(alphabet="<>/ap=\"' &;!-[]CDT:\n\x00\ud800é", max_size=200))
def test_reads_any_text(text):
    parsed = parse_storage(text)
    assert depth_of(parsed.root) <= MAX_DEPTH
    parsed.root.text().encode()


INFO = '<ac:structured-macro ac:name="info">{}</ac:structured-macro>'


@pytest.mark.parametrize(
    "inside",
    [
        "<p>kept</p>",
        '<ac:parameter ac:name="title">T</ac:parameter>kept<ac:rich-text-body></ac:rich-text-body>',
        '<ac:parameter ac:name="title">T<ac:rich-text-body><p>kept</p></ac:rich-text-body>',
        '<ac:parameter ac:name="title">T<p>kept',
        '<ac:parameter ac:name="icon">x<ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body>kept',
    ],
)
def test_text_of_a_broken_macro_is_kept(inside):
    assert storage_to_markdown(INFO.format(inside)) in {"> **Info:** kept", "> **Info: T:** kept"}
