"""Overview: what staging and configuration say about a source, in one JSON object."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.freshness import UNKNOWN, freshness
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.runs.links import twig_url
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.web.explaining import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.web.token_expiry import TokenExpiry

log = logging.getLogger(__name__)


def describe(source: Source) -> dict[str, Any]:
    """What the page shows of a source's configuration."""
    return {
        "dag_id": source.dag_id,
        "name": source.name,
        "space_key": source.space_key,
        "data_source_name": source.data_source_name,
        "delivery": source.delivery,
        "schedule": source.schedule,
        "lookback": source.lookback_text,
        "restricted_pages": source.restricted_pages,
        "confluence_conn_id": source.confluence_conn_id,
    }


def source_row(source: Source, staging: SourceStaging, token: TokenExpiry, now: datetime) -> dict[str, Any]:
    """The row of a source in the list. Never raises for files in staging: one damaged source must not hide others.

    :param token: of the source's Confluence connection.
    :returns: the description, ``token``, and of staging: ``last`` (the run that ended last), ``held`` (by the last run
        that knows what Twig holds), ``kept_out`` (by the last whole sweep), ``synced_at``,
        ``freshness``, names and addresses of both sides; ``damage``: why staging could not be read, else null.
    """
    row = describe(source) | {"token": token.to_json(now.date()), "damage": None}
    try:
        return row | _of_staging(staging)
    except Exception as error:
        log.exception("The staging of %s is not readable", source.name)
        return row | _NOTHING | {"damage": explain(error)}


_NOTHING: dict[str, Any] = {
    "space_name": "",
    "space_url": "",
    "twig_url": "",
    "last": None,
    "held": None,
    "kept_out": None,
    "synced_at": None,
    "freshness": UNKNOWN.to_json(),
}


def _of_staging(staging: SourceStaging) -> dict[str, Any]:
    history = newest_first(staging)

    def newest(wanted: Callable[[RunRow], Any]) -> RunRow | None:
        return next(filter(wanted, history), None)

    last = newest(lambda row: True)
    held = newest(lambda row: row.pages is not None)
    synced = newest(lambda row: row.state == "success" and not row.dry_run)
    space = newest(lambda row: row.space_url)
    swept = newest(lambda row: row.whole)
    return {
        "space_name": space.space_name if space else "",
        "space_url": space.space_url if space else "",
        "twig_url": twig_url(read_binding(staging)),
        "last": asdict(last) if last else None,
        "held": held and {"pages": held.pages, "chunks": held.chunks},
        "kept_out": swept and {"skipped": swept.skipped, "restricted": swept.restricted},
        "synced_at": synced and synced.ended_at,
        "freshness": freshness(staging, history).to_json(),
    }
