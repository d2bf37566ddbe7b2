"""Documents that could not be delivered: their entries in the report and in the quarantine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.staging.journal import Row

log = logging.getLogger(__name__)

_DOCUMENT = ("page_id", "title", "url", "version")


def refused_entry(document: Row, code: str, message: str) -> dict[str, Any]:
    """The entry of a report, JSON-able, and a line in the log.

    :param code: Twig's or our own word for it. :param message: safe to show.
    """
    log.error("Page %s was refused (%s): %s", document["page_id"], code, message)
    return {name: document[name] for name in _DOCUMENT} | {"code": code, "message": message}


def quarantine_rows(entries: Iterable[dict[str, Any]]) -> list[Row]:
    """The entries as :data:`confluence_to_twig.staging.schemas.QUARANTINE`."""
    return [
        {name: entry[name] for name in _DOCUMENT}
        | {"stage": "load", "error_type": entry["code"], "error": entry["message"]}
        for entry in entries
    ]
