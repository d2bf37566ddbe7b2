"""What ``docs/content.md`` says of each construct holds: an example of every row, converted and read back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from confluence_to_twig.content import convert
from sandbox.sample_space import load
from tests.content.constructs.example import CONTEXT
from tests.content.constructs.examples import EXAMPLES

DOCS = Path(__file__).resolve().parents[3] / "docs" / "content.md"
CASES = Path(__file__).resolve().parents[1] / "cases"
MACRO = re.compile(r'<ac:structured-macro[^>]*?ac:name="([^"]+)"')
#: Needs a rendered body beside the storage format: ``tests/content/test_view.py``.
FROM_THE_SERVER = "page-properties report and other content that only the server has"


def documented() -> list[str]:
    """The first cells of the tables below "Storage format → Markdown"."""
    section = DOCS.read_text().split("## Storage format → Markdown")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ((?:[^|]|\\\|)+?) \|", section, re.MULTILINE)
    return [cell for cell in cells if cell not in {"construct", "---"}]


def test_every_macro_that_was_met_has_a_row():
    section = DOCS.read_text().split("## Macro by macro")[1].split("\n## ")[0]
    cells = " ".join(re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE))
    bodies = [page.storage or "" for page in load().pages]
    bodies += [path.read_text(encoding="utf-8") for path in CASES.glob("*.xhtml")]
    met = {name for body in bodies for name in MACRO.findall(body)}
    assert met - set(re.findall(r"`([^`]+)`", cells)) == set()


def canonical(root: html.HtmlElement) -> str:
    """HTML without the line breaks around its tags; those of code stay."""
    for element in root.iter():
        if element.tag != "code":
            element.text = re.sub(r"\s*\n\s*", "", element.text or "")
        element.tail = re.sub(r"\s*\n\s*", "", element.tail or "")
    return html.tostring(root, encoding="unicode")


def test_every_row_has_an_example():
    assert documented() == [*(example.construct for example in EXAMPLES), FROM_THE_SERVER]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.construct)
def test_construct(read, example):
    context = CONTEXT if "plan.pdf" in example.storage else replace(CONTEXT, attachments=())
    conversion = convert(example.storage, context)
    assert conversion.markdown == example.markdown
    expected = html.fragment_fromstring(example.html, create_parent="body")
    assert canonical(read(conversion.markdown)) == canonical(expected)
    assert conversion.report.coverage == 1.0
