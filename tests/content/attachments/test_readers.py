"""The text of attached files, whatever the bytes really are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.content.attachments import readers
from confluence_to_twig.content.attachments.limited_worker import Answer, answer
from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from tests.content.attachments import hostile_files


def text_of(reader: str, data: bytes, chars: int = 1_000) -> str:
    kind, text = answer(getattr(readers, reader), data, chars)
    if kind != Answer.TEXT:
        raise UnreadableFileError(text)
    return text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\n", "plain"),
        ("größer".encode(), "größer"),
        (b"\xef\xbb\xbf# With a BOM", "# With a BOM"),
        ("a;ö".encode("cp1252"), "a;ö"),
        ("sixteen".encode("utf-16"), "sixteen"),
        (b"\x81 is in no code page", "\x81 is in no code page"),
    ],
)
def test_reads_plain_text_in_the_encodings_that_people_use(data: bytes, text: str) -> None:
    assert text_of("plain", data) == text


def test_reads_paragraphs_and_tables_of_word_files_in_their_order() -> None:
    assert text_of("docx", hostile_files.good_docx()).split("\n") == [
        "Backup plan",
        "Copy the disks every night.",
        "Disk\tHour",
        "Then check them.",
    ]


def test_reads_pdf() -> None:
    assert text_of("pdf", hostile_files.pdf()) == "Copy the disks."


@pytest.mark.parametrize(
    ("reader", "data", "why"),
    [
        ("plain", b"\0\1\2 binary", "binary"),
        ("pdf", b"no pdf", "reading it"),
        ("pdf", hostile_files.pdf(password="secret"), "password"),
        ("pdf", hostile_files.pdf(password="secret", algorithm="AES-256"), "password"),
        ("pdf", hostile_files.pdf()[:300], "reading it"),
        ("docx", b"no zip", "reading it"),
        ("docx", hostile_files.good_docx()[:-3_000], "reading it"),
        ("docx", hostile_files.entities(), "reading it"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(reader: str, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        text_of(reader, data)


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "UNPACKED_MAX_BYTES", 1_000)
    with pytest.raises(UnreadableFileError, match="too many bytes"):
        text_of("docx", hostile_files.many_paragraphs(100_000))


def test_an_archive_in_a_word_file_stays_closed() -> None:
    assert text_of("docx", hostile_files.nested_archive()) == "Read me."


def test_no_more_is_read_than_is_wanted() -> None:
    assert text_of("docx", hostile_files.docx_of(["<w:p><w:r><w:t>ab</w:t></w:r></w:p>"] * 500), chars=4) == "ab\na"
    assert text_of("plain", b"abcdef", chars=4) == "abcd"


@given(st.sampled_from(["plain", "pdf", "docx"]), st.binary(max_size=300))
def test_any_bytes_give_a_text_or_a_reason(reader: str, data: bytes) -> None:
    kind, text = answer(getattr(readers, reader), data, 1_000)
    assert kind in (Answer.TEXT, Answer.UNREADABLE)
    assert kind == Answer.TEXT or text
