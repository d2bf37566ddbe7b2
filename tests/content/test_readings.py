"""Inputs of ``readings/``: macros and constructs of the storage format's documents, read side by side with what became of them.

Sources: https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html and the pages on macros beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.content import IncludedPage, PageContext, chunk_document, convert
from confluence_to_twig.content.chunks.images import without_addresses

READINGS = Path(__file__).with_name("readings")
SITE = "https://acme.atlassian.net/wiki"
EXCERPT = (
    '<ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="name">intro</ac:parameter>'
    "<ac:rich-text-body><p>The intro.</p></ac:rich-text-body></ac:structured-macro>"
)


def page_at(space_key: str | None, title: str) -> str | None:
    return f"{SITE}/spaces/{space_key or 'DOC'}/pages/{len(title)}" if title.startswith("Page") else None


def body_of(_space_key: str | None, title: str) -> IncludedPage | None:
    return IncludedPage("9", title, f"<p>Included <strong>text</strong>.</p>{EXCERPT}") if title == "Page 9" else None


CONTEXT = PageContext(
    page_id="42",
    title="My Page",
    space_key="DOC",
    space_name="Docs",
    url=f"{SITE}/spaces/DOC/pages/42",
    site_url=SITE,
    users={"557058:ada": "Ada Novak", "557058:bob": "Bob Lee"},
    resolve_page=page_at,
    resolve_body=body_of,
)


@pytest.mark.parametrize("name", sorted(path.stem for path in READINGS.glob("*.md")))
def test_reading(name):
    conversion = convert((READINGS / f"{name}.xhtml").read_text(encoding="utf-8"), CONTEXT)
    assert conversion.markdown == (READINGS / f"{name}.md").read_text(encoding="utf-8").rstrip("\n")
    assert conversion.report.coverage == 1.0
    chunks = chunk_document(conversion.markdown, CONTEXT, conversion.headings)
    assert (
        "\n\n".join(chunk.text.partition("\n\n")[2] for chunk in chunks) == without_addresses(conversion.markdown).text
    )
