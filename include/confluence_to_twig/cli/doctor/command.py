"""The command: look at both sides of each source, show it, and keep it for the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluence_to_twig.airflow_private import stored_connections
from confluence_to_twig.cli.doctor.findings import MOST_REQUESTS, Diagnosis, Finding
from confluence_to_twig.cli.inputs import named, read_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.cli.doctor.confluence_side import Seen
    from confluence_to_twig.cli.doctor.twig_side import Offered
    from confluence_to_twig.cli.terminal import Terminal
    from confluence_to_twig.sources.source import Source

_PATIENCE_SECONDS = 10.0


def doctor(shown: Terminal, sources_path: str | None, names: Sequence[str], *, as_json: bool) -> int:
    """Look at each source and show what was found.

    :returns: 0, or 1 when something that a run needs is missing.
    :raises InputError: the sources file, a name or a connection is wrong.
    """
    from confluence_to_twig.cli.caller import confluence_of, twig_of
    from confluence_to_twig.cli.doctor.show import show

    chosen = named(read_sources(sources_path), names)
    for source in chosen:  # a missing connection is a mistake in the input
        confluence_of(source)
        twig_of(source)
    found = []
    for source in chosen:
        with stored_connections():
            diagnosis = diagnose(source)
        _keep(diagnosis)
        found.append(diagnosis)
        if not as_json:
            show(diagnosis, shown)
    if as_json:
        shown.say(json.dumps([one.to_json() for one in found], ensure_ascii=False, indent=1))
    return max(one.status for one in found)


def diagnose(source: Source) -> Diagnosis:
    """One source: at most :data:`MOST_REQUESTS` requests, all of which read."""
    from confluence_to_twig.cli.doctor.advice import by_hand, settings_for
    from confluence_to_twig.cli.doctor.estimate import estimate
    from confluence_to_twig.twig.settings import TwigSettings

    seen = _confluence(source)
    offered, twig = _twig(source)
    limits: Any = twig or TwigSettings
    estimated = estimate(source, seen, batch_bytes=limits.batch_bytes, writes_per_minute=limits.writes_per_minute)
    requests = seen.requests + (offered.requests if offered else 0)
    findings = [*seen.findings, *(offered.findings if offered else _files(source))]
    findings.append(Finding("Airflow", "Requests made", f"{requests} of at most {MOST_REQUESTS}; nothing was changed"))
    return Diagnosis(
        source.name,
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        requests,
        findings,
        estimated,
        settings_for(source, offered, estimated),
        by_hand(source, findings),
    )


def _confluence(source: Source) -> Seen:
    from confluence_to_twig.cli.doctor.confluence_side import examine_confluence
    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.hook import ConfluenceHook
    from confluence_to_twig.http.retry import Patience

    settings = ConfluenceHook(source.confluence_conn_id).settings()
    with ConfluenceClient(settings, patience=Patience(attempts=1, seconds=_PATIENCE_SECONDS, odd_attempts=1)) as client:
        return examine_confluence(source, client)


def _twig(source: Source) -> tuple[Offered | None, Any]:
    if source.delivery == "files":
        return None, None
    from confluence_to_twig.cli.doctor.twig_side import examine_twig
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.hook import TwigHook

    settings = TwigHook(source.twig_conn_id).settings()
    with TwigClient(settings, patience_s=_PATIENCE_SECONDS) as client:
        return examine_twig(source, client), settings


def _files(source: Source) -> list[Finding]:
    return [
        Finding("Twig", "Delivery", f"files in {source.files_path}, {source.files_format or 'docx'}"),
        Finding(
            "Twig",
            "Plan",
            f"this source may have {source.files_limit:,} files (files_limit); no route tells the plan",
            "look",
        ),
    ]


def _keep(diagnosis: Diagnosis) -> None:
    from confluence_to_twig.staging.files import write_json
    from confluence_to_twig.staging.layout import SourceStaging, staging_root

    write_json(SourceStaging(staging_root(), diagnosis.source).doctor, diagnosis.to_json())
