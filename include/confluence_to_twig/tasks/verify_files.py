"""Verify, delivery ``files``: compare the folder with the manifest, and look whether Twig cites what was delivered.

Nobody tells when Twig reads the folder, and an upload by hand may take days. So a page that is not cited is waiting for Twig
until ``files_settle`` is over, and a warning after that.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.runs.verify_memory import VerifyMemory, read_verify_memory, write_verify_memory
from confluence_to_twig.tasks.file_target import check_files, file_names
from confluence_to_twig.tasks.targets import targets_of
from confluence_to_twig.tasks.verify_twig import lines, loaded_by, shown
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.data_source import existing
from confluence_to_twig.twig.finding import MISSED
from confluence_to_twig.twig.holdings import Held
from confluence_to_twig.twig.hook import TwigHook
from confluence_to_twig.twig.verifier import Verdict, ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluence_to_twig.runs.record import Record
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.tasks.targets import Target
    from confluence_to_twig.twig.finding import Finding
    from confluence_to_twig.twig.settings import TwigSettings

log = logging.getLogger(__name__)

NAMED = 20


def check_folder(run: Run, record: Record) -> list[str]:
    """Compare files with the manifest, and ask Twig for pages where it can be asked.

    :returns: a line for each thing that is wrong with the folder.
    """
    settings, problems = _settings(run), list[str]()
    for target in targets_of(run):
        found = check_files(run, target)
        problems += found
        record.count(differences=max(0, len(found) - 1))  # the last line says what to do
        if settings:
            _look_for_citations(run, target, record, settings)
    return problems


def _settings(run: Run) -> TwigSettings | None:
    """The Twig connection, if there is one that can be searched; this delivery does without."""
    try:
        settings = TwigHook(run.source.twig_conn_id).settings()
    except (AirflowException, PipelineError) as error:
        log.info("Not searched: %s has no usable Twig connection (%s)", run.source.name, type(error).__name__)
        return None
    if not settings.org_id:
        log.info("Not searched: the Twig connection has no organisation id")
        return None
    return settings


def _look_for_citations(run: Run, target: Target, record: Record, settings: TwigSettings) -> None:
    now, memory = datetime.now(UTC), read_verify_memory(target.staging)
    view = target.manifest.view()
    verdict = Verdict(Held(compared=view.table().num_rows))
    with TwigClient(settings) as client:
        try:
            data_source = existing(client, target.name)
            if data_source is None:
                log.info("Not searched: Twig has no data source named %s", target.name)
                return
            ask(
                client,
                data_source,
                view,
                loaded_by(run, target),
                memory.findings,
                verdict,
                files=file_names(run, target),
            )
        except PipelineError as error:
            record.warn(f"Not searched: {error.sentences}")
            return
        record.count(requests=client.requests_made)
    found = memory.joined_with(verdict.findings, run.run_id, now, acknowledge=run.params.acknowledge)
    waiting = [finding for finding in found if now - (finding.since or now) < run.source.files_settle]
    figures = {
        **verdict.figures(),
        "acknowledged": sum(finding.acknowledged for finding in found),
        "waiting": len(waiting),
    }
    write_verify_memory(target.staging, VerifyMemory(tuple(found), memory.audited_at, figures=figures))
    _tell(record, verdict, found, waiting, figures)


def _tell(
    record: Record,
    verdict: Verdict,
    found: Sequence[Finding],
    waiting: Sequence[Finding],
    figures: dict[str, int],
) -> None:
    record.count(**figures)
    before = record.details.get("verified", {})
    record.details["verified"] = {
        **{name: before.get(name, 0) + number for name, number in figures.items()},
        "findings": [*before.get("findings", ()), *(shown(finding) for finding in found)][:NAMED],
    }
    for warning in verdict.warnings:
        record.warn(warning)
    if waiting:
        log.info("%d pages wait for Twig to read the folder: %s", len(waiting), "; ".join(map(str, waiting[:NAMED])))
    told = [finding for finding in found if finding not in waiting and not finding.acknowledged]
    record.count(uncited=sum(finding.kind in MISSED for finding in told))
    for line in lines(told):
        record.warn(line)
