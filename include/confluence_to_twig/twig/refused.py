"""Documents that could not be delivered: their entries in the report and in the quarantine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.staging.rows import DocumentRow, QuarantineRow

log = logging.getLogger(__name__)


def refused_entry(document: DocumentRow, code: str, message: str) -> dict[str, Any]:
    """The entry of a report, JSON-able, and a line in the log.

    :param code: Twig's or our own word for it. :param message: safe to show.
    """
    log.error("Page %s was refused (%s): %s", document["page_id"], code, message)
    return {
        "page_id": document["page_id"],
        "title": document["title"],
        "url": document["url"],
        "version": document["version"],
        "code": code,
        "message": message,
    }


def quarantine_rows(entries: Iterable[dict[str, Any]]) -> list[QuarantineRow]:
    """The entries as :data:`confluence_to_twig.staging.schemas.QUARANTINE`."""
    return [
        {
            "page_id": entry["page_id"],
            "title": entry["title"],
            "url": entry["url"],
            "version": entry["version"],
            "stage": "load",
            "error_type": entry["code"],
            "error": entry["message"],
        }
        for entry in entries
    ]
