"""The text of attached files, whatever the bytes really are."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from confluence_to_twig.confluence.extract import attachment_texts
from confluence_to_twig.confluence.extract.attachment_texts import UnreadableFileError, reader_for, text_of


def docx_file() -> bytes:
    document = Document()
    document.add_heading("Backup plan", 1)
    document.add_paragraph("Copy the disks every night.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Disk", "Hour"
    document.add_paragraph("Then check them.")
    stored = io.BytesIO()
    document.save(stored)
    return stored.getvalue()


def pdf_file(*, password: str = "") -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    content = DecodedStreamObject()
    content.set_data(b"BT /F1 12 Tf 20 100 Td (Copy the disks.) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(content)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    stored = io.BytesIO()
    writer.write(stored)
    return stored.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", b"plain\n", "plain"),
        ("a.TXT", "größer".encode(), "größer"),
        ("a.md", b"\xef\xbb\xbf# With a BOM", "# With a BOM"),
        ("a.csv", "a;ö".encode("cp1252"), "a;ö"),
        ("a.txt", "sixteen".encode("utf-16"), "sixteen"),
        ("a.txt", b"\x81 is in no code page", "\x81 is in no code page"),
    ],
)
def test_reads_plain_text_in_the_encodings_that_people_use(name: str, data: bytes, text: str) -> None:
    assert text_of(name, "application/octet-stream", data) == text


def test_reads_paragraphs_and_tables_of_word_files_in_their_order() -> None:
    assert text_of("plan.docx", "", docx_file()).split("\n") == [
        "Backup plan",
        "Copy the disks every night.",
        "Disk\tHour",
        "Then check them.",
    ]


def test_reads_pdf() -> None:
    assert text_of("plan.pdf", "", pdf_file()) == "Copy the disks."


def test_a_file_without_a_telling_name_is_known_by_its_type() -> None:
    assert text_of("plan", "application/pdf", pdf_file()) == "Copy the disks."
    assert text_of("notes", "text/plain; charset=utf-8", b"x") == "x"


@pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.exe", ""), ("a", "video/mp4"), ("", "")])
def test_other_files_have_no_text(name: str, media_type: str) -> None:
    assert reader_for(name, media_type) is None
    with pytest.raises(UnreadableFileError):
        text_of(name, media_type, b"x")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.txt", b"\0\1\2 binary", "binary"),
        ("a.pdf", b"no pdf", "reading it"),
        ("a.pdf", pdf_file(password="secret"), "password"),
        ("a.docx", b"no zip", "reading it"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        text_of(name, "", data)


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment_texts, "UNPACKED_MAX_BYTES", 1_000)
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 100_000)
    with pytest.raises(UnreadableFileError, match="too many bytes"):
        text_of("bomb.docx", "", stored.getvalue())


@given(st.sampled_from(["a.txt", "a.pdf", "a.docx", "a.csv"]), st.binary(max_size=300))
def test_any_bytes_give_a_text_or_a_reason(name: str, data: bytes) -> None:
    try:
        assert isinstance(text_of(name, "", data), str)
    except UnreadableFileError as error:
        assert str(error)
