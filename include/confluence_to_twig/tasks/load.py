"""Load: send Twig the documents that differ from what it holds, and remember each acknowledged batch.

Imported when DAGs are parsed: nothing heavy at the top.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TriggerRule
from airflow.sdk.bases.xcom import BaseXCom

from confluence_to_twig.runs.links import LINKS
from confluence_to_twig.runs.log_group import log_group
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.tasks.idle import SkipsIdle
from confluence_to_twig.tasks.traced import Traced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from airflow.sdk import Context, ObjectStoragePath

    from confluence_to_twig.sources.source import Source
    from confluence_to_twig.tasks.targets import Shipment, Target
    from confluence_to_twig.twig.load_report import LoadReport

log = logging.getLogger(__name__)


class LoadOperator(Traced, BaseOperator, SkipsIdle):
    """Send the chunks that differ. Runs, too, when there was nothing to transform but discover did not skip it.

    :param source: the source whose run this task belongs to.
    :param transformed: what the transform tasks returned; nothing when all of them were skipped.
    """

    template_fields = ("transformed",)
    inherits_from_skipmixin = True
    operator_extra_links = LINKS

    def __init__(self, *, source: Source, transformed: Any, **kwargs: Any) -> None:
        super().__init__(trigger_rule=TriggerRule.NONE_FAILED, **kwargs)
        self.source = source
        self.transformed = transformed

    def execute(self, context: Context) -> Any:
        """Load; a retry goes on behind the last batch that Twig acknowledged."""
        run = Run.of(self.source, context)
        self.source = run.source
        loaded = load(run, self.transformed)
        self.trace(run)
        from confluence_to_twig.tasks.hold import is_prune_idle

        if is_prune_idle(run):
            context["ti"].xcom_push(BaseXCom.XCOM_RETURN_KEY, loaded)
            self.skip_idle(context, "prune")
        return loaded


def load(run: Run, transformed: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Load every shard's documents and chunks.

    :returns: counters: ``changed`` (pages sent), ``chunks_sent``, ``refused``.
    """
    shards = sorted(entry["shard"] for entry in transformed or () if entry)
    with recorded(run) as record:
        if run.params.dry_run:
            log.info("Dry run: nothing is sent")
            return {"changed": 0, "chunks_sent": 0, "refused": 0}
        from confluence_to_twig.staging.files import at_hand
        from confluence_to_twig.tasks.decorations_loaded import note_decorations
        from confluence_to_twig.tasks.hold import hold_back
        from confluence_to_twig.tasks.leave import take_out

        with at_hand([run.staging.documents(shard) for shard in shards]) as documents:
            chunks = [run.staging.chunks(shard) for shard in shards]
            held = hold_back(run, documents, record)
            figures = deliver(run, documents, chunks, record, hold=held | take_out(run, record))
            note_decorations(run, documents)
        return figures


def deliver(
    run: Run,
    documents: Sequence[ObjectStoragePath],
    chunks: Sequence[ObjectStoragePath],
    record: Record,
    *,
    hold: Collection[str] = (),
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """Bring what differs to where the source is delivered to.

    :param documents: one file a shard. :param chunks: the file of the same shard at the same place.
    :param hold: pages that stay behind. :param only: when given, all others do.
    :returns: as :func:`load`.
    """
    from confluence_to_twig.tasks.targets import Shipment, fetched_by_target, targets_of

    targets, total = targets_of(run), {"changed": 0, "chunks_sent": 0, "refused": 0}
    fetched = fetched_by_target(run) if len(targets) > 1 else {}
    is_whole = only is None
    for number, target in enumerate(targets):
        wanted = only
        if len(targets) > 1:
            pages = fetched[target.key]
            wanted = pages if only is None else pages & set(only)
        # What prune lets through comes after what load sent, to the same place.
        quarantine = run.staging.quarantine("load", 2 * number + (not is_whole))
        shipment = Shipment(documents, chunks, hold, wanted, quarantine, is_whole)
        told = _deliver_to(run, target, shipment, record)
        total = {name: total[name] + told[name] for name in total}
    return total


def _deliver_to(run: Run, target: Target, shipment: Shipment, record: Record) -> dict[str, Any]:
    if run.source.delivery == "files":
        from confluence_to_twig.tasks.file_target import load_files

        return load_files(run, target, shipment, record)
    if shipment.only is not None and not shipment.only:
        return {"changed": 0, "chunks_sent": 0, "refused": 0}
    return _handed_on(_send(run, target, shipment, record), record)


def _send(run: Run, target: Target, shipment: Shipment, record: Record) -> LoadReport:
    from confluence_to_twig.tasks.twig_target import data_source_of
    from confluence_to_twig.twig.hook import TwigHook
    from confluence_to_twig.twig.loader import load as load_documents

    with TwigHook(run.source.twig_conn_id).client() as client, record.traffic("twig", client), log_group("Batches"):
        return load_documents(
            client,
            data_source_of(target, client),
            documents=shipment.documents,
            chunks=shipment.chunks,
            manifest=target.manifest,
            run_id=run.run_id,
            hold=shipment.hold,
            only=shipment.only,
            quarantine_path=shipment.quarantine,
        )


def _handed_on(report: LoadReport, record: Record) -> dict[str, Any]:
    figures = {name: value for name, value in report.as_dict().items() if isinstance(value, int | float)}
    changed = figures.pop("documents_sent")
    log.info("%d pages sent, %d chunks, %d refused", changed, report.chunks_sent, len(report.refused))
    record.count(**figures, changed=changed)
    for refusal in report.refused:
        record.warn(f"Twig refused {refusal['title']} ({refusal['url']}): {refusal['code']}: {refusal['message']}")
    return {"changed": changed, "chunks_sent": report.chunks_sent, "refused": len(report.refused)}
