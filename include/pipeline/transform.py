"""Transform: one shard's pages become documents and chunks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from include.content.transform import transform_shard
from include.pipeline.recording import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from include.pipeline.run import Run

log = logging.getLogger(__name__)


def transform(run: Run, extracted: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the pages of one shard; a page that fails is quarantined and the others go on.

    :returns: ``shard`` and counters: ``pages``, ``chunks``, ``quarantined``.
    """
    number = extracted["shard"]
    with recorded(run) as record:
        report = transform_shard(
            pages_path=run.staging.pages(number),
            inventory_path=run.staging.inventory,
            documents_path=run.staging.documents(number),
            chunks_path=run.staging.chunks(number),
            quarantine_path=run.staging.quarantine("transform", number),
        )
        record.figures |= report.figures()
        for warning in report.warnings:
            record.warn(warning)
        return {"shard": number, "pages": report.pages, "chunks": report.chunks, "quarantined": report.quarantined}
