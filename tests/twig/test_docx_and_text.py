"""Pages as Word documents and as plain text."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pytest

from confluence_to_twig.twig.file_format import Suffix, render
from confluence_to_twig.twig.file_page import FilePage

MARKDOWN = """## Set-up

Run **this** [guide](https://example.net/guide):

- one
  - two

1. first

| Key | Value |
| --- | --- |
| port | 8080 |

```sh
ls\t-l
  pwd
```"""
PAGE = FilePage(
    "7",
    "Install the agent",
    "https://acme.example/pages/7",
    "PROD",
    ("Guides", "Agents"),
    ("howto", "linux"),
    3,
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    ((f"Install the agent › Set-up\n\n{MARKDOWN}", "https://acme.example/pages/7#Set-up"),),
)


def read(pages: list[FilePage], title: str = "Install") -> docx.document.Document:  # type: ignore[name-defined]
    return docx.Document(io.BytesIO(render(pages, "docx", title)))


def test_a_word_document_has_headings_tables_code_and_links_as_such() -> None:
    document = read([PAGE])
    styles = {paragraph.text: paragraph.style.name for paragraph in document.paragraphs}
    assert (styles["Install the agent"], styles["Set-up"]) == ("Heading 1", "Heading 3")
    assert (styles["one"], styles["two"]) == ("List Bullet", "List Bullet 2")
    assert "1. first" in styles
    (table,) = document.tables
    assert table.style.name == "Table Grid"
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Key", "Value"], ["port", "8080"]]
    (code,) = [one for one in document.paragraphs if "pwd" in one.text]
    assert code.text == "ls\t-l\n  pwd"
    assert {run.font.name for run in code.runs} == {"Courier New"}
    links = [link.address for one in document.paragraphs for link in one.hyperlinks]
    assert links == [PAGE.url, "https://example.net/guide", f"{PAGE.url}#Set-up"]


@pytest.mark.parametrize("suffix", ["docx", "txt"])
def test_title_address_labels_and_time_are_in_the_text(suffix: Suffix) -> None:
    content = render([PAGE], suffix, "x")
    text = content.decode() if suffix == "txt" else "\n".join(one.text for one in read([PAGE]).paragraphs)
    lines = text.splitlines()
    assert lines[0] == "Install the agent"
    assert {
        f"Address: {PAGE.url}",
        "Space: PROD",
        "Path: Guides › Agents",
        "Labels: howto, linux",
        "Modified: 2026-01-02T03:04:05Z (version 3)",
        f"Source: {PAGE.url}#Set-up",
    } <= set(lines)


def test_a_word_document_has_title_labels_address_and_time_as_properties() -> None:
    properties = read([PAGE], "Install the agent").core_properties
    assert (properties.title, properties.keywords, properties.comments) == (
        "Install the agent",
        "howto, linux",
        PAGE.url,
    )
    assert properties.modified.replace(tzinfo=UTC) == PAGE.modified_at


def test_the_same_page_makes_the_same_bytes_whenever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render([PAGE], "docx", "x")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)  # what the archive's times come from
    assert render([PAGE], "docx", "x") == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_characters_that_xml_forbids_do_not_break_a_document() -> None:
    odd = replace(PAGE, title="a\x00b\x1b<&>\ud800", texts=(("x\n\n`\x0b` ]]> &amp; \ufffe", "https://a.b/?q=1&z=<>"),))
    document = read([odd], odd.title)
    assert document.paragraphs[0].text.startswith("ab<&>")


def test_plain_text_shows_where_links_lead_and_keeps_rows_and_code() -> None:
    text = render([PAGE], "txt", "x").decode()
    for part in (
        "Run this guide (https://example.net/guide):",
        "  • one\n\n    • two",
        "Key | Value\nport | 8080",
        "    ls\t-l\n      pwd",
    ):
        assert part in text


def test_a_page_without_text_still_names_its_address() -> None:
    empty = replace(PAGE, texts=())
    assert f"Address: {PAGE.url}" in render([empty], "txt", "x").decode()
    assert f"Source: <{PAGE.url}>" in render([empty], "md", "x").decode()
    assert PAGE.url in [one.text.removeprefix("Address: ") for one in read([empty]).paragraphs]
