"""Read Markdown back as another program does: with markdown-it-py, CommonMark plus tables and strikethrough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html
from markdown_it import MarkdownIt

from confluence_to_twig.content import PageContext, storage_to_markdown

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SHARED_PAGES = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "confluence-pages" / "reverse-sync"


def _read(markdown: str) -> html.HtmlElement:
    return html.fragment_fromstring(_PARSER.render(markdown), create_parent="body")


@pytest.fixture(scope="session")
def read() -> Callable[[str], html.HtmlElement]:
    """Markdown → the HTML it renders to."""
    return _read


@pytest.fixture(scope="session")
def read_back() -> Callable[..., html.HtmlElement]:
    """Storage format → Markdown → the HTML it renders to."""

    def convert_and_read(storage: str, context: PageContext | None = None) -> html.HtmlElement:
        return _read(storage_to_markdown(storage, context))

    return convert_and_read


@pytest.fixture(scope="session")
def real_pages() -> dict[str, str]:
    """Page id → storage body of real pages, which lie beside the checkout during development."""
    if not SHARED_PAGES.is_dir():
        pytest.skip("the real pages are not beside this checkout (shared/fixtures/confluence-pages)")
    return {path.parent.name: path.read_text() for path in sorted(SHARED_PAGES.glob("*/page.xhtml"))}
