"""Inputs of ``cases/``: reports of text that was lost or came out wrong, one of a kind each, with what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.content import PageContext, convert

CASES = Path(__file__).with_name("cases")
CONTEXT = PageContext(
    page_id="42",
    title="My Page",
    space_key="DOC",
    url="https://acme.example/wiki/spaces/DOC/pages/42",
    site_url="https://acme.example/wiki",
)


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.md")))
def test_case(name):
    conversion = convert((CASES / f"{name}.xhtml").read_text(encoding="utf-8"), CONTEXT)
    assert conversion.markdown == (CASES / f"{name}.md").read_text(encoding="utf-8").rstrip("\n")
    assert conversion.report.coverage == 1.0
