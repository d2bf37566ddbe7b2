"""After a load: note with which attachments and comments the pages were loaded, and which of them were rendered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.runs.held_decorations import read_held_decorations, write_held_decorations
from confluence_to_twig.staging.audience_manifests import read_all
from confluence_to_twig.staging.parquet import read_table
from confluence_to_twig.twig.shards import document_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run import Run


def note_decorations(run: Run, documents: Sequence[ObjectStoragePath]) -> None:
    """Note what the run's sweep saw of every page that Twig now holds as the run made it.

    A page that was held back, refused or not fetched keeps what was noted before: the next run finds it again.
    """
    manifest = read_all(run.source_staging, ["page_id", "content_hash"]).to_pylist()
    held = {row["page_id"]: row["content_hash"] for row in manifest}
    loaded = {
        row["page_id"]: bool(row.get("rendered"))
        for row in document_rows(documents)
        if held.get(row["page_id"]) == row["content_hash"]
    }
    before = read_held_decorations(run.source_staging)
    after = before.loaded(loaded, _seen(run), held.keys(), datetime.now(UTC))
    write_held_decorations(run.source_staging, after)


def _seen(run: Run) -> dict[str, dict[str, str | None]]:
    seen: dict[str, dict[str, str | None]] = {"attachments": {}, "comments": {}}
    for path in run.staging.inventories():
        try:
            rows = read_table(path, ["page_id", "attachments_digest", "comments_digest"]).to_pylist()
        except FileNotFoundError:  # the space is gone: no sweep has seen anything
            continue
        for row in rows:
            for kind, digests in seen.items():
                digests[row["page_id"]] = row.get(f"{kind}_digest")
    return seen
