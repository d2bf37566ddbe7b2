"""Writing: one batch to Twig and into the manifest's journal, and an end to writes of others that never came to one.

Whatever is under way on the same pages ends before a new write begins (:mod:`confluence_to_twig.staging.journal` says why). It ends by
having its idempotency key used up: Twig answers a request that comes with a used key and another body with a conflict, and
applies nothing. To a writer that is alive after all the conflict says: look again, and begin anew.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.errors import TransientError
from confluence_to_twig.twig.client import BadBatch, BatchTooLarge, KeyConflict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from confluence_to_twig.staging.journal import Operation
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.staging.rows import LoadedRow
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource, WriteOutcome

log = logging.getLogger(__name__)

NOTHING = '{"upserts":[],"deletes":[]}'
_CONFLICTS = 5


@dataclass
class Writer:
    """Writes to one data source on behalf of one run."""

    client: TwigClient
    data_source: DataSource
    manifest: ManifestStore
    run_id: str
    conflicts: int = 0

    def view(self) -> ManifestView:
        """What the data source holds now, by the manifest."""
        return self.manifest.view(self.data_source.id)

    def write(
        self, view: ManifestView, body: str, *, rows: Iterable[LoadedRow] = (), deletes: Collection[str] = ()
    ) -> tuple[Operation, WriteOutcome] | None:
        """Send a batch that was decided upon with ``view``. The caller ends the operation with what the outcome says.

        :returns: None when nothing was sent, because others are writing the same pages: decide again with a new view.
        :raises BatchTooLarge: :raises BadBatch: nothing was applied, and the operation is ended.
        :raises TransientError: Twig did not answer; or others came in between again and again.
        """
        rows = list(rows)
        if in_the_way := view.under_way({*deletes, *(row["document_id"] for row in rows)}):
            self.put_an_end_to(in_the_way)
            return None
        self.client.await_write()
        operation = self.manifest.begin(view, run_id=self.run_id, rows=rows, deletes=deletes)
        try:
            return operation, self.client.write_documents(self.data_source.id, body, operation.token)
        except (BatchTooLarge, BadBatch):
            self.manifest.end(operation, refused=operation.documents)
            raise
        except KeyConflict as error:
            self.manifest.end(operation)
            self.conflicts += 1
            if self.conflicts >= _CONFLICTS:
                raise TransientError(
                    f"Other runs wrote the same pages {self.conflicts} times while this one did",
                    "Let the runs of a source follow one another.",
                ) from error
            log.info("Another run ended this write because it seemed dead; starting it again")
            return None

    def put_an_end_to(self, operations: Iterable[Operation]) -> None:
        """Make sure that these writes, of runs that died or are slow, change nothing any more from now on."""
        for operation in operations:
            log.info("Run %s did not end a write of %d pages; ending it", operation.run_id, len(operation.documents))
            try:
                self.client.write_documents(self.data_source.id, NOTHING, operation.token)
            except (KeyConflict, BadBatch) as answer:
                log.debug("Twig had received it: %s", answer.summary)
            self.manifest.end(operation)
