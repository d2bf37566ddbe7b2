"""Files as documents of their own: each is downloaded and read, and has a row like a page, in the place of its page.

A file that cannot be read in the version that it has is no document, costs a warning, and is not tried again until it changes. One that
cannot be had this time keeps what Twig holds of it, and is tried again by the next run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import NotFoundError
from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.extract.file_texts import FileTexts, NoTextError
from confluence_to_twig.confluence.extract.files_left_out import UNREADABLE, attachment_of
from confluence_to_twig.confluence.extract.page import Failure
from confluence_to_twig.content.attachments.kinds import reader_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions, Page, Row
    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles

#: Files that are finished, and safe from then on, together.
GROUP_FILES = 50


class FileDocuments:
    """Reads the files of one shard. Use once.

    :param account: every file asked for ends there, as pages do.
    """

    def __init__(
        self,
        client: ConfluenceClient,
        spaces: Mapping[str, Space],
        account: Account,
        options: ExtractOptions,
        unreadable: UnreadableFiles,
    ) -> None:
        self._client, self._spaces, self._account = client, spaces, account
        self._texts = FileTexts(client, options, unreadable)
        self._downloads = SideRequests(client.workers, "its document", "File")

    def groups(self, rows: Sequence[Row]) -> Iterator[list[Page]]:
        """Finished rows of :data:`confluence_to_twig.staging.schemas.PAGES`, some at a time."""
        self._account.asked |= {row["page_id"] for row in rows}
        try:
            for group in batches(rows, GROUP_FILES):
                if pages := self._read(group):
                    yield pages
        finally:
            self._texts.close()

    def _read(self, rows: Sequence[Row]) -> list[Page]:
        by_id = {row["page_id"]: row for row in rows}
        told = self._downloads.ask(by_id, 1, lambda ids: (ids[0], self._text(by_id[ids[0]])))
        pages = [self._page(by_id[file_id], text) for file_id, text in told if text is not None]
        self._account.got |= {page["page_id"] for page in pages}
        for file_id in by_id.keys() & self._downloads.failed.keys():
            self._account.failed[file_id] = Failure.of(by_id[file_id], self._downloads.failed[file_id])
        return pages

    def _text(self, row: Row) -> str | None:
        """The text; ``None`` for a file that is gone or cannot be a document, which is entered into the account."""
        [file] = row["files"]
        attachment, reader = attachment_of(file, row["parent_id"]), reader_for(file["title"], file["media_type"])
        try:
            if reader is None:
                raise NoTextError("there is no reader for it")
            return self._texts.read(attachment, reader)
        except NotFoundError:
            self._account.gone[attachment.id] = "the file is gone"
        except NoTextError as why:
            self._account.gone[attachment.id] = UNREADABLE
            self._account.warnings.append(
                f"The file {attachment.title} ({attachment.id}) of page {attachment.content_id} is no document: {why}"
            )
        return None

    def _page(self, row: Row, text: str) -> Page:
        [file] = row["files"]
        space = self._spaces[row["space_id"]]
        attached = {name: file[name] for name in ("id", "title", "media_type", "file_size", "url")}
        return {
            "page_id": row["page_id"],
            "kind": row["kind"],
            "space_id": space.id,
            "space_key": space.key,
            "space_name": space.name,
            "version": row["version"],
            "title": row["title"],
            "url": row["url"],
            "parent_id": row["parent_id"],
            "ancestor_ids": list(row["ancestor_ids"]),
            "ancestors": list(row["ancestors"]),
            "labels": list(row["labels"]),
            "author_id": None,
            "author_name": None,
            "created_at": None,
            "modified_at": file["modified_at"],
            "storage": "",
            "editor": None,
            "view": None,
            "users": {},
            "attachments": [attached | {"text": text}],
            "comments": [],
            "included": False,
            "lacking": [],
            "live": None,
            "audience": row["audience"],
            "levels": row["levels"] if row["audience"] is not None else None,
        }
