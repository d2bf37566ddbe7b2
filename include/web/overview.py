"""Overview: what staging and configuration know of a source, in one JSON object."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from include.staging.binding import read_binding
from include.web.freshness import freshness
from include.web.history import read_history
from include.web.links import twig_url

if TYPE_CHECKING:
    from datetime import datetime

    from include.source import Source
    from include.staging.layout import SourceStaging
    from include.web.token_expiry import TokenExpiry


def describe(source: Source) -> dict[str, Any]:
    """What the configuration says of a source, as far as the page shows it."""
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
    """The row of a source in the list.

    :param token: of the source's Confluence connection.
    :returns: the description and ``last`` (the run that ended last), ``held`` (the last run that knows what Twig
        holds), ``synced_at``, ``runs`` (their number), ``freshness``, ``token`` and links to both sides.
    """
    history = read_history(staging)
    held = next((row for row in reversed(history) if row.pages is not None), None)
    synced = next((row for row in reversed(history) if row.state == "success" and not row.dry_run), None)
    known = next((row for row in reversed(history) if row.space_url), None)
    binding = read_binding(staging)
    return describe(source) | {
        "space_name": known.space_name if known else "",
        "space_url": known.space_url if known else "",
        "twig_url": twig_url(binding),
        "last": asdict(history[-1]) if history else None,
        "held": held and {"pages": held.pages, "chunks": held.chunks},
        "synced_at": synced and synced.ended_at,
        "runs": len(history),
        "freshness": freshness(staging, history).to_json(),
        "token": token.to_json(now.date()),
    }
