"""The files of pages that are to be documents of their own, as the inventory has them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from confluence_to_twig.confluence.api.attached import attachment_from_v1
from confluence_to_twig.confluence.api.errors import BrokenAnswerError
from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.content.attachments.own_documents import can_be_document
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.confluence.api.attached import Attachment
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.staging.rows import FileRow

log = logging.getLogger(__name__)


def list_files(client: ConfluenceClient, inventory: pa.Table) -> tuple[pa.Table, list[str]]:
    """The files of each page of an inventory, from the page's own list: one request a page, where search tells nothing.

    :returns: the inventory with ``files``, null where the list cannot be had; and warnings.
    """
    requests = SideRequests(client.workers, "files as documents")
    kinds = dict(zip(inventory["page_id"].to_pylist(), inventory["kind"].to_pylist(), strict=True))
    log.info("The files of %d pages are listed page by page", len(kinds))
    listed = requests.ask(kinds, 1, lambda ids: (ids[0], client.api.attachments_of(ids[0], kinds[ids[0]])))
    files = {page_id: [row for it in attachments if (row := file_row(it))] for page_id, attachments in listed}
    return with_files(inventory, files, otherwise=None), requests.warnings()


def with_files(
    inventory: pa.Table, files: Mapping[str, Sequence[FileRow]], otherwise: Sequence[FileRow] | None
) -> pa.Table:
    """The inventory with ``files`` filled in. :param otherwise: of pages that are not named."""
    place = INVENTORY.get_field_index("files")
    lists = [files.get(page_id, otherwise) for page_id in inventory["page_id"].to_pylist()]
    return inventory.set_column(place, INVENTORY.field(place), pa.array(lists, INVENTORY.field(place).type))


def file_of_hit(hit: Mapping[str, Any], links_base: str) -> FileRow | None:
    """A hit of a search as the inventory has it; None: it cannot be a document of its own, or does not tell enough."""
    try:
        return file_row(attachment_from_v1(hit, links_base))
    except BrokenAnswerError:
        return None


def file_row(attachment: Attachment) -> FileRow | None:
    """A file as the inventory has it; None: it cannot be a document of its own."""
    if not can_be_document(attachment.title, attachment.media_type):
        return None
    return {
        "id": attachment.id,
        "title": attachment.title,
        "version": attachment.version,
        "media_type": attachment.media_type,
        "file_size": attachment.file_size,
        "url": attachment.shown_at,
        "modified_at": attachment.modified_at,
    }
