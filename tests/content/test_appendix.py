"""Comments and files stand behind the body, in sections of their own."""

from __future__ import annotations

from datetime import UTC, datetime

from confluence_to_twig.content import Attachment, Comment, PageContext, chunk_document, convert

SITE = "https://acme.example/wiki"


def test_comments_stand_behind_the_body_with_author_and_date(read):
    comments = (
        Comment("<p>Is this <strong>right</strong>?</p>", "Ann", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        Comment("<p>Yes.</p>", "", None, "the limit"),
        Comment("<p />", "Bob"),
    )
    page = read(convert("<p>Body.</p>", PageContext(comments=comments)).markdown)
    assert page.xpath("string(h2)") == "Comments"
    assert ["".join(p.itertext()) for p in page.xpath("p")] == ["Body.", "Ann, 2026-03-01:", "Comment on “the limit”:"]
    assert [quote.text_content().strip() for quote in page.xpath("blockquote")] == ["Is this right?", "Yes."]


def test_a_page_without_comments_and_files_has_no_such_sections():
    assert convert("<p>Body.</p>", PageContext()).markdown == "Body."


def test_files_are_listed_unless_the_body_links_to_them(read):
    attachments = (Attachment("a.png", f"{SITE}/a.png"), Attachment("b [1].pdf", f"{SITE}/b%20[1].pdf"))
    body = '<ac:image><ri:attachment ri:filename="a.png" /></ac:image>'
    page = read(convert(body, PageContext(attachments=attachments)).markdown)
    assert page.xpath("//li/a/text()") == ["b [1].pdf"]


def test_text_of_a_file_is_text_not_markup(read):
    text = "# no heading\n* no item\nline <b>\n\nSecond *paragraph*."
    attachment = Attachment("notes.txt", f"{SITE}/notes.txt", "text/plain", text)
    page = read(convert("", PageContext(attachments=(attachment,))).markdown)
    assert page.xpath("//h1") == []
    assert page.xpath("//li/text()") == []
    assert page.xpath("string(h3)") == "notes.txt"
    assert "Second *paragraph*." in page.xpath("string()")


def test_csv_file_becomes_a_table(read):
    attachment = Attachment("ports.csv", f"{SITE}/ports.csv", "text/csv", 'Name;Port\r\napi;8080\r\n"a|b";22\r\n')
    page = read(convert("", PageContext(attachments=(attachment,))).markdown)
    assert page.xpath("//th/text()") == ["Name", "Port"]
    assert page.xpath("//td/text()") == ["api", "8080", "a|b", "22"]


def test_a_file_that_only_claims_to_be_csv_is_text():
    attachment = Attachment("x.csv", f"{SITE}/x.csv", "text/csv", "just words")
    assert "just words" in convert("", PageContext(attachments=(attachment,))).markdown


def test_headings_of_a_file_stand_below_its_name_and_leave_the_outline_of_the_page_alone():
    files = (
        Attachment("plan.docx", f"{SITE}/plan.docx", "", "## Why\n\nBecause.\n\n### How"),
        Attachment("notes.md", f"{SITE}/notes.md", "", "# Why\n\n```\nnot closed"),
        Attachment("end.txt", f"{SITE}/end.txt", "", "The end of it. " * 400),
    )
    context = PageContext(url=f"{SITE}/pages/1", attachments=files)
    page = convert("<h2>Why</h2><p>Body.</p>", context)
    headings = [line for line in page.markdown.split("\n") if line.startswith("#")]
    assert headings == [
        "## Why", "## Attachments", "### plan.docx", "#### Why", "##### How", "### notes.md", "#### Why", "### end.txt",
    ]  # fmt: skip
    chunks = chunk_document(page.markdown, context, page.headings)
    assert chunks[-1].heading_path == ("Attachments", "end.txt")
    assert "```" not in chunks[-1].text
