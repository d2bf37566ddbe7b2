"""The text of files of plain text and of PDFs, whatever the bytes really are."""

from __future__ import annotations

import pytest

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.attachments.pdf_lines import joined, without_heads
from confluence_to_twig.content.attachments.pdf_reader import pdf
from confluence_to_twig.content.attachments.plain_reader import plain
from tests.content.attachments import hostile_files


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\n", "plain\n"),
        ("größer".encode(), "größer"),
        (b"\xef\xbb\xbf# With a BOM", "# With a BOM"),
        ("a;ö".encode("cp1252"), "a;ö"),
        ("sixteen".encode("utf-16"), "sixteen"),
        (b"\x81 is in no code page", "\x81 is in no code page"),
    ],
)
def test_reads_plain_text_in_the_encodings_that_people_use(data: bytes, text: str) -> None:
    assert plain(data) == text


def test_what_is_binary_is_no_text() -> None:
    with pytest.raises(UnreadableFileError, match="binary"):
        plain(b"\0\1\2 binary")


def test_the_only_page_of_a_pdf_stands_without_a_number() -> None:
    assert "".join(pdf(hostile_files.pdf())) == "Copy the disks.\n\n"


def test_pages_stand_below_their_numbers_and_empty_ones_are_left_out() -> None:
    assert "".join(pdf(hostile_files.pdf("One.", "", "# Three."))) == "## Page 1\n\nOne.\n\n## Page 3\n\n\\# Three.\n\n"


def test_a_damaged_page_is_named_and_the_others_are_read() -> None:
    text = "".join(pdf(hostile_files.pdf("One.", "Two.", "Three.", damaged=(2,))))
    missing = "(This page is damaged: its text is missing here.)"
    assert text == f"## Page 1\n\nOne.\n\n## Page 2\n\n{missing}\n\n## Page 3\n\nThree.\n\n"


def test_a_pdf_whose_pages_are_all_damaged_says_so() -> None:
    with pytest.raises(UnreadableFileError, match="its pages are damaged"):
        list(pdf(hostile_files.pdf("One.", "Two.", damaged=(1, 2))))


def test_words_and_sentences_go_on_in_the_next_line() -> None:
    page = (
        "The disks of all servers are copied by night, and the infor-\nmation about them is kept in the well-known place for\n"
        "a year (see\nbelow). A well-\nknown copy.\nIt ends here."
    )
    assert "".join(pdf(hostile_files.pdf(page))).strip() == (
        "The disks of all servers are copied by night, and the information about them is kept in the well-known place for "
        "a year (see  \nbelow). A well-known copy.  \nIt ends here."
    )


@pytest.mark.parametrize(
    "page",
    [
        "Part-\n12 of the plan\nand more of it, as it was written",
        "CC-BY-\nSA holds for all of this text, and\nNobody else",
        "see https://e.com/a-\nb for more about this, please",
        "name   kind   size of the file\nplan   text   12",
    ],
)
def test_lines_that_end_on_purpose_stay_lines(page: str) -> None:
    assert joined(page) == page


def test_heads_and_feet_of_pages_stand_once_and_page_numbers_never() -> None:
    pages = [f"Handbook\nText {word}.\nIn force\nPage {number} of 4" for number, word in enumerate("abcd", start=1)]
    bodies = ["Handbook\nText a.\nIn force\nPage 1 of 4", "Text b.", "Text c.", "Text d."]
    assert list(without_heads(pages)) == bodies
    numbered = [
        f"{number + 6}\nText {word}.\n{'Sum 3' if word == 'b' else 'Sum 4'}" for number, word in enumerate("abc")
    ]
    assert list(without_heads(numbered)) == ["Text a.\nSum 4", "Text b.\nSum 3", "Text c.\nSum 4"]


def test_lines_of_two_pages_are_no_heads() -> None:
    assert list(without_heads(["Yes\na\n1", "Yes\nb\n2", "No\nc\n9"])) == ["Yes\na\n1", "Yes\nb\n2", "No\nc\n9"]


def test_a_pdf_that_anybody_can_open_is_read_though_it_is_encrypted() -> None:
    assert "".join(pdf(hostile_files.pdf(owner_password="secret"))) == "Copy the disks.\n\n"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_pdf_that_needs_a_password_says_so(algorithm: str) -> None:
    with pytest.raises(UnreadableFileError, match="protected by a password"):
        list(pdf(hostile_files.pdf(password="secret", algorithm=algorithm)))


def test_a_scan_says_that_it_has_no_text() -> None:
    with pytest.raises(UnreadableFileError, match="pictures"):
        list(pdf(hostile_files.pdf("", "")))
