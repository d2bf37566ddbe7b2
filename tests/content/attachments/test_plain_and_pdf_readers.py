"""The text of files of plain text and of PDFs, whatever the bytes really are."""

from __future__ import annotations

import pytest

from confluence_to_twig.content.attachments.outcome import UnreadableFileError
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


def test_a_pdf_that_anybody_can_open_is_read_though_it_is_encrypted() -> None:
    assert "".join(pdf(hostile_files.pdf(owner_password="secret"))) == "Copy the disks.\n\n"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_pdf_that_needs_a_password_says_so(algorithm: str) -> None:
    with pytest.raises(UnreadableFileError, match="protected by a password"):
        list(pdf(hostile_files.pdf(password="secret", algorithm=algorithm)))


def test_a_scan_says_that_it_has_no_text() -> None:
    with pytest.raises(UnreadableFileError, match="pictures"):
        list(pdf(hostile_files.pdf("", "")))
