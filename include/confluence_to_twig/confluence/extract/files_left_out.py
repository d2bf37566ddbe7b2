"""Which files cannot be documents in the version that they have. In a module of its own, since `discover` asks it and loads no converter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.attached import Attachment

if TYPE_CHECKING:
    import pyarrow as pa

    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles
    from confluence_to_twig.staging.rows import FileRow

#: In bytes: no larger file is downloaded.
LARGEST_FILE = 10 * 1024 * 1024
TOO_LARGE = "the file is too large"
UNREADABLE = "the file cannot be read"


def files_left_out(inventory: pa.Table, unreadable: UnreadableFiles) -> dict[str, str]:
    """The files of the pages of an inventory that cannot be documents, and why."""
    found: dict[str, str] = {}
    for page_id, files in zip(inventory["page_id"].to_pylist(), inventory["files"].to_pylist(), strict=True):
        for file in files or ():
            if file["file_size"] > LARGEST_FILE:
                found[file["id"]] = TOO_LARGE
            elif unreadable.has(attachment_of(file, page_id)):
                found[file["id"]] = UNREADABLE
    return found


def attachment_of(file: FileRow, page_id: str) -> Attachment:
    """The file of a row of the inventory."""
    told = file["id"], file["title"], file["media_type"], file["file_size"]
    return Attachment(*told, url="", content_id=page_id, version=file["version"])
