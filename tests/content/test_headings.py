"""Heading paths and fragments come from the nodes of the page, and are those of the place the page is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.content import PageContext, chunk_document, convert
from tests.content.constructs.example import macro

CASES = Path(__file__).with_name("cases")
CLOUD = "https://acme.atlassian.net/wiki/spaces/DOC/pages/42/My+Page"
DATA_CENTER = "https://wiki.acme.example/display/DOC/My+Page"


def places(storage: str, url: str = CLOUD, editor: str = "") -> list[tuple[str, str]]:
    """The last heading and the fragment of each section, which are made long enough for a chunk of their own."""
    context = PageContext(page_id="42", title="My Page", url=url, editor=editor)
    conversion = convert(storage.replace("<p>t</p>", f"<p>{'word ' * 300}</p>"), context)
    chunks = chunk_document(conversion.markdown, context, conversion.headings)
    return [(chunk.heading_path[-1], chunk.url.partition("#")[2]) for chunk in chunks if chunk.heading_path]


def case(name: str) -> str:
    return (CASES / f"{name}.xhtml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "editor", "fragment"),
    [
        (CLOUD, "", "Set-up-the-server"),
        (CLOUD, "v2", "Set-up-the-server"),
        (CLOUD, "v1", "MyPage-Setuptheserver"),
        ("https://acme.atlassian.net/wiki/display/DOC/My+Page", "", "Set-up-the-server"),
        (DATA_CENTER, "", "MyPage-Setuptheserver"),
    ],
)
def test_fragments_of_new_editor_legacy_editor_and_data_center(url, editor, fragment):
    assert places(case("anchor-data-center"), url, editor) == [("Set up the server", fragment)]


def test_inline_nodes_without_text_are_named_by_their_kind_in_the_new_editor():
    storage = case("anchor-inline-nodes")
    assert places(storage) == [
        ("Backups", "[inlineExtension]Backups"),
        ("Release 2026-03-09", "Release-[date]"),
        ("one two", "one[hardBreak]two"),
    ]
    assert [fragment for _, fragment in places(storage, DATA_CENTER)] == [
        "MyPage-Backups",
        "MyPage-Release2026-03-09",
        "MyPage-onetwo",
    ]


def test_code_and_stars_of_a_heading_are_text():
    found = [("Call __init__", "Call-__init__"), ("SELECT *", "SELECT-*")]
    assert places(case("heading-code-delimiters")) == found


def test_a_status_and_a_name_are_text_of_the_heading():
    storage = f"<h2>API {macro('status', title='BETA')}<ac:link><ri:user ri:account-id='1' /></ac:link></h2><p>t</p>"
    assert places(storage) == [("API BETA @unknown user", "API-BETA@unknown-user")]


def test_headings_inside_quotes_count_when_equal_ones_are_numbered():
    storage = f"{macro('info', '<h2>Notes</h2>')}<p>t</p><h2>Notes</h2><p>t</p>"
    assert places(storage) == [("Notes", "Notes.1")]


def test_a_heading_of_the_markdown_macro_is_read_from_its_markdown():
    storage = macro("markdown", plain="## By **hand**\n\n" + "word " * 300) + "<h2>Next</h2><p>t</p>"
    assert places(storage) == [("By hand", "By-hand"), ("Next", "Next")]
