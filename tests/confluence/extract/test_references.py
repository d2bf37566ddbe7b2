"""What a body refers to, found by its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.extract.references import (
    PageReference,
    included_pages,
    needs_rendering,
    own_file_names,
    user_ids,
)
from tests.confluence.spaces import include_of


def test_finds_the_people_of_cloud_and_data_center() -> None:
    storage = '<ri:user ri:account-id="712020:a-b" /><ri:user ri:userkey="8a7f" /><ri:user ri:account-id="712020:a-b"/>'
    assert user_ids(storage) == {"712020:a-b", "8a7f"}


def test_finds_the_page_s_own_files_but_not_those_of_other_pages() -> None:
    storage = (
        '<ac:image><ri:attachment ri:filename="a &amp; b.png" ri:version-at-save="1" /></ac:image>'
        '<ri:attachment ri:filename="theirs.png"><ri:page ri:content-title="Other" /></ri:attachment>'
        '<ri:attachment ri:filename="c.pdf"/>'
    )
    assert own_file_names(storage) == {"a & b.png", "c.pdf"}


@pytest.mark.parametrize(
    "macro", ["include", "include-page", "excerpt-include", "multiexcerpt-include", "multiexcerpt-include-macro"]
)
def test_finds_included_pages(macro: str) -> None:
    assert included_pages(f"<p>x</p>{include_of('A &amp; B', macro)}") == [PageReference(None, "A & B")]


def test_knows_a_space_that_stands_beside_the_page() -> None:
    storage = (
        '<ac:structured-macro ac:name="multiexcerpt-include">'
        '<ac:parameter ac:name="SpaceWithExcerpt"><ri:space ri:space-key="DOC" /></ac:parameter>'
        '<ac:parameter ac:name="PageWithExcerpt"><ac:link><ri:page ri:content-title="A" /></ac:link></ac:parameter>'
        "</ac:structured-macro>"
    )
    assert included_pages(storage) == [PageReference("DOC", "A")]
    as_text = '<ac:parameter ac:name="PageWithExcerpt">A</ac:parameter>'
    assert included_pages(f'<ac:structured-macro ac:name="multiexcerpt-include">{as_text}</ac:structured-macro>') == [
        PageReference(None, "A")
    ]


def test_knows_the_space_of_an_included_page() -> None:
    assert included_pages(include_of("A", space_key="~712020ab")) == [PageReference("~712020ab", "A")]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Old Title", PageReference(None, "Old Title")),
        ("DOC:Old Title", PageReference("DOC", "Old Title")),
        ("How to: begin", PageReference("How to", "begin")),
        ("My page: part 2", PageReference(None, "My page: part 2")),
    ],
)
def test_reads_the_plain_text_form_of_old_pages(text: str, reference: PageReference) -> None:
    storage = (
        f'<ac:structured-macro ac:name="include"><ac:parameter ac:name="">{text}</ac:parameter></ac:structured-macro>'
    )
    expected = reference if " " not in (reference.space_key or "") else PageReference(None, text)
    assert included_pages(storage) == [expected]


def test_names_each_included_page_once_and_in_order() -> None:
    storage = include_of("B") + include_of("A") + include_of("B")
    assert [reference.title for reference in included_pages(storage)] == ["B", "A"]


def test_a_link_is_no_include() -> None:
    assert included_pages('<p>We include: <ac:link><ri:page ri:content-title="A" /></ac:link></p>') == []


def test_an_include_without_a_page_is_nothing() -> None:
    assert included_pages('<ac:structured-macro ac:name="include" />') == []


def test_a_page_of_little_else_than_a_report_needs_rendering() -> None:
    report = '<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label = x</ac:parameter></ac:structured-macro>'
    assert needs_rendering(f"<p>All of them:</p>{report}")
    assert not needs_rendering(f"<p>{'Much is said here. ' * 50}</p>{report}")
    assert not needs_rendering("<p>Short.</p>")
    assert not needs_rendering('<ac:structured-macro ac:name="toc" />')


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    user_ids(text), own_file_names(text), included_pages(text), needs_rendering(text)


def test_a_large_body_of_unclosed_macros_is_read_to_its_end() -> None:
    storage = '<ac:structured-macro ac:name="include"><p>' * 20_000
    assert included_pages(storage) == []
    assert not needs_rendering(storage)
