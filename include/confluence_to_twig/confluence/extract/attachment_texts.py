"""The text of attached files: plain text, Markdown, CSV, PDF and Word, read with caps on size and length."""

from __future__ import annotations

import io
import logging
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import AnswerTooLargeError, BrokenAnswerError
from confluence_to_twig.confluence.api.side_requests import SideRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluence_to_twig.confluence.api.attached import Attachment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.extract.attachments_and_comments import Attached
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions

log = logging.getLogger(__name__)

#: A Word file is a ZIP; one that unpacks to more than this is a bomb or a picture book.
UNPACKED_MAX_BYTES = 100 * 1024 * 1024


class AttachmentTexts:
    """Downloads text-like attachments and extracts their text. A file that cannot be had or read costs a warning.

    :param downloads: the files that could not be had stand there.
    """

    def __init__(self, client: ConfluenceClient, account: Account, options: ExtractOptions) -> None:
        self.downloads = SideRequests(client.workers, "text", "Attachment")
        self._client = client
        self._account = account
        self._options = options

    def read(self, attached: Iterable[Attached]) -> dict[str, str]:
        """Text by attachment id, for those that have any; nothing at all unless the options ask for texts."""
        if self._options.attachments != "text":
            return {}
        wanted = {
            attachment.id: attachment
            for found in attached
            for attachment in found.attachments
            if reader_for(attachment.title, attachment.media_type) is not None
        }
        texts = self.downloads.ask(wanted, 1, lambda ids: (ids[0], self._read(wanted[ids[0]])))
        return {attachment_id: text for attachment_id, text in texts if text}

    def _read(self, attachment: Attachment) -> str | None:
        """The text, or ``None`` with a warning for a file that is too large or cannot be read."""
        limit = self._options.attachment_max_bytes
        try:
            if attachment.file_size > limit:
                raise AnswerTooLargeError(f"{attachment.file_size:,} bytes are too many")
            data = self._client.api.download(attachment, limit)
            if len(data) < attachment.file_size:
                raise BrokenAnswerError(f"{len(data):,} of {attachment.file_size:,} bytes came")
            return text_of(attachment.title, attachment.media_type, data)[: self._options.attachment_max_chars]
        except AnswerTooLargeError as error:
            why = error.summary
        except UnreadableFileError as error:
            why = str(error)
        message = f"Attachment {attachment.id} of page {attachment.content_id} contributes no text: {why}"
        log.warning("%s", message)
        self._account.warnings.append(message)
        return None


class UnreadableFileError(ValueError):
    """The file is damaged, encrypted, or not what its name says."""


def text_of(name: str, media_type: str, data: bytes) -> str:
    """The text of a file.

    :raises UnreadableFileError: naming the reason; never anything else, whatever the bytes are.
    """
    reader = reader_for(name, media_type)
    if reader is None:
        raise UnreadableFileError(f"files of type {media_type} are not read")
    try:
        return reader(data).strip()
    except UnreadableFileError:
        raise
    except Exception as error:
        # Parsers of foreign formats fail in many ways; all of them mean the same here.
        raise UnreadableFileError(f"{type(error).__name__} while reading it") from error


def reader_for(name: str, media_type: str) -> Callable[[bytes], str] | None:
    """What reads a file of this name and type; ``None`` when its text is not worth having or not to be had."""
    suffix = PurePosixPath(name).suffix.lower()
    by_suffix = {".pdf": _pdf, ".docx": _docx} | dict.fromkeys((".txt", ".md", ".csv", ".markdown", ".log"), _plain)
    by_type = {
        "application/pdf": _pdf,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _docx,
        "text/plain": _plain,
        "text/markdown": _plain,
        "text/csv": _plain,
    }
    return by_suffix.get(suffix) or by_type.get(media_type.partition(";")[0].strip().lower())


def _plain(data: bytes) -> str:
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError("it is binary")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFileError("it is protected by a password")
    return "\n\n".join(filter(None, (page.extract_text().strip() for page in reader.pages)))


def _docx(data: bytes) -> str:
    from docx import Document
    from docx.table import Table

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX_BYTES:
            raise UnreadableFileError("it unpacks to too many bytes")
    blocks: list[str] = []
    for block in Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            blocks += ["\t".join(cell.text.strip() for cell in row.cells) for row in block.rows]
        else:
            blocks.append(block.text)
    return "\n".join(blocks)
