"""The authoring format: what an author writes and the storage format that comes out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sample_space.elements import Elements, cdata
from sandbox.sample_space.markup import Renderer
from sandbox.sample_space.people import ACCOUNT_IDS
from sandbox.sample_space.sources import parse_page

from .conftest import parse


def render(text: str, *, local_ids: bool = False) -> str:
    storage = Renderer(Elements("test", local_ids=local_ids)).blocks(text.splitlines())
    return re.sub(r' ac:(?:macro|local|ref)(?:-id)?="[^"]*"', "", storage)


@pytest.mark.parametrize(
    ("text", "storage"),
    [
        ("two\nlines", "<p>two lines</p>"),
        ("## A & B", "<h2>A &amp; B</h2>"),
        ("**a** *b* ~~c~~ `d < e`", "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d &lt; e</code></p>"),
        (r"\*not\* bold", "<p>*not* bold</p>"),
        ("−18 °C → “cold”", "<p>&minus;18 &deg;C &rarr; &ldquo;cold&rdquo;</p>"),
        ("{not a macro}", "<p>{not a macro}</p>"),
        ("{date:2026-05-01}", '<p><time datetime="2026-05-01" /></p>'),
        ("---", "<hr />"),
        ("> quoted\n> more", "<blockquote><p>quoted more</p></blockquote>"),
        ("<p>as it is</p>\n<hr />", "<p>as it is</p><hr />"),
        ("<p><![CDATA[two\nlines]]></p>", "<p><![CDATA[two\nlines]]></p>"),
    ],
)
def test_renders_text(text: str, storage: str) -> None:
    assert render(text) == storage


def test_a_list_item_holds_paragraphs_lists_and_code() -> None:
    text = "- one\n\n  second\n\n  ```sh\n  ls\n  ```\n  - inner\n- two"
    code = (
        '<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">sh</ac:parameter>'
        "<ac:plain-text-body><![CDATA[ls]]></ac:plain-text-body></ac:structured-macro>"
    )
    assert render(text) == (
        f"<ul><li><p>one</p><p>second</p>{code}<ul><li><p>inner</p></li></ul></li><li><p>two</p></li></ul>"
    )


def test_a_numbered_list_keeps_its_start() -> None:
    assert render("3. c\n4. d") == '<ol start="3"><li><p>c</p></li><li><p>d</p></li></ol>'


def test_a_table_cell_may_hold_a_pipe_in_code_and_in_a_link() -> None:
    storage = render("| A | B |\n|---|---|\n| `x|y` | [[T|t]] |")
    assert storage.count("<td>") == 2
    assert "<code>x|y</code>" in storage
    assert "<ac:link-body>t</ac:link-body>" in storage
    assert "<th><p><strong>A</strong></p></th>" in storage


def test_a_new_editor_page_numbers_its_blocks() -> None:
    assert re.fullmatch(r'<p local-id="[0-9a-f]{12}">x</p>', render("x", local_ids=True))


def test_a_note_of_the_new_editor_carries_its_content_twice() -> None:
    assert render(":::adf-note\nonce\n:::").count("<p>once</p>") == 2


def test_directives_nest() -> None:
    storage = render(":::expand More\n:::info\nx\n:::\n:::")
    assert storage.index('"expand"') < storage.index('"info"') < storage.index("<p>x</p>")


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]) | st.sampled_from("]>\n")))
def test_cdata_gives_back_any_text(text: str) -> None:
    body = parse(f"<ac:plain-text-body>{cdata(text)}</ac:plain-text-body>")
    assert "".join(body.itertext()) == text


def test_cdata_is_divided_where_it_would_end_early() -> None:
    assert cdata("a]]>b") == "<![CDATA[a]]]]><![CDATA[>b]]>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":::info\nx", "never closed"),
        (":::nonsense\nx\n:::", "no block called 'nonsense'"),
        ("{{nonsense}}", "no macro called 'nonsense'"),
        ("```\nx", "missing after"),
        (":::", "never opened"),
    ],
)
def test_a_mistake_of_the_author_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render(text)


def test_the_head_of_a_page_is_read() -> None:
    page = parse_page(
        "title: T\nlabels: a, b\nmodified: 2026-05-01T10:00:00\nreaders: mara\n"
        "comment: ines | 2026-05-02 | resolved: word | <p>x</p>\n---\nbody\n",
        "ref",
        "folder",
    )
    assert (page.title, page.labels, page.parent, page.body) == ("T", ("a", "b"), "folder", "body")
    assert page.modified == datetime(2026, 5, 1, 10, tzinfo=UTC)
    (comment,) = page.comments
    assert (comment.author, comment.inline_anchor, comment.resolved) == (ACCOUNT_IDS["ines"], "word", True)


@pytest.mark.parametrize(
    ("head", "message"),
    [("titel: T", "a page has no titel"), ("labels: a", "needs a title"), ("title T", "is not 'key: value'")],
)
def test_a_mistake_in_the_head_is_named(head: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_page(f"{head}\n---\n", "ref", None)
