"""Extract: from the plan's pages to a shard's Parquet file. What an interrupted try has finished is not fetched again."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.extract.checkpoint import Parts
from confluence_to_twig.confluence.extract.extraction import Extraction
from confluence_to_twig.confluence.extract.page import ExtractOptions, slim_rows
from confluence_to_twig.confluence.extract.progress_log import Progress
from confluence_to_twig.memory import give_memory_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.inventory_index import Inventory
    from confluence_to_twig.confluence.extract.page import Failure, Page, Row

__all__ = ["ExtractOptions", "ExtractReport", "extract_pages", "extract_shard"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExtractReport:
    """What became of the pages of a shard: ``asked == got + gone + failed``, always.

    :param asked: pages that the plan named.
    :param got: pages in the file, without those that are there only because others include them.
    :param reused: how many of these an earlier try had fetched.
    :param included: pages that are in the file only because others include them.
    :param gone_pages: id → why it is not there any more; the next sweep does not see these either.
    :param failures: pages that are there but cannot be fetched.
    :param warnings: sentences for a human.
    :param requests: HTTP requests of this try.
    :param seconds: wall time of this try; ``seconds_waited`` of it for rate limits.
    """

    asked: int
    got: int
    reused: int
    included: int
    gone_pages: dict[str, str]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    requests: int
    seconds: float
    seconds_waited: float

    @property
    def gone(self) -> int:
        return len(self.gone_pages)

    @property
    def failed(self) -> int:
        return len(self.failures)

    def figures(self) -> dict[str, int | float]:
        """The counters, for reports and XCom."""
        return {
            "pages_asked": self.asked,
            "pages_got": self.got,
            "pages_reused": self.reused,
            "pages_included": self.included,
            "pages_gone": self.gone,
            "pages_failed": self.failed,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "seconds_waited": round(self.seconds_waited, 3),
        }


def extract_pages(
    client: ConfluenceClient,
    space: Space,
    rows: Sequence[Row],
    *,
    inventory: Inventory = None,
    options: ExtractOptions | None = None,
) -> Iterator[Page]:
    """The pages one by one as rows of :data:`confluence_to_twig.staging.schemas.PAGES`, without staging anything.

    Use :class:`Extraction` to get at the account, and :func:`extract_shard` in a task.
    """
    for group in Extraction(client, space, rows, inventory=inventory, options=options).groups():
        yield from group


def extract_shard(
    client: ConfluenceClient,
    space: Space,
    rows: Iterable[Row],
    *,
    inventory: Inventory,
    out: ObjectStoragePath,
    options: ExtractOptions | None = None,
) -> ExtractReport:
    """Fetch the pages of a shard into ``out`` (:data:`confluence_to_twig.staging.schemas.PAGES`).

    Finished pages go to part files beside ``out`` at once. A try that follows a broken one takes them over as long as
    they are not older than the plan, and asks only for the rest. ``out`` appears in one step when all are there; a
    shard whose pages are all gone yields an empty file.

    :param rows: the shard's pages as rows of the inventory; an iterator saves having them all in memory.
    :param inventory: the whole inventory, to find pages that others include; a file is read only if there are any.
    :raises confluence_to_twig.errors.TransientError: an outage or a long rate limit; the next try goes on from here.
    :raises confluence_to_twig.errors.PermanentError: credentials and the like.
    """
    give_memory_back()
    options = options or ExtractOptions()
    started = time.monotonic()
    requests_before, waited_before = client.requests_made, client.seconds_waited
    parts = Parts(out, fingerprint(options))
    planned = list(slim_rows(rows))
    versions = {row["page_id"]: row["version"] for row in planned}
    reused = parts.finished(versions)
    if reused:
        log.info("%d of %d pages are there from an earlier try", len(reused), len(planned))
    remaining = [row for row in planned if row["page_id"] not in reused]
    extraction = Extraction(client, space, remaining, inventory=inventory, options=options)
    with Progress(len(planned), len(reused), lambda: client.requests_made) as progress:
        for group in extraction.groups():
            parts.add(group)
            del group
            give_memory_back()
            progress.done = len(reused) + len(extraction.account.got)
    included = parts.publish(wanted=reused | extraction.account.got)
    account = extraction.account
    report = ExtractReport(
        asked=len(versions),
        got=len(reused) + len(account.got),
        reused=len(reused),
        included=included,
        gone_pages=dict(sorted(account.gone.items())),
        failures=tuple(account.failed[page_id] for page_id in sorted(account.failed)),
        warnings=tuple(account.warnings),
        requests=client.requests_made - requests_before,
        seconds=time.monotonic() - started,
        seconds_waited=client.seconds_waited - waited_before,
    )
    _log_losses(report)
    return report


def _log_losses(report: ExtractReport) -> None:
    for page_id, reason in report.gone_pages.items():
        log.info("Page %s is not there any more: %s", page_id, reason)
    for failure in report.failures:
        log.error("Page %s could not be fetched: %s", failure.page_id, failure.error)


def fingerprint(options: ExtractOptions) -> str:
    """Eight characters that change with what is fetched, so that parts of other options are not taken over."""
    return hashlib.sha256(json.dumps(asdict(options), sort_keys=True).encode()).hexdigest()[:8]
