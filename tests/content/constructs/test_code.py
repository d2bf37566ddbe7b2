"""Code keeps every character, its language and its title."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import storage_to_markdown


def code(text: str, name: str = "code", **parameters: str) -> str:
    values = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    cdata = text.replace("]]>", "]]]]><![CDATA[>")
    return (
        f'<ac:structured-macro ac:name="{name}">{values}<ac:plain-text-body><![CDATA[{cdata}]]></ac:plain-text-body>'
        "</ac:structured-macro>"
    )


def shown(page) -> str:
    return page.xpath("string(//pre/code)").removesuffix("\n")


def test_code_with_language(read_back):
    page = read_back(code("print(1)", language="python", breakoutMode="wide", linenumbers="true"))
    assert page.xpath("//pre/code/@class") == ["language-python"]
    assert shown(page) == "print(1)"


@pytest.mark.parametrize(
    ("stored", "fence"),
    [("py", "python"), ("c#", "csharp"), ("C++", "cpp"), ("none", ""), ("text", ""), ("YAML", "yaml")],
)
def test_code_language_by_the_name_that_renderers_know(stored, fence):
    assert storage_to_markdown(code("x", language=stored)) == f"```{fence}\nx\n```"


def test_code_title_stands_above(read_back):
    page = read_back(code("a: 1", language="yaml", title="config.yaml"))
    assert page.xpath("string(p/strong)") == "config.yaml"
    assert [element.tag for element in page] == ["p", "pre"]


EVERY_CHARACTER = {
    "line breaks": "a\nb",
    "blank lines": "a\n\n\nb",
    "indentation": "if x:\n    y()\n\tz()",
    "backticks": "`a` ``b`` ```c```",
    "a fence": "```\nfenced\n```",
    "other fences": "~~~\n````\n",
    "the end of CDATA": "if (a[b[0]]>c) {}",
    "markup": "<b>not bold</b> &amp; &nbsp; # * _ | \\",
    "blanks at the end of a line": "trailing  \nblanks\t",
    "a table": "| a | b |\n| --- | --- |",
    "letters of all scripts": "한글 🙂 e\u0301",
    "the end of the macro": "</ac:plain-text-body>",
}


@pytest.mark.parametrize("text", EVERY_CHARACTER.values(), ids=EVERY_CHARACTER)
def test_code_keeps_every_character(read_back, text):
    assert shown(read_back(code(text))) == text.removesuffix("\n")


def test_code_keeps_the_indentation_of_its_first_line(read_back):
    assert shown(read_back(code("\n\n    four\n  two\n\n"))) == "    four\n  two"


def test_code_line_endings_of_windows_and_old_macs(read_back):
    assert shown(read_back(code("a\r\nb\rc"))) == "a\nb\nc"


def test_noformat(read_back):
    assert shown(read_back(code("  as\n it  is", name="noformat"))) == "  as\n it  is"


def test_pre_element(read_back):
    assert shown(read_back("<pre>one<br/>  <b>two</b>\nthree</pre>")) == "one\n  two\nthree"


def test_code_inside_a_paragraph_parts_it(read_back):
    page = read_back(f"<p>Run {code('make')} and wait.</p>")
    assert [element.tag for element in page] == ["p", "pre", "p"]
    assert page.xpath("p/text()") == ["Run", "and wait."]


def test_code_without_text_leaves_nothing():
    assert storage_to_markdown(code("  \n ")) == ""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<code>a`b</code>", "a`b"),
        ("<code>`</code>", "`"),
        ("<code>a|b</code>", "a|b"),
        ("<code>&lt;T&gt; &amp;amp;</code>", "<T> &amp;"),
        ("<code>a*b_c</code>", "a*b_c"),
        ("<code>one</code><code>two</code>", "onetwo"),
        ("<kbd>Ctrl</kbd>", "Ctrl"),
    ],
)
def test_inline_code_keeps_every_character(read_back, html, text):
    assert read_back(f"<p>x {html} y</p>").xpath("string(p/code)") == text


def test_plantuml_and_mermaid_are_code(read_back):
    page = read_back(code("a -> b", name="plantuml") + code("graph TD", name="mermaid-cloud"))
    assert page.xpath("//code/@class") == ["language-plantuml", "language-mermaid"]
