"""The text of one attached file: downloaded with a cap on size, read in a limited process. Thread-safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import AnswerTooLargeError, BrokenAnswerError
from confluence_to_twig.content.attachments.limited import LimitedReader
from confluence_to_twig.content.attachments.outcome import Limits, UnreadableFileError

if TYPE_CHECKING:
    from confluence_to_twig.confluence.api.attached import Attachment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.extract.page import ExtractOptions
    from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles


class NoTextError(Exception):
    """A file in this version has no text that could be had; the message says why."""


class FileTexts:
    """Downloads files and reads them.

    :param unreadable: files that are not tried again; those that turn out to be so come in addition.
    """

    def __init__(self, client: ConfluenceClient, options: ExtractOptions, unreadable: UnreadableFiles) -> None:
        self._client = client
        self._max_bytes = options.attachment_max_bytes
        self._unreadable = unreadable
        self._reader = LimitedReader(Limits(chars=options.attachment_max_chars))

    def close(self) -> None:
        """End the process that reads files."""
        self._reader.close()

    def read(self, attachment: Attachment, reader: str) -> str:
        """The text of a file; empty where it says nothing.

        :raises NoTextError: it is too large, or cannot be read now or since an earlier run.
        :raises confluence_to_twig.errors.PipelineError: it cannot be had this time.
        """
        if why := self._unreadable.reason(attachment):
            raise NoTextError(why)
        try:
            return self._reader.read(reader, self._download(attachment))
        except AnswerTooLargeError as error:
            raise NoTextError(error.summary) from error
        except UnreadableFileError as error:
            self._unreadable.add(attachment, str(error))
            raise NoTextError(str(error)) from error

    def _download(self, attachment: Attachment) -> bytes:
        if attachment.file_size > self._max_bytes:
            raise AnswerTooLargeError(f"{attachment.file_size:,} bytes are too many")
        data = self._client.api.download(attachment, self._max_bytes)
        if len(data) < attachment.file_size:
            raise BrokenAnswerError(f"{len(data):,} of {attachment.file_size:,} bytes came")
        return data
