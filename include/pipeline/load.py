"""Load: send Twig the documents that differ from what it holds, and remember each acknowledged batch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from include.pipeline.recording import Record, recorded
from include.staging.manifest import ManifestStore
from include.twig.data_source import find_or_create
from include.twig.hook import TwigHook
from include.twig.load import LoadOptions
from include.twig.load import load as load_documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from include.pipeline.run import Run
    from include.twig.load import LoadReport

log = logging.getLogger(__name__)


def load(run: Run, transformed: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Load every shard's documents and chunks.

    :returns: ``data_source_id`` and counters: ``changed``, ``chunks_sent``, ``refused``.
    """
    shards = sorted(entry["shard"] for entry in transformed or () if entry)
    with recorded(run) as record:
        if run.params.dry_run:
            log.info("Dry run: nothing is sent")
            return {"data_source_id": None, "changed": 0, "chunks_sent": 0, "refused": 0}
        if run.source.delivery == "files":
            from include.pipeline.files import load_files

            return load_files(run, shards, record)
        with TwigHook(run.source.twig_conn_id).client() as client:
            data_source = find_or_create(client, run.source.data_source_name, remember=run.source_staging.home)
            report = load_documents(
                client,
                data_source,
                documents=[run.staging.documents(shard) for shard in shards],
                chunks=[run.staging.chunks(shard) for shard in shards],
                manifest=ManifestStore(run.source_staging),
                run_id=run.run_id,
                quarantine=run.staging.quarantine("load", 0),
                options=LoadOptions(),
            )
            record.figures["requests"] = client.requests_made
        return _handed_on(report, data_source.id, record)


def _handed_on(report: LoadReport, data_source_id: str, record: Record) -> dict[str, Any]:
    record.figures |= report.figures()
    for refusal in report.refused:
        record.warn(f"Twig refused page {refusal.page_id} ({refusal.title}): {refusal.code}: {refusal.message}")
    return {
        "data_source_id": data_source_id,
        "changed": report.changed,
        "chunks_sent": report.chunks_sent,
        "refused": len(report.refused),
    }
