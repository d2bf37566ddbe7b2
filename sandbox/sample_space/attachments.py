"""The attachments: text files as they stand under ``attached/``; PDF, Office files and PNG made from a few lines of text.

The binary ones are built byte for byte here because the usual writers stamp the time of writing into them, and the sample
space must be the same on every load.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING

from sandbox.sample_space.office_files import make_docx, make_pptx, make_xlsx
from sandbox.sample_space.sources import PACKAGE
from sandbox.seed import SeedAttachment

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES_PER_PAGE = 46
_OFFICE = "application/vnd.openxmlformats-officedocument"


def attachment(name: str) -> SeedAttachment:
    """The attachment of that file name. Raises ``FileNotFoundError`` when ``attached/`` has no text to make it from."""
    form = name.rpartition(".")[2]
    media_type, make = _FORMS[form]
    source = name if make is _as_is else f"{name}.txt"
    text = name if form == "png" else (files(PACKAGE) / "attached" / source).read_text(encoding="utf-8")
    return SeedAttachment(name, media_type, make(text))


def _as_is(text: str) -> bytes:
    return text.encode()


def make_pdf(text: str) -> bytes:
    """A PDF of monospaced lines. Only Latin-1 is drawn: the standard fonts have no more."""
    lines = text.splitlines()
    pages = [lines[start : start + _LINES_PER_PAGE] for start in range(0, len(lines), _LINES_PER_PAGE)]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        stream = zlib.compress(_pdf_text(page))
        content = 5 + 2 * number
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        header = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(header + stream + b"\nendstream")
    return _pdf_file(objects)


def _pdf_text(lines: list[str]) -> bytes:
    shown = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
    body = "\n".join(f"({line}) Tj T*" for line in shown)
    return f"BT /F1 10 Tf 50 790 Td 16 TL\n{body}\nET".encode("latin-1", "replace")


def _pdf_file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{rows}".encode()
    out += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def make_png(text: str) -> bytes:
    """A picture of 190 × 120 pixels: a temperature curve whose form depends on the file name."""
    seed = hashlib.shake_128(text.encode()).hexdigest(95)
    width, height = 190, 120
    level, curve = 60, []
    for digit in seed[:width]:
        level = min(110, max(10, level + int(digit, 16) - 7))
        curve.append(level)
    rows = b"".join(
        b"\0" + bytes(2 if abs(curve[x] - y) < 2 else 1 if y % 30 == 0 else 0 for x in range(width))
        for y in range(height)
    )
    palette = bytes((255, 255, 255, 223, 225, 230, 0, 82, 204))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


_FORMS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "txt": ("text/plain", _as_is),
    "md": ("text/markdown", _as_is),
    "csv": ("text/csv", _as_is),
    "json": ("application/json", _as_is),
    "pdf": ("application/pdf", make_pdf),
    "docx": (f"{_OFFICE}.wordprocessingml.document", make_docx),
    "pptx": (f"{_OFFICE}.presentationml.presentation", make_pptx),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", make_xlsx),
    "png": ("image/png", make_png),
}
