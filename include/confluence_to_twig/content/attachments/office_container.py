"""What Word, PowerPoint and Excel files have in common: a ZIP of XML, or what else stands in its place."""

from __future__ import annotations

import io
import zipfile

from confluence_to_twig.content.attachments.outcome import UnreadableFileError

#: One that unpacks to more than this is a bomb or a picture book.
UNPACKED_MAX_BYTES = 100 * 1024 * 1024
#: The container of protected files and of those from before 2007 (https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb).
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The stream that holds a protected file (https://learn.microsoft.com/openspecs/office_file_formats/ms-offcrypto).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_IS_ENCRYPTED = 0x1


def check_container(data: bytes) -> None:
    """Look at the file before a library does.

    :raises UnreadableFileError: it is protected, old, damaged, something else, or a bomb.
    """
    if data.startswith(_OLE):
        protected = _ENCRYPTED in data
        raise UnreadableFileError(
            "it is protected by a password" if protected else "it is in a format from before 2007"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFileError("it is damaged, or not what its name says") from error
    if any(entry.flag_bits & _IS_ENCRYPTED for entry in entries):
        raise UnreadableFileError("it is protected by a password")
    if sum(entry.file_size for entry in entries) > UNPACKED_MAX_BYTES:
        raise UnreadableFileError("it unpacks to too many bytes")
