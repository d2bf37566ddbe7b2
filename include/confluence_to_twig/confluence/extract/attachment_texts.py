"""The texts of the files of pages, which become part of the pages' documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.extract.file_texts import FileTexts, NoTextError
from confluence_to_twig.content.attachments.kinds import reader_for
from confluence_to_twig.content.attachments.own_documents import stays_with_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.attached import Attachment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.extract.attachments_and_comments import Attached
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions
    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles


class AttachmentTexts:
    """Extracts the text of text-like attachments. A file that cannot be had or read costs a warning.

    :param downloads: the files that could not be had stand there.
    :param unreadable: files that are not tried again; those that turn out to be so come in addition.
    """

    def __init__(
        self, client: ConfluenceClient, account: Account, options: ExtractOptions, unreadable: UnreadableFiles
    ) -> None:
        self.downloads = SideRequests(client.workers, "text", "Attachment")
        self._account = account
        self._mode = options.attachments
        self._files = FileTexts(client, options, unreadable)

    def close(self) -> None:
        """End the process that reads files."""
        self._files.close()

    def read(self, attached: Iterable[Attached]) -> dict[str, str]:
        """Text by attachment id, for those that have any: of all with ``text``, of drawings where the others are documents of
        their own."""
        wanted = {
            attachment.id: (attachment, reader)
            for found in attached
            for attachment in found.attachments
            if self._is_wanted(attachment) and (reader := reader_for(attachment.title, attachment.media_type))
        }
        texts = self.downloads.ask(wanted, 1, lambda ids: (ids[0], self._read(*wanted[ids[0]])))
        return {attachment_id: text for attachment_id, text in texts if text}

    def _is_wanted(self, attachment: Attachment) -> bool:
        if self._mode == "documents":
            return stays_with_page(attachment.title, attachment.media_type)
        return self._mode == "text"

    def _read(self, attachment: Attachment, reader: str) -> str | None:
        """The text, or ``None`` with a warning for a file that is too large or cannot be read."""
        try:
            return self._files.read(attachment, reader)
        except NoTextError as why:
            self._account.warnings.append(
                f"Attachment {attachment.title} ({attachment.id}) of page {attachment.content_id} contributes no text: {why}"
            )
            return None
