"""One shard of fetched pages → its documents and chunks, as Parquet."""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.anchors import LEGACY_EDITOR
from confluence_to_twig.content.document import BuiltDocument
from confluence_to_twig.content.model import IncludedPage
from confluence_to_twig.content.pool import WorkerPool
from confluence_to_twig.content.processors import usable_processors
from confluence_to_twig.content.storage.lookup import Lookup, included_titles
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.planning.titles import title_key
from confluence_to_twig.staging import schemas
from confluence_to_twig.staging.files import at_hand
from confluence_to_twig.staging.parquet import ParquetWriter, iter_rows, read_table, write_rows
from confluence_to_twig.staging.rows import ATTACHMENT_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.content.messages import Failure

logger = logging.getLogger(__name__)

#: A page below this coverage is reported.
LOW_COVERAGE = 0.98
PAGE_SECONDS = 30.0
#: A child process takes about as long to start as this many pages take to convert.
_PAGES_PER_WORKER = 150
#: A process takes 60 MB and more, and several shards are transformed at a time.
_MOST_WORKERS = 4
_PROGRESS_SECONDS = 10.0


@dataclass
class TransformReport:
    """Counters of one shard.

    :param pages: pages read, without those that are only there to be included.
    :param documents: pages that became documents; ``pages - quarantined``.
    :param low_coverage: ids of pages below :data:`LOW_COVERAGE`.
    :param unknown_macros: macro name → number of pages it occurs on.
    :param constructs: construct name → how often it occurs.
    """

    pages: int = 0
    documents: int = 0
    chunks: int = 0
    tokens: int = 0
    quarantined: int = 0
    tolerant: int = 0
    rendered: int = 0
    low_coverage: list[str] = field(default_factory=list)
    unknown_macros: Counter[str] = field(default_factory=Counter)
    constructs: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, built: BuiltDocument) -> None:
        """Count one document."""
        report = built.report
        self.documents += 1
        self.chunks += len(built.chunks)
        self.tokens += sum(chunk["token_count"] for chunk in built.chunks)
        self.tolerant += report.tolerant
        self.rendered += report.used_view
        if report.coverage < LOW_COVERAGE:
            self.low_coverage.append(built.document["page_id"])
        self.unknown_macros.update(report.unknown_macros)
        self.constructs.update(report.constructs)


def transform_shard(
    pages: ObjectStoragePath,
    documents: ObjectStoragePath,
    chunks: ObjectStoragePath,
    quarantine: ObjectStoragePath,
    *,
    inventories: Sequence[ObjectStoragePath] = (),
    space_keys: Mapping[str, str] | None = None,
    workers: int | None = None,
    page_seconds: float = PAGE_SECONDS,
) -> TransformReport:
    """Convert and chunk all pages of a shard, and write the results.

    A page that fails, crashes its process or takes longer than ``page_seconds`` is quarantined with its error. Other
    pages go on. Memory holds one row group of each file and a few pages per process.

    :param pages: file of ``schemas.PAGES``; rows with ``included`` yield no document of their own.
    :param documents: where to write ``schemas.DOCUMENTS``; likewise ``chunks``, and ``quarantine`` if there is any.
    :param inventories: files of ``schemas.INVENTORY``, to turn links by title into URLs.
    :param space_keys: space id → key, of all spaces of the inventories where these are more than those of the pages.
    :param workers: number of processes; by default as many as there are processors and work for them, at most four.
    """
    give_memory_back()
    started = time.monotonic()
    report = TransformReport()
    with ExitStack() as stack:
        (pages,) = stack.enter_context(at_hand([pages]))
        lookup = _load_lookup(pages, inventories, space_keys or {})
        count = workers or _worker_count(pages)
        writers = _Writers(
            stack.enter_context(ParquetWriter(documents, schemas.DOCUMENTS)),
            stack.enter_context(ParquetWriter(chunks, schemas.CHUNKS)),
        )
        pool = stack.enter_context(WorkerPool(lookup, count, page_seconds))
        spoken = started
        for row, result in pool.convert(_own_pages(pages)):
            report.pages += 1
            writers.take(row, result, report)
            if time.monotonic() - spoken > _PROGRESS_SECONDS:
                spoken = time.monotonic()
                logger.info("%d pages → %d chunks, %d quarantined", report.pages, report.chunks, report.quarantined)
    if writers.quarantined:
        write_rows(quarantine, schemas.QUARANTINE, writers.quarantined)
    report.seconds = round(time.monotonic() - started, 3)
    return report


@dataclass(frozen=True)
class _Writers:
    documents: ParquetWriter
    chunks: ParquetWriter
    quarantined: list[dict[str, Any]] = field(default_factory=list)

    def take(self, row: dict[str, Any], result: BuiltDocument | Failure, report: TransformReport) -> None:
        """Write and count the result of one page."""
        if isinstance(result, BuiltDocument):
            self.documents.write(result.document)
            self.chunks.write_all(result.chunks)
            report.add(result)
            return
        report.quarantined += 1
        logger.warning("page %s is quarantined: %s: %s", row["page_id"], result.error_type, result.error)
        self.quarantined.append(
            {
                "page_id": row["page_id"],
                "title": row["title"],
                "url": row["url"],
                "version": row["version"],
                "stage": "transform",
                "error_type": result.error_type,
                "error": result.error,
            }
        )


def _own_pages(pages: ObjectStoragePath) -> Iterator[dict[str, Any]]:
    return (row for row in iter_rows(pages) if not row["included"])


def _worker_count(pages: ObjectStoragePath) -> int:
    rows: int = read_table(pages, ["included"]).num_rows
    return max(1, min(usable_processors(), rows // _PAGES_PER_WORKER, _MOST_WORKERS))


def _load_lookup(
    pages: ObjectStoragePath, inventories: Sequence[ObjectStoragePath], space_keys: Mapping[str, str]
) -> Lookup:
    """What the pages of a shard can refer to. Holds titles and URLs of their spaces, and bodies of included pages.

    :param space_keys: space id → key, of spaces beside those of the shard's pages.
    """
    keys = dict(space_keys)
    wanted: set[str] = set()
    for row in iter_rows(pages, ["space_id", "space_key", "storage"]):
        keys[row["space_id"]] = row["space_key"]
        wanted |= included_titles(row["storage"])
    urls: dict[str, dict[str, str]] = {key: {} for key in keys.values()}
    titles: dict[str, str] = {}
    legacy: set[str] = set()
    for path in inventories:
        for row in iter_rows(path, ["page_id", "space_id", "kind", "title", "url", "editor"]):
            if row["kind"] == ATTACHMENT_KIND:  # links by title mean pages
                continue
            titles[row["page_id"]] = row["title"]
            if row["editor"] == LEGACY_EDITOR:
                legacy.add(row["page_id"])
            if space_key := keys.get(row["space_id"]):
                urls[space_key][title_key(row["title"])] = row["url"]
    if not wanted:
        return Lookup(urls, titles, frozenset(legacy))
    columns = ["page_id", "version", "title", "url", "space_key", "storage", "included", "levels"]
    bodies = {
        (row["space_key"], title_key(row["title"])): IncludedPage(
            row["page_id"], row["title"], row["storage"], row["url"], row["space_key"], row["version"], row["levels"]
        )
        for row in iter_rows(pages, columns)
        if row["included"] or title_key(row["title"]) in wanted
    }
    return Lookup(urls, titles, frozenset(legacy), bodies)
