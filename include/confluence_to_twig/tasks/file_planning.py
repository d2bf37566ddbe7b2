"""What discover does for files that are documents of their own: which there are, why others are gone, and what extract needs of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from confluence_to_twig.confluence.extract.files_left_out import files_left_out
from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles
from confluence_to_twig.confluence.sweep.missing_files import explain_missing_files
from confluence_to_twig.planning.comparison import last_of_each
from confluence_to_twig.planning.decision import STILL_THERE, UNTOLD
from confluence_to_twig.planning.files import file_rows, files_held
from confluence_to_twig.staging.files import write_bytes
from confluence_to_twig.staging.last_inventory import inventory_file
from confluence_to_twig.staging.rows import ATTACHMENT_KIND
from confluence_to_twig.staging.schemas import INVENTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.sweep.missing import Places
    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.sources.source import Source


def kinds_of(source: Source) -> tuple[str, ...]:
    """The kinds of documents that a source has."""
    return (*source.content, *((ATTACHMENT_KIND,) if source.attachments == "documents" else ()))


def missing_files(
    client: ConfluenceClient,
    inventory: pa.Table,
    manifest: pa.Table,
    candidates: pa.Table,
    gone: Mapping[str, str],
    places: Places,
) -> dict[str, str]:
    """Why files that Twig holds are not among those of their pages. :param candidates: what may be deleted of the manifest.
    :param gone: why pages are not there."""
    ids = set(candidates.filter(pc.field("kind") == ATTACHMENT_KIND)["page_id"].to_pylist())
    held = [row for row in files_held(manifest) if row["page_id"] in ids]
    return explain_missing_files(client, held, inventory, gone, places)


def plan_files(run: Run, inventory: pa.Table, manifest: pa.Table, missing: Mapping[str, str]) -> pa.Table | None:
    """The rows of files that are to be documents of their own; None: the source has none."""
    if run.source.attachments != "documents":
        return None
    gone = {page_id: reason for page_id, reason in missing.items() if reason not in (STILL_THERE, UNTOLD)}
    set_aside = UnreadableFiles(run.source_staging.unreadable, datetime.now(UTC).date())
    left_out = files_left_out(inventory, set_aside)
    return last_of_each(file_rows(inventory, files_held(manifest), gone, left_out))


def write_files(run: Run, files: pa.Table | None, planned: pa.Table) -> None:
    """Leave the rows of the files to fetch beside those of the pages."""
    if files is None:
        return
    wanted = planned.filter((pc.field("action") == "fetch") & (pc.field("kind") == ATTACHMENT_KIND))["page_id"]
    rows = files.filter(pc.is_in(files["page_id"], value_set=wanted.combine_chunks()))
    if rows.num_rows:
        write_bytes(run.staging.inventory("files"), inventory_file(rows.select(INVENTORY.names), None))
