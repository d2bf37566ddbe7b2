"""What is said of a Word, PowerPoint or Excel file that cannot be read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable

import pytest

from benchmarks import fuzz_samples
from confluence_to_twig.content.attachments import office_container
from confluence_to_twig.content.attachments.docx_reader import docx
from confluence_to_twig.content.attachments.limited_worker import Answer, answer
from confluence_to_twig.content.attachments.outcome import UnreadableFileError
from confluence_to_twig.content.attachments.pptx_reader import pptx
from confluence_to_twig.content.attachments.xlsx_reader import xlsx
from tests.content.attachments import hostile_files, office_files

READERS = pytest.mark.parametrize("reader", [docx, pptx, xlsx])
Reader = Callable[[bytes], Iterable[str]]


def _flagged() -> bytes:
    """A ZIP that says of its only file that it is encrypted."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a", "b")
    data = bytearray(stored.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@READERS
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (hostile_files.protected_office_file(), "protected by a password"),
        (_flagged(), "protected by a password"),
        (hostile_files.old_office_file(), "before 2007"),
        (b"no zip", "damaged"),
        (b"", "damaged"),
        (hostile_files.good_docx()[:-3_000], "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(reader: Reader, data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        list(reader(data))


@READERS
def test_a_bomb_is_not_unpacked(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_container, "UNPACKED_MAX_BYTES", 1_000)
    with pytest.raises(UnreadableFileError, match="too many bytes"):
        list(reader(hostile_files.many_paragraphs(100_000)))


@pytest.mark.parametrize(
    ("reader", "data", "part", "name"),
    [
        (docx, hostile_files.good_docx(), "word/document.xml", "w:t"),
        (pptx, office_files.slides("Read me"), "ppt/slides/slide1.xml", "a:t"),
        (xlsx, fuzz_samples.book(), "xl/sharedStrings.xml", "t"),
    ],
)
@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', '"grows"'])
def test_entities_bring_in_nothing(reader: Reader, data: bytes, part: str, name: str, entity: str) -> None:
    kind, text = answer(reader, hostile_files.entities_in(data, part, name, entity), 10_000)
    assert kind in (Answer.TEXT, Answer.UNREADABLE)
    assert "root:" not in text
