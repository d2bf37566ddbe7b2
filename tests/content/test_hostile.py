"""Bodies that try to crash, hang or explode the converter end, small and whole. What hangs is ended by pytest's time limit."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import chunk_document, convert
from confluence_to_twig.content.chunks.chunking import LIMIT_TOKENS

pytestmark = pytest.mark.slow

CODE = (
    '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>'
)
ROW = "<tr>" + "".join(f"<td><p>cell {number}</p></td>" for number in range(10)) + "</tr>"

HOSTILE = {
    "five megabytes of table": "<table><tbody>" + ROW * 22_000 + "</tbody></table>",
    "colspan of a million": "<table>" + "<tr><td colspan='1000000'>x</td><td>y</td></tr>" * 2_000 + "</table>",
    "colspans like stairs": "<table>" + "".join(f"<tr><td colspan='{n}'>x</td><td>y</td></tr>" for n in range(1, 1000)) * 5 + "</table>",
    "rowspans over everything": "<table><tr>" + "<td rowspan='65534'>x</td>" * 2_000 + "</tr>" + "<tr><td>z</td></tr>" * 3_000 + "</table>",
    "a long text spanned often": "<table><tr><td rowspan='65534'>" + "text " * 2_000 + "</td></tr>" + "<tr><td>z</td></tr>" * 10_000 + "</table>",
    "tables in tables": "<table><tr><td>a</td><td>" * 40 + "x" + "</td></tr></table>" * 40,
    "lists in lists": "<ul><li>a" * 2_000,
    "quotes around much": "<blockquote>" * 95 + "<p>word word</p>" * 3_000 + "</blockquote>" * 95,
    "emphasis in emphasis": "<p>" + "<strong>a<em>b</em></strong>" * 20_000 + "</p>",
    "opened and never closed": "<div><p><b><td>" * 15_000,
    "closed and never opened": "</div></p></b></td>" * 15_000,
    "white space": "<p>a" + " \n\t" * 400_000 + "b</p>",
    "white space in code": CODE.format(" " * 300_000 + "x" + "\n" * 300_000 + "y"),
    "line breaks": "<p>a" + "<br/>" * 100_000 + "b</p>",
    "one word": "<p>" + "x" * 1_000_000 + "</p>",
    "one sentence without blanks": "<p>" + "가나다라" * 100_000 + "</p>",
    "dots": "<p>" + "a..." * 100_000 + "." * 200_000 + "x</p>",
    "lines of dashes": "<p>x" + "<br/>-" * 30_000 + "<br/>_ " * 30_000 + "</p>",
    "code behind empty lines": CODE.format("\n" * 300_000 + "x"),
    "backticks": "<p>" + "`" * 200_000 + "</p><p><code>" + "` " * 50_000 + "</code></p>",
    "brackets": "<p>" + "[a](" * 50_000 + "![" * 50_000 + "</p>",
    "stars and underscores": "<p>" + "*a_ " * 100_000 + "</p>",
    "headings only": "<h2>x</h2>" * 20_000,
    "CDATA that never ends": "<![CDATA[" * 100_000,
    "comments that never end": "<!--" * 200_000,
    "quotes that never end": "<a b='" * 30_000 + '<a b="' * 30_000,
    "ampersands and entities": "&" * 300_000 + "&nbsp;" * 100_000 + "&bogus;" * 50_000,
    "thousands of attributes": "<p " + " ".join(f"a{n}='x'" for n in range(50_000)) + ">x</p>",
    "lone surrogates and NULs": "<p>" + "\ud800\x00" * 200_000 + "x</p>",
    "pieces of macros": "<ac:parameter>" * 30_000 + "<ac:image>" * 30_000,
    "style that never ends": "<style>" * 30_000,
    "macros in one paragraph": "<p>" + '<ac:structured-macro ac:name="acme"></ac:structured-macro>' * 20_000 + "</p>",
    "dates in one paragraph": "<p>" + "<time datetime='2026-01-01'/>" * 20_000 + "</p>",
    "parameters that never end": '<ac:structured-macro ac:name="acme">' + '<ac:parameter ac:name="text">a ' * 30_000,
    "a row of many cells": "<table><tr><td>k</td><td>v</td></tr><tr>" + "<td>word. word</td>" * 20_000 + "</tr></table>",
    "lists that only indent": "<ul>" + "<li style='list-style-type: none'><ul>" * 5_000 + "<li>y",
    "lists in a parameter": '<ac:structured-macro ac:name="acme"><ac:parameter ac:name="source">' + "[" * 50_000 + "]" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_ends_within_bounds(name):
    storage = HOSTILE[name]
    conversion = convert(storage)
    assert len(conversion.markdown) <= 10 * len(storage) + 200_000
    if name == "five megabytes of table":
        assert conversion.markdown.count("cell 9 |") == 22_000
    chunks = chunk_document(conversion.markdown)
    assert all(chunk.token_count <= LIMIT_TOKENS for chunk in chunks)
    if "x" in storage and name not in {"pieces of macros", "style that never ends", "thousands of attributes"}:
        assert conversion.report.coverage > 0.98
