"""Readers: the bytes of a file → its text, piece by piece. Pure functions, run in a limited process.

A reader may raise anything, and need not bound what it takes: the process that runs it is bounded. It yields pieces, so
that reading ends as soon as there is as much text as is wanted.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from docx import Document
from docx.table import Table
from pypdf import PdfReader

from confluence_to_twig.content.attachments.outcome import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A Word file is a ZIP; one that unpacks to more than this is a bomb or a picture book.
UNPACKED_MAX_BYTES = 100 * 1024 * 1024


def plain(data: bytes) -> str:
    """Text, Markdown, CSV in UTF-8, UTF-16 with its mark, or the code page of Western Windows."""
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("it is binary")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def pdf(data: bytes) -> Iterator[str]:
    """The text of each page."""
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFileError("it is protected by a password")
    for page in reader.pages:
        if text := page.extract_text().strip():
            yield f"{text}\n\n"


def docx(data: bytes) -> Iterator[str]:
    """Paragraphs and rows of tables of a Word file, in their order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX_BYTES:
            raise UnreadableFileError("it unpacks to too many bytes")
    for block in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(cell.text.strip() for cell in row.cells) + "\n"
        else:
            yield f"{block.text}\n"
