"""Overview: what staging and configuration say about a source, in one JSON object."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.freshness import UNKNOWN, freshness
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.runs.links import twig_url
from confluence_to_twig.runs.standing import Reason, standing
from confluence_to_twig.runs.verify_memory import read_verify_memory
from confluence_to_twig.staging.binding import read_binding
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import read_json
from confluence_to_twig.staging.last_inventory import newest_look
from confluence_to_twig.staging.layout import RunStaging
from confluence_to_twig.staging.manifest_files import read_base
from confluence_to_twig.web.explaining import explain
from confluence_to_twig.web.token_expiry import expiry_shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

TOKEN_EXPIRED = Reason(
    "The token of the Confluence connection has expired since the last run",
    "Create a new one, and paste it into the connection with its date: the next run needs it.",
)


def describe(source: Source) -> dict[str, Any]:
    """What the page shows of a source's configuration."""
    return {
        "dag_id": source.dag_id,
        "name": source.name,
        "space_key": source.spaces_text,
        "many_spaces": bool(source.spaces),
        "data_source_name": source.data_source_name,
        "delivery": source.delivery,
        "schedule": source.schedule,
        "lookback": source.lookback_text,
        "restricted_pages": source.restricted_pages,
        "confluence_conn_id": source.confluence_conn_id,
    }


def source_row(source: Source, staging: SourceStaging, now: datetime) -> dict[str, Any]:
    """The row of a source in the list. Never raises for files in staging: one damaged source must not hide others.

    :returns: the description, and of staging: ``standing`` (state and reasons), ``last`` (the regular sync that ended
        last), ``quality`` (its verdict, as long as its files are kept), ``newest`` (the newest run of any kind), ``verified`` (what verify compared and asked Twig for last),
        ``held`` (by the last run that knows what Twig holds), ``kept_out`` (by the last whole sweep), ``synced_at``, ``looks`` (when the last look and the last
        full sweep began; null where each run sweeps), ``token`` (as the last run saw the connection),
        ``freshness``, names and addresses of both sides; ``damage``: why staging could not be read, else null.
    """
    row = describe(source) | {"damage": None, "staging": str(staging.home)}
    try:
        return row | _of_staging(source, staging, now)
    except Exception as error:
        log.exception("The staging of %s is not readable", source.name)
        damage = explain(error)
        return row | _NOTHING | {"damage": damage, "standing": {"state": "failed", "reasons": [damage]}}


_NOTHING: dict[str, Any] = {
    "space_name": "",
    "space_url": "",
    "twig_url": "",
    "last": None,
    "quality": None,
    "newest": None,
    "held": None,
    "verified": None,
    "kept_out": None,
    "synced_at": None,
    "looks": None,
    "token": expiry_shown("", date.min),
    "freshness": UNKNOWN.to_json(),
}


def _of_staging(source: Source, staging: SourceStaging, now: datetime) -> dict[str, Any]:
    _intact(staging.manifest)
    history = newest_first(staging)

    def newest(wanted: Callable[[RunRow], Any]) -> RunRow | None:
        return next(filter(wanted, history), None)

    stands = standing(history, lookback=source.lookback_text)
    any_kind = newest(lambda row: True)
    held = newest(lambda row: row.pages is not None)
    space = newest(lambda row: row.space_url)
    swept = newest(lambda row: row.whole)
    connected = newest(lambda row: row.token_expires_on or row.space_url)
    token = expiry_shown(connected.token_expires_on if connected else "", now.date())
    if token["state"] == "expired":
        stands = stands.with_reason(TOKEN_EXPIRED)
    return {
        "space_name": space.space_name if space else "",
        "space_url": space.space_url if space else "",
        "twig_url": twig_url(read_binding(staging)),
        "standing": stands.to_json(),
        "last": asdict(stands.last) if stands.last else None,
        "quality": _verdict(RunStaging(staging.runs / stands.last.folder).report) if stands.last else None,
        "newest": asdict(any_kind) if any_kind else None,
        "held": held and {"pages": held.pages, "files": held.files, "chunks": held.chunks},
        "verified": read_verify_memory(staging).figures or None,
        "kept_out": swept and {"skipped": swept.skipped, "restricted": swept.restricted},
        "synced_at": stands.synced_at,
        "looks": _looks(staging),
        "token": token,
        "freshness": freshness(staging, history).to_json(),
    }


def _read_sequence(manifest: ObjectStoragePath) -> int:
    return read_base(manifest, manifest.parent.name, ["document_id"]).seq


#: Raises for a manifest that is damaged: a source that cannot say what Twig holds is not well, whatever its last run was.
_intact = Remembered(_read_sequence, keep=500)


def _read_verdict(report: ObjectStoragePath) -> dict[str, Any] | None:
    verdict: dict[str, Any] | None = read_json(report).get("quality")
    return verdict


#: The verdict of a run; None for one whose files are gone, that looked at nothing, or that failed before it could judge.
_verdict = Remembered(_read_verdict, keep=500)


def _looks(staging: SourceStaging) -> dict[str, str] | None:
    state = newest_look(staging)
    if state is None:
        return None
    return {"looked_at": state.looked_at.isoformat(), "swept_at": state.swept_at.isoformat()}
