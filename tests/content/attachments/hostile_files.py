"""Files that somebody might attach to a page: made by small generators, most of them under a few kilobytes."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable

from docx import Document
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/d.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    "</Types>"
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="d.xml"/>'
    "</Relationships>"
)


def docx_of(body: Iterable[str], *, extra: dict[str, bytes] | None = None) -> bytes:
    """A Word file with only what a reader asks for.

    :param body: XML of the body, piece by piece. :param extra: further files in the archive.
    """
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        with archive.open("d.xml", "w") as document:
            document.write(f"<w:document {W}><w:body>".encode())
            for piece in body:
                document.write(piece.encode())
            document.write(b"</w:body></w:document>")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return stored.getvalue()


def wide_cell(columns: int = 100_000_000) -> bytes:
    """Under a kilobyte: one cell of a table says that it spans so many columns."""
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr><w:p/></w:tc>'
    return docx_of([f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>"])


def many_paragraphs(paragraphs: int = 16_000_000) -> bytes:
    """A hundred kilobytes: so many empty paragraphs, just below what a Word file may unpack to."""
    at_once = 100_000
    return docx_of("<w:p/>" * at_once for _ in range(paragraphs // at_once))


def entities(levels: int = 12) -> bytes:
    """A Word file whose XML has entities that name ten others each: "billion laughs"."""
    declared = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels))
    xml = f'<!DOCTYPE d [<!ENTITY e0 "ha">{declared}]><w:document {W}><w:body><w:p><w:r><w:t>&e{levels - 1};</w:t></w:r></w:p></w:body></w:document>'
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("d.xml", xml)
    return stored.getvalue()


def nested_archive(depth: int = 4) -> bytes:
    """A good Word file that carries an archive of archives; the innermost is zeros."""
    inner = bytes(1_000_000)
    for _ in range(depth):
        stored = io.BytesIO()
        with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(4):
                archive.writestr(f"{number}.zip", inner)
        inner = stored.getvalue()
    return docx_of(["<w:p><w:r><w:t>Read me.</w:t></w:r></w:p>"], extra={"word/embeddings/a.zip": inner})


def good_docx() -> bytes:
    """What a person writes."""
    document = Document()
    document.add_heading("Backup plan", 1)
    document.add_paragraph("Copy the disks every night.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Disk", "Hour"
    document.add_paragraph("Then check them.")
    stored = io.BytesIO()
    document.save(stored)
    return stored.getvalue()


def pdf(
    *pages: str, password: str = "", owner_password: str = "", algorithm: str = "RC4-128", damaged: tuple[int, ...] = ()
) -> bytes:
    """A sentence a page.

    :param pages: none: one page. :param owner_password: anybody may read it, but not change it.
    :param damaged: numbers of pages that nobody can unpack.
    """
    writer = PdfWriter()
    for number, text in enumerate(pages or ("Copy the disks.",), start=1):
        page = writer.add_blank_page(600, 800)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
                NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        content = DecodedStreamObject()
        lines = (line.translate({ord(mark): f"\\{mark}" for mark in "()\\"}) for line in text.split("\n"))
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        content.set_data(f"BT /F1 12 Tf 14 TL 20 700 Td {shown} ET".encode("cp1252"))
        if number in damaged:
            content[NameObject("/Filter")] = NameObject("/NoSuchDecode")
        page[NameObject("/Contents")] = writer._add_object(content)
    if password or owner_password:
        writer.encrypt(password, owner_password or None, algorithm=algorithm)
    stored = io.BytesIO()
    writer.write(stored)
    return stored.getvalue()


def protected_office_file() -> bytes:
    """The beginning of what Word, PowerPoint and Excel write with a password: a container with the encrypted file in it."""
    directory = "".join(name.ljust(32, "\0") for name in ("Root Entry", "EncryptedPackage", "EncryptionInfo"))
    return old_office_file() + directory.encode("utf-16-le")


def old_office_file() -> bytes:
    """The beginning of a file from before 2007, in the same container."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def entities_in(book: bytes, part: str, name: str, entity: str) -> bytes:
    """An Office file in which one part defines an entity and uses it as a text.

    :param part: name of the part. :param name: of the element whose text becomes the entity. :param entity: its definition.
    """
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == part and f"<{name}" in data.decode():
                xml = re.sub(r"<\?xml[^>]*\?>", "", data.decode())
                xml = re.sub(rf"(<{name}(?: [^>]*)?>)[^<]*", r"\1&e;", xml)
                data = f"<!DOCTYPE d [<!ENTITY e {entity}>]>{xml}".encode()
            new.writestr(entry, data)
    assert b"<!DOCTYPE" in zipfile.ZipFile(stored).read(part)
    return stored.getvalue()


def repeated_pages(pages: int = 300, *, operators: int = 20_000) -> bytes:
    """Some kilobytes: one page with many operators and no text, which the list of pages names again and again."""
    content = zlib.compress(b"BT /F1 1 Tf ET " * operators)
    kids = "3 0 R " * pages
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file += b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(file)
