"""Bodies that try to crash, hang or explode the converter end, small and whole. What hangs is ended by pytest's time limit."""

from __future__ import annotations

import pytest

from confluence_to_twig.content import chunk_document, convert
from confluence_to_twig.content.chunks.chunking import LIMIT_TOKENS
from tests.proofs import size

pytestmark = pytest.mark.slow
#: A sample has a quarter of the size, and a fifth of the time before it is ended: what grows with the square still hangs.
PART, SECONDS = size(4, 1), size(60, 300)
ROWS = 22_000 // PART

CODE = (
    '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>'
)
ROW = "<tr>" + "".join(f"<td><p>cell {number}</p></td>" for number in range(10)) + "</tr>"


def many(count: int) -> int:
    """So many in a proof, or a part of them."""
    return count // PART


HOSTILE = {
    "megabytes of table": "<table><tbody>" + ROW * ROWS + "</tbody></table>",
    "colspan of a million": "<table>" + "<tr><td colspan='1000000'>x</td><td>y</td></tr>" * 2_000 + "</table>",
    "colspans like stairs": "<table>" + "".join(f"<tr><td colspan='{n}'>x</td><td>y</td></tr>" for n in range(1, 1000)) * 5 + "</table>",
    "rowspans over everything": "<table><tr>" + "<td rowspan='65534'>x</td>" * 2_000 + "</tr>" + "<tr><td>z</td></tr>" * 3_000 + "</table>",
    "a long text spanned often": "<table><tr><td rowspan='65534'>" + "text " * 2_000 + "</td></tr>" + "<tr><td>z</td></tr>" * 10_000 + "</table>",
    "tables in tables": "<table><tr><td>a</td><td>" * 40 + "x" + "</td></tr></table>" * 40,
    "lists in lists": "<ul><li>a" * 2_000,
    "quotes around much": "<blockquote>" * 95 + "<p>word word</p>" * 3_000 + "</blockquote>" * 95,
    "emphasis in emphasis": "<p>" + "<strong>a<em>b</em></strong>" * many(20_000) + "</p>",
    "opened and never closed": "<div><p><b><td>" * many(15_000),
    "closed and never opened": "</div></p></b></td>" * 15_000,
    "white space": "<p>a" + " \n\t" * 400_000 + "b</p>",
    "white space in code": CODE.format(" " * many(300_000) + "x" + "\n" * many(300_000) + "y"),
    "line breaks": "<p>a" + "<br/>" * many(100_000) + "b</p>",
    "one word": "<p>" + "x" * many(1_000_000) + "</p>",
    "one sentence without blanks": "<p>" + "가나다라" * many(100_000) + "</p>",
    "dots": "<p>" + "a..." * many(100_000) + "." * many(200_000) + "x</p>",
    "lines of dashes": "<p>x" + "<br/>-" * many(30_000) + "<br/>_ " * many(30_000) + "</p>",
    "code behind empty lines": CODE.format("\n" * 300_000 + "x"),
    "backticks": "<p>" + "`" * many(200_000) + "</p><p><code>" + "` " * many(50_000) + "</code></p>",
    "brackets": "<p>" + "[a](" * many(50_000) + "![" * many(50_000) + "</p>",
    "stars and underscores": "<p>" + "*a_ " * many(100_000) + "</p>",
    "headings only": "<h2>x</h2>" * many(20_000),
    "CDATA that never ends": "<![CDATA[" * many(100_000),
    "comments that never end": "<!--" * many(200_000),
    "quotes that never end": "<a b='" * many(30_000) + '<a b="' * many(30_000),
    "ampersands and entities": "&" * many(300_000) + "&nbsp;" * many(100_000) + "&bogus;" * many(50_000),
    "thousands of attributes": "<p " + " ".join(f"a{n}='x'" for n in range(50_000)) + ">x</p>",
    "lone surrogates and NULs": "<p>" + "\ud800\x00" * many(200_000) + "x</p>",
    "pieces of macros": "<ac:parameter>" * 30_000 + "<ac:image>" * 30_000,
    "style that never ends": "<style>" * 30_000,
    "macros in one paragraph": "<p>" + '<ac:structured-macro ac:name="acme"></ac:structured-macro>' * 20_000 + "</p>",
    "dates in one paragraph": "<p>" + "<time datetime='2026-01-01'/>" * many(20_000) + "</p>",
    "parameters that never end": '<ac:structured-macro ac:name="acme">' + '<ac:parameter ac:name="text">a ' * 30_000,
    "a row of many cells": "<table><tr><td>k</td><td>v</td></tr><tr>" + "<td>word. word</td>" * many(20_000) + "</tr></table>",
    "lists that only indent": "<ul>" + "<li style='list-style-type: none'><ul>" * 5_000 + "<li>y",
    "lists in a parameter": '<ac:structured-macro ac:name="acme"><ac:parameter ac:name="source">' + "[" * 50_000 + "]" * 50_000,
}  # fmt: skip


@pytest.mark.proofs(f"{len(HOSTILE)} hostile bodies of up to {max(map(len, HOSTILE.values())) / 1e6:.0f} megabytes")
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_ends_within_bounds(name):
    storage = HOSTILE[name]
    conversion = convert(storage)
    assert len(conversion.markdown) <= 10 * len(storage) + 200_000
    if name == "megabytes of table":
        assert conversion.markdown.count("cell 9 |") == ROWS
    chunks = chunk_document(conversion.markdown)
    assert all(chunk.token_count <= LIMIT_TOKENS for chunk in chunks)
    if "x" in storage and name not in {"pieces of macros", "style that never ends", "thousands of attributes"}:
        assert conversion.report.coverage > 0.98
