"""Load: send to Twig what differs from the manifest, in batches, and record each batch that Twig acknowledged.

Every batch takes effect exactly once. It is written into the manifest's journal before it is sent, and again when Twig
has acknowledged it. A load that was killed continues after the last acknowledged batch. It makes sure that the batch
whose answer it never saw can no longer take effect (:mod:`confluence_to_twig.twig.writing`), and sends it again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import QUARANTINE
from confluence_to_twig.twig.batching import BatchLimits, Prepared, body_of, completed, prepare, refresh
from confluence_to_twig.twig.client import BadBatch, BatchTooLarge
from confluence_to_twig.twig.delta import Decision, Package, decide
from confluence_to_twig.twig.load_report import LoadReport
from confluence_to_twig.twig.refused import quarantine_rows, refused_entry
from confluence_to_twig.twig.shards import packages
from confluence_to_twig.twig.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.journal import Standing
    from confluence_to_twig.staging.manifest import ManifestStore
    from confluence_to_twig.staging.manifest_view import ManifestView
    from confluence_to_twig.twig.client import TwigClient
    from confluence_to_twig.twig.models import DataSource, Refusal, WriteOutcome

log = logging.getLogger(__name__)

#: How often pages that another run wrote at the same time are sent again, alone.
_SETTLING_ROUNDS = 2
#: Single documents that Twig cannot read, from all over the first batch. When it took none before, it is not the
#: documents: this Twig expects another form of them.
_FAIR_SAMPLE = 10
_NOTED_AT_ONCE = 5_000


def load(
    client: TwigClient,
    data_source: DataSource,
    documents: Sequence[ObjectStoragePath],
    chunks: Sequence[ObjectStoragePath],
    manifest: ManifestStore,
    run_id: str,
    *,
    hold: Collection[str] = (),
    only: Collection[str] | None = None,
    quarantine_path: ObjectStoragePath | None = None,
    on_batch: Callable[[LoadReport], None] | None = None,
) -> LoadReport:
    """Bring Twig up to date with the documents of a run. Can be repeated at any time.

    :param documents: ``documents`` files of the run's shards. :param chunks: their ``chunks`` files, in the same order.
    :param hold: pages that are not sent. :param only: when given, no other pages are sent.
    :param quarantine_path: where documents that Twig refused are listed; not written when there are none.
    :param on_batch: called after each acknowledged batch, with the figures so far.
    :raises TransientError: Twig did not answer in time; what it acknowledged is in the manifest.
    :raises PermanentError: credentials, a data source that is gone, staging files that do not fit.
    """
    give_memory_back()
    loader = _Loader(client, data_source, manifest, run_id, on_batch)
    try:
        view = loader.writer.view()
        if under_way := view.under_way():
            loader.writer.put_an_end_to(under_way)
            view = loader.writer.view()
        loader.pass_over(documents, chunks, view, only, hold)
        for _ in range(_SETTLING_ROUNDS):
            unsettled = loader.unsettled()
            if not unsettled:
                break
            log.info("Another run wrote %d of these pages at the same time; sending them again", len(unsettled))
            loader.pass_over(documents, chunks, loader.writer.view(), unsettled)
    finally:
        if loader.report.refused and quarantine_path is not None:
            write_rows(quarantine_path, QUARANTINE, quarantine_rows(loader.report.refused))
    manifest.compact(bound=data_source.id)
    return loader.report


class _Loader:
    def __init__(
        self,
        client: TwigClient,
        data_source: DataSource,
        manifest: ManifestStore,
        run_id: str,
        on_batch: Callable[[LoadReport], None] | None,
    ) -> None:
        self.client = client
        self.writer = Writer(client, data_source, manifest, run_id)
        self.manifest = manifest
        self.run_id = run_id
        self.on_batch = on_batch
        self.report = LoadReport()
        self._before = client.figures
        self._sent: dict[str, tuple[int, str]] = {}
        self._noted: list[Package] = []
        self._limits = BatchLimits.of(client.settings)
        self._unreadable = 0

    def pass_over(
        self,
        documents: Sequence[ObjectStoragePath],
        chunks: Sequence[ObjectStoragePath],
        view: ManifestView,
        only: Collection[str] | None = None,
        hold: Collection[str] = (),
    ) -> None:
        """Send what differs from ``view``, of all pages or of some."""
        batch = self._limits.batch()
        for package in packages(documents, chunks, only):
            if package.page_id in hold:
                continue
            decision = decide(package, view.standing(package.page_id))
            if decision.verdict != "send":
                self._pass_by(package, decision)
                continue
            prepared = prepare(package, decision)
            if not batch.has_room_for(prepared):
                self._send(batch.documents)
                batch = self._limits.batch()
            batch.add(prepared)
        self._send(batch.documents)
        self._note()

    def unsettled(self) -> set[str]:
        """Pages that another run wrote at the same time, of which ours is the newest: no other run will send them."""
        view = self.writer.view()
        if all(operation.run_id == self.run_id for operation in view.operations):
            return set()
        return {page_id for page_id, sent in self._sent.items() if _is_ours(view.standing(page_id), sent)}

    def _pass_by(self, package: Package, decision: Decision) -> None:
        if decision.verdict == "older":
            self.report.older += 1
            return
        self.report.unchanged += 1
        if decision.verdict == "noted":
            self._noted.append(package)
            if len(self._noted) >= _NOTED_AT_ONCE:
                self._note()

    def _note(self) -> None:
        if self._noted:
            self.manifest.note(self.writer.view(), [package.manifest_row() for package in self._noted], self.run_id)
            self._noted = []

    def _send(self, documents: list[Prepared]) -> None:
        """Send documents, in several requests when Twig requires it. What differs is decided again upon a new view."""
        written = None
        while written is None:
            view = self.writer.view()
            ready = self._still_to_send(documents, view)
            if not ready:
                return
            body = body_of(ready)
            try:
                written = self.writer.write(view, body, rows=[prepared.package.manifest_row() for prepared in ready])
            except (BatchTooLarge, BadBatch) as error:
                self._divide(ready, error)
                return
        operation, outcome = written
        refused = {refusal.id for refusal in outcome.refused} | outcome.missing.keys()
        self.manifest.end(operation, done=outcome.accepted & operation.rows.keys(), refused=refused)
        self._count(ready, outcome, body)
        self._complete(ready, outcome)

    def _still_to_send(self, documents: list[Prepared], view: ManifestView) -> list[Prepared]:
        ready = []
        for prepared in documents:
            current = refresh(prepared, view)
            if current.decision.verdict == "send":
                ready.append(current)
            else:
                self._pass_by(current.package, current.decision)  # another run loaded it meanwhile
        return ready

    def _divide(self, documents: list[Prepared], error: BatchTooLarge | BadBatch) -> None:
        too_large = isinstance(error, BatchTooLarge)
        if len(documents) == 1:
            self._unreadable += not too_large
            if self._unreadable >= _FAIR_SAMPLE and not self._sent:
                raise error
            self._refuse(documents[0], "too_large" if too_large else "invalid_request", error.summary)
            return
        if too_large:
            self._limits.too_large(documents)
        elif not self._sent and not self._unreadable:
            documents = self._without_sample(documents)
        middle = len(documents) // 2
        self._send(documents[:middle])
        self._send(documents[middle:])

    def _without_sample(self, documents: list[Prepared]) -> list[Prepared]:
        """Send some documents from all over the batch one by one, and return the others."""
        size = min(_FAIR_SAMPLE, len(documents))
        places = {number * len(documents) // size for number in range(size)}
        for place in sorted(places):
            self._send([documents[place]])
        return [prepared for place, prepared in enumerate(documents) if place not in places]

    def _complete(self, documents: list[Prepared], outcome: WriteOutcome) -> None:
        """Send the documents again of which Twig holds less than the manifest says."""
        lacking: list[Prepared] = []
        for prepared in documents:
            if prepared.page_id in outcome.missing:
                if again := completed(prepared, outcome.missing[prepared.page_id]):
                    lacking.append(again)
                else:
                    self._refuse(prepared, "missing_chunks", "Twig asked for texts that were sent")
        if not lacking:
            return
        log.info("Twig lacks chunks of %d documents that it was expected to hold; sending their texts", len(lacking))
        batch = self._limits.batch()
        for prepared in lacking:
            if not batch.has_room_for(prepared):
                self._send(batch.documents)
                batch = self._limits.batch()
            batch.add(prepared)
        self._send(batch.documents)

    def _count(self, documents: list[Prepared], outcome: WriteOutcome, body: str) -> None:
        refusals = {refusal.id: refusal for refusal in outcome.refused}
        for prepared in documents:
            if prepared.page_id in outcome.accepted:
                self._accepted(prepared)
            elif refusal := refusals.get(prepared.page_id):
                self._refused_by_twig(prepared, refusal, body)
            elif prepared.page_id not in outcome.missing:
                self._refuse(prepared, "unanswered", "Twig's answer does not say what became of it")
        self.report.batches += 1
        figures = self.client.figures
        self.report.requests = figures.requests - self._before.requests
        self.report.writes = figures.writes - self._before.writes
        self.report.bytes = figures.bytes_sent - self._before.bytes_sent
        self.report.seconds_waited = round(figures.seconds_waited - self._before.seconds_waited, 3)
        log.info(
            "Batch %d acknowledged: %d documents, %d refused", self.report.batches, len(outcome.accepted), len(refusals)
        )
        if self.on_batch:
            self.on_batch(self.report)

    def _accepted(self, prepared: Prepared) -> None:
        document = prepared.package.document
        self.report.documents_sent += prepared.page_id not in self._sent
        self.report.metadata_only += not prepared.texts_sent and bool(prepared.package.chunks)
        self.report.chunks_sent += prepared.texts_sent
        self.report.chunks_kept += len(prepared.decision.kept)
        self._sent[prepared.page_id] = (document["version"], document["content_hash"])

    def _refused_by_twig(self, prepared: Prepared, refusal: Refusal, body: str) -> None:
        if refusal.code == "stale_version":
            row = self.writer.view().row(prepared.page_id)
            if row and row["version"] > prepared.package.document["version"]:
                self.report.older += 1  # another run was faster, with a newer version
                return
        self._refuse(prepared, refusal.code, self.client.safe(refusal.message, body))

    def _refuse(self, prepared: Prepared, code: str, message: str) -> None:
        self.report.refused.append(refused_entry(prepared.package.document, code, message))


def _is_ours(known: Standing, sent: tuple[int, str]) -> bool:
    row = known.row
    return known.in_doubt and not known.tied and row is not None and (row["version"], row["content_hash"]) == sent
