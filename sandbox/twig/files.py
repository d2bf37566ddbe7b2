"""Twig taking in files: by hand from a folder or a ZIP, or by a drive connector, within the limits that Twig documents.

Limits and formats from help.twig.so/product/data-integrations/files and the pages of the connectors beside it. That each
file becomes one document which cites its file name, and that Twig cuts it into 512-token segments with an overlap of 50, is
what the pages let us infer.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sandbox.twig import documents, holdings
from sandbox.twig.data_specs import mark_changed
from sandbox.twig.models import Chunk, Deletion, Document, DocumentsWrite
from sandbox.twig.settings import MEGABYTE, Connector

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MAX_FILE_BYTES = 50 * MEGABYTE
MAX_ZIP_BYTES = 200 * MEGABYTE
MAX_ZIP_FILES = 1000
#: What each way in is documented to read, as far as the look-alike can read it. No connector lists Markdown or ZIP.
READABLE: dict[Connector, frozenset[str]] = {
    "upload": frozenset({".md", ".txt", ".docx", ".zip"}),
    "google_drive": frozenset({".txt", ".docx"}),
    "onedrive": frozenset({".txt", ".docx"}),
    "sharepoint": frozenset({".txt", ".docx"}),
}

# 512 and 50 tokens in words, at four words to five tokens of Markdown.
_SEGMENT_WORDS, _OVERLAP_WORDS = 410, 40


@dataclass(frozen=True)
class ImportReport:
    """What became of the files: ``X of Y files processed``."""

    files: int
    processed: int
    changed: int
    removed: int
    refused: dict[str, str]  # file → why


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes = b""
    refusal: str = ""


def import_files(
    db: sqlite3.Connection, spec: str, path: Path, now: float, connector: Connector = "upload", limit: int | None = None
) -> ImportReport:
    """Let a data source hold exactly the files of ``path``: a folder (with the ZIPs in it), a ZIP, or one file.

    Files that Twig would refuse are left out and reported; unchanged files are not touched.

    :param limit: how many files the plan takes; None: any number.
    :raises FileNotFoundError: when there is no such path.
    """
    if not path.exists():
        raise FileNotFoundError(f"no such file or folder: {path}")
    found = [_within(limit, number, file) for number, file in enumerate(_files(path, READABLE[connector]))]
    refused = {file.name: file.refusal for file in found if file.refusal}
    current: dict[str, Document] = {}
    for file in found:
        if not file.refusal:
            document = _as_document(db, spec, file)
            if isinstance(document, str):
                refused[file.name] = document
            else:
                current[file.name] = document
    before = {row["id"] for row in db.execute("SELECT id FROM documents WHERE spec = ?", (spec,))}
    gone = sorted(before - current.keys())
    changed = [document for name, document in current.items() if not _is_held(db, spec, document)]
    write = DocumentsWrite(upserts=changed, deletes=[Deletion(id=name) for name in gone])
    if documents.write(db, spec, write, now, {}).changed:
        mark_changed(db, spec)
    return ImportReport(len(found), len(current), len(changed), len(gone), refused)


def _within(limit: int | None, number: int, file: _File) -> _File:
    return _File(file.name, refusal="more files than the plan takes") if limit is not None and number >= limit else file


def _files(path: Path, readable: frozenset[str]) -> Iterator[_File]:
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in inside:
        if file.is_file():
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            yield from (
                _archive(file, readable) if _is_zip(file) and ".zip" in readable else [_loose(file, name, readable)]
            )


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _loose(path: Path, name: str, readable: frozenset[str]) -> _File:
    if refusal := _refusal(name, path.stat().st_size, readable):
        return _File(name, refusal=refusal)
    return _File(name, path.read_bytes())


def _archive(path: Path, readable: frozenset[str]) -> Iterator[_File]:
    if path.stat().st_size > MAX_ZIP_BYTES:
        yield _File(path.name, refusal="ZIP larger than 200 MB")
        return
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MAX_ZIP_FILES:
            yield _File(path.name, refusal="ZIP with more than 1,000 files")
            return
        for entry in entries:
            refusal = _refusal(entry.filename, entry.file_size, readable)
            yield _File(entry.filename, refusal=refusal) if refusal else _File(entry.filename, archive.read(entry))


def _refusal(name: str, size: int, readable: frozenset[str]) -> str:
    if PurePosixPath(name).suffix.lower() not in readable:
        return "unsupported format"
    return "file larger than 50 MB" if size > MAX_FILE_BYTES else ""


def _as_document(db: sqlite3.Connection, spec: str, file: _File) -> Document | str:
    """The file as a document that cites its file name, or why it cannot be one."""
    try:
        text = _docx_text(file.content) if file.name.lower().endswith(".docx") else file.content.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    except zipfile.BadZipFile:
        return "corrupted"
    held = holdings.held(db, spec, file.name)
    name = PurePosixPath(file.name).name
    return Document(
        id=file.name,
        version=held.version + 1 if held else 1,
        contentHash=hashlib.sha256(file.content).hexdigest(),
        title=name,
        url=name,
        chunks=[_chunk(file.name, number, part) for number, part in enumerate(segments(text))],
    )


def _docx_text(content: bytes) -> str:
    """The text of a Word document: documented as "to plain text". The addresses of links are not part of it."""
    from docx import Document as WordDocument
    from docx.table import Table

    parts = []
    for item in WordDocument(io.BytesIO(content)).iter_inner_content():
        if isinstance(item, Table):
            parts += [" ".join(cell.text for cell in row.cells) for row in item.rows]
        else:
            parts.append(item.text)
    return "\n".join(parts)


def _chunk(file_name: str, number: int, text: str) -> Chunk:
    digest = hashlib.sha256(text.encode()).hexdigest()
    chunk_id = "chk_" + hashlib.sha256(f"{file_name}\n{number}\n{digest}".encode()).hexdigest()[:24]
    return Chunk(id=chunk_id, ordinal=number, hash=digest, text=text, url="", tokenCount=len(text.split()))


def _is_held(db: sqlite3.Connection, spec: str, document: Document) -> bool:
    held = holdings.held(db, spec, document.id)
    return held is not None and held.content_hash == document.contentHash


def segments(text: str) -> list[str]:
    """Overlapping pieces of about 512 tokens, cut without regard to structure, as Twig's own chunking does."""
    words = text.split(" ")
    step = _SEGMENT_WORDS - _OVERLAP_WORDS
    starts = range(0, max(len(words) - _OVERLAP_WORDS, 1), step)
    return [piece for start in starts if (piece := " ".join(words[start : start + _SEGMENT_WORDS]).strip())]
