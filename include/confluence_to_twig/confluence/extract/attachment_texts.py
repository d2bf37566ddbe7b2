"""The text of attached files: downloaded with a cap on size, read in a limited process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import AnswerTooLargeError, BrokenAnswerError
from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.content.attachments.kinds import reader_for
from confluence_to_twig.content.attachments.limited import LimitedReader
from confluence_to_twig.content.attachments.outcome import Limits, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.confluence.api.attached import Attachment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.extract.attachments_and_comments import Attached
    from confluence_to_twig.confluence.extract.page import Account, ExtractOptions
    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles


class AttachmentTexts:
    """Downloads text-like attachments and extracts their text. A file that cannot be had or read costs a warning.

    :param downloads: the files that could not be had stand there.
    :param unreadable: files that are not tried again; those that turn out to be so come in addition.
    """

    def __init__(
        self, client: ConfluenceClient, account: Account, options: ExtractOptions, unreadable: UnreadableFiles
    ) -> None:
        self.downloads = SideRequests(client.workers, "text", "Attachment")
        self._client = client
        self._account = account
        self._options = options
        self._unreadable = unreadable
        self._reader = LimitedReader(Limits(chars=options.attachment_max_chars))

    def close(self) -> None:
        """End the process that reads files."""
        self._reader.close()

    def read(self, attached: Iterable[Attached]) -> dict[str, str]:
        """Text by attachment id, for those that have any; nothing at all unless the options ask for texts."""
        if self._options.attachments != "text":
            return {}
        wanted = {
            attachment.id: (attachment, reader)
            for found in attached
            for attachment in found.attachments
            if (reader := reader_for(attachment.title, attachment.media_type)) is not None
        }
        texts = self.downloads.ask(wanted, 1, lambda ids: (ids[0], self._read(*wanted[ids[0]])))
        return {attachment_id: text for attachment_id, text in texts if text}

    def _read(self, attachment: Attachment, reader: str) -> str | None:
        """The text, or ``None`` with a warning for a file that is too large or cannot be read."""
        why = self._unreadable.reason(attachment)
        if why is None:
            try:
                return self._reader.read(reader, self._download(attachment))
            except AnswerTooLargeError as error:
                why = error.summary
            except UnreadableFileError as error:
                why = str(error)
                self._unreadable.add(attachment, why)
        message = f"Attachment {attachment.title} ({attachment.id}) of page {attachment.content_id} contributes no text: {why}"
        self._account.warnings.append(message)
        return None

    def _download(self, attachment: Attachment) -> bytes:
        limit = self._options.attachment_max_bytes
        if attachment.file_size > limit:
            raise AnswerTooLargeError(f"{attachment.file_size:,} bytes are too many")
        data = self._client.api.download(attachment, limit)
        if len(data) < attachment.file_size:
            raise BrokenAnswerError(f"{len(data):,} of {attachment.file_size:,} bytes came")
        return data
