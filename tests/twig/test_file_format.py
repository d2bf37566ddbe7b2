from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.twig.delta import Package
from confluence_to_twig.twig.file_format import file_name, page_id_of, render
from confluence_to_twig.twig.file_page import FilePage
from tests.twig.world import Page

PAGE = Page("65538", ("First part", "Second part"), 7, 'Install: the "agent"', ("howto", "linux"), ("Guides", "Set-up"))


def text_of(page: Page) -> str:
    return render([FilePage.of(Package(page.document(), tuple(page.chunks())))], "md", "").decode()  # type: ignore[arg-type]


def front_matter(text: str) -> dict[str, object]:
    return dict(yaml.safe_load(text.split("---\n")[1]))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Install the agent", "1-install-the-agent.md"),
        ("  Ünïcode & Symbols!  ", "1-unicode-symbols.md"),
        ("日本語", "1.md"),
        ("../../etc/passwd", "1-etc-passwd.md"),
        ("a" * 200, f"1-{'a' * 60}.md"),
        ("", "1.md"),
    ],
)
def test_file_names_are_safe_and_tell_the_page(title: str, name: str) -> None:
    assert file_name({"page_id": "1", "title": title}) == name
    assert page_id_of(name) == "1"


@given(st.text(max_size=100), st.integers(1))
def test_every_title_makes_a_name_that_leads_back_to_the_page(title: str, number: int) -> None:
    name = file_name({"page_id": str(number), "title": title})
    assert re.fullmatch(r"[0-9a-z.-]+\.md", name)
    assert page_id_of(name) == str(number)


@pytest.mark.parametrize(
    "name", ["changes.json", "volume.zip", "README", "README.md", "7.pdf", "pages-top-0-top-pages.docx"]
)
def test_other_files_belong_to_no_page(name: str) -> None:
    assert page_id_of(name) is None


def test_the_front_matter_tells_what_the_page_is() -> None:
    assert front_matter(text_of(PAGE)) == {
        "title": 'Install: the "agent"',
        "url": PAGE.url,
        "space": "PROD",
        "path": ["Guides", "Set-up"],
        "labels": ["howto", "linux"],
        "version": 7,
        "modified": "2026-01-02T03:04:05Z",
    } or front_matter(text_of(PAGE))["modified"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_the_front_matter_holds_any_title(title: str) -> None:
    assert front_matter(text_of(replace(PAGE, title=title or "x")))["title"] == (title or "x")


def test_every_passage_is_followed_by_its_address() -> None:
    text = text_of(PAGE)
    for chunk in PAGE.chunks():
        assert f"{chunk['text']}\n\nSource: <{chunk['url']}>" in text


def test_a_page_without_text_still_names_its_address() -> None:
    assert f"Source: <{Page('1', ()).url}>" in text_of(Page("1", ()))


def test_the_same_page_makes_the_same_file() -> None:
    assert text_of(PAGE) == text_of(replace(PAGE))
