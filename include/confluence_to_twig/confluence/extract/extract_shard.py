"""Extract: from the plan's pages to a shard's Parquet file. What an interrupted try has finished is not fetched again.

The way of a page: :mod:`.bodies` fetches it, pages that it includes come along, :mod:`.decorations` adds what it has
besides its body, :func:`.page.page_row` puts it together, and :mod:`.checkpoint` keeps it.
Files that are documents of their own take the way of :mod:`.file_documents`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.space import Space
from confluence_to_twig.confluence.extract.bodies import BodyStream
from confluence_to_twig.confluence.extract.checkpoint import Parts
from confluence_to_twig.confluence.extract.decorations import DecorationReader
from confluence_to_twig.confluence.extract.file_documents import FileDocuments
from confluence_to_twig.confluence.extract.inventory_index import InventoryIndex
from confluence_to_twig.confluence.extract.page import (
    Account,
    ExtractOptions,
    ExtractReport,
    Page,
    Row,
    page_row,
    slim_rows,
)
from confluence_to_twig.confluence.extract.progress_log import Progress
from confluence_to_twig.confluence.extract.references import included_pages
from confluence_to_twig.confluence.extract.unreadable_files import UnreadableFiles
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.staging.rows import ATTACHMENT_KIND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.extract.decorations import Decorations
    from confluence_to_twig.confluence.extract.inventory_index import Inventory

log = logging.getLogger(__name__)

#: Pages that are finished, and safe from then on, together. Larger groups need fewer requests for people and attachments.
GROUP_PAGES = 200
GROUP_CHARS = 16 * 1024 * 1024
#: How deep included pages may include others.
INCLUDE_DEPTH = 5
#: What a page lacks that includes one which could not be fetched.
INCLUDED = "included pages"


def extract_shard(
    client: ConfluenceClient,
    spaces: Space | Sequence[Space],
    rows: Iterable[Row],
    *,
    inventory: Inventory,
    out: ObjectStoragePath,
    options: ExtractOptions | None = None,
    unreadable: ObjectStoragePath | None = None,
    first_try: bool = False,
) -> ExtractReport:
    """Fetch the pages of a shard into ``out`` (:data:`confluence_to_twig.staging.schemas.PAGES`).

    Finished pages go to part files beside ``out``, at once or, on an object store, soon. A try that follows a broken one takes them over as long as
    they are not older than the plan, and asks only for the rest. ``out`` appears in one step when all are there; a
    shard whose pages are all gone yields an empty file.

    :param spaces: the space, or all spaces, of the inventory.
    :param rows: the shard's pages as rows of the inventory; an iterator saves having them all in memory.
    :param inventory: the whole inventory, to find pages that others include; a file is read only if there are any.
    :param unreadable: the folder that notes attached files which cannot be read, so that no later try reads them.
    :param first_try: no try before this one can have left anything.
    :raises confluence_to_twig.errors.TransientError: an outage or a long rate limit; the next try goes on from here.
    :raises confluence_to_twig.errors.PermanentError: credentials and the like.
    """
    give_memory_back()
    options = options or ExtractOptions()
    started = time.monotonic()
    requests_before, waited_before = client.requests_made, client.seconds_waited
    planned = list(slim_rows(rows))
    versions = {row["page_id"]: row["version"] for row in planned}
    with Parts(out, fingerprint(options)) as parts:
        reused = set[str]() if first_try else parts.finished(versions)
        if reused:
            log.info("%d of %d pages were already fetched by an earlier try", len(reused), len(planned))
        remaining = [row for row in planned if row["page_id"] not in reused]
        set_aside = UnreadableFiles(unreadable, datetime.now(UTC).date())
        extraction = Extraction(client, spaces, remaining, inventory=inventory, options=options, unreadable=set_aside)
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


class Extraction:
    """One walk over the pages to fetch. Use once.

    :param spaces: the space, or all spaces, of the inventory.
    :param rows: the pages to fetch, as rows of the inventory.
    :param inventory: the whole inventory, for pages that are included by title or were moved; a file is read only then.
    :param unreadable: attached files that are not tried again.
    """

    def __init__(
        self,
        client: ConfluenceClient,
        spaces: Space | Sequence[Space],
        rows: Sequence[Row],
        *,
        inventory: Inventory = None,
        options: ExtractOptions | None = None,
        unreadable: UnreadableFiles | None = None,
    ) -> None:
        self.account = Account()
        self._client = client
        all_spaces = [spaces] if isinstance(spaces, Space) else spaces
        self._spaces = {space.id: space for space in all_spaces}
        #: What pages call a space: its key, or the one that it was given by renaming.
        self._named = {key: space.id for space in all_spaces for key in (space.alias, space.key) if key}
        self._rows = [row for row in rows if row["kind"] != ATTACHMENT_KIND]
        self._file_rows = [row for row in rows if row["kind"] == ATTACHMENT_KIND]
        self._options = options or ExtractOptions()
        self._index = InventoryIndex(inventory, with_restricted=self._options.restricted_pages != "skip")
        self._bodies = BodyStream(client, self.account)
        #: Ids of included pages that are there and could not be fetched.
        self._not_fetched: set[str] = set()
        set_aside = unreadable or UnreadableFiles(None, datetime.now(UTC).date())
        self._decorations = DecorationReader(
            client, self._of_rows(self._rows), self.account, self._options, len(self._rows), set_aside
        )
        self._files = FileDocuments(client, self._spaces, self.account, self._options, set_aside)

    def groups(self) -> Iterator[list[Page]]:
        """Finished pages, some hundred at a time. When it ends, the account has an entry for every page.

        :raises confluence_to_twig.errors.TransientError: an outage or a long rate limit; groups yielded before stay valid.
        :raises confluence_to_twig.errors.PermanentError: credentials and the like.
        """
        by_id = {row["page_id"]: row for row in self._rows}
        group: list[Content] = []
        chars = 0
        authors = {row["author_id"] for row in self._rows if row["author_id"]} if len(self._rows) > GROUP_PAGES else ()
        with closing(self._decorations), self._decorations.looking_ahead(authors) as looked:
            for contents in self._bodies.fetch(self._rows):
                group += contents
                chars += sum(len(content.storage or "") for content in contents)
                if len(group) >= GROUP_PAGES or chars >= GROUP_CHARS:
                    looked.result()
                    yield self._finished(group, by_id)
                    group, chars = [], 0
            looked.result()
            if group:
                yield self._finished(group, by_id)
        self._decorations.account()
        yield from self._files.groups(self._file_rows)

    def _finished(self, contents: Sequence[Content], by_id: dict[str, Row]) -> list[Page]:
        contents = self._decorations.with_text(contents)
        included, included_rows = self._included(contents)
        decorations = self._decorations.read(contents, included)
        people = self._decorations.people
        own = [
            page_row(
                content,
                self._with_new_path(by_id[content.id], content),
                self._spaces[by_id[content.id]["space_id"]],
                people,
                decorations=self._without_included(content, decorations[content.id]),
            )
            for content in contents
        ]
        others = [
            page_row(content, row, self._spaces[row["space_id"]], people, decorations=None, included=True)
            for content in included
            for row in [included_rows[content.id]]
        ]
        return own + others

    def _with_new_path(self, row: Row, content: Content) -> Row:
        """The inventory's row, with another path if the page was moved since the sweep."""
        if content.parent_id == row["parent_id"]:
            return row
        path = self._index.path_below(content.parent_id)
        return row if path is None else {**row, "ancestor_ids": path[0], "ancestors": path[1]}

    def _included(self, contents: Sequence[Content]) -> tuple[list[Content], dict[str, Row]]:
        """Pages of the source's spaces that these include, and those that they include, each once in a shard."""
        found: list[Content] = []
        rows: dict[str, Row] = {}
        level: Sequence[Content] = contents
        for _ in range(INCLUDE_DEPTH):
            wanted = self._included_rows(level)
            if not wanted:
                break
            rows |= wanted
            self.account.included |= wanted.keys()
            side = Account()
            stream = BodyStream(self._client, side)
            level = [content for batch in stream.fetch(list(wanted.values())) for content in batch]
            found += level
            self._not_fetched |= side.failed.keys()
            # One that is gone or broken by now leaves a gap in the page that includes it, not an open entry.
            for page_id, reason in {**side.gone, **{key: f.error for key, f in side.failed.items()}}.items():
                self.account.warnings.append(f"Page {page_id}, which another page includes, is missing: {reason}")
        return found, rows

    def _included_rows(self, contents: Sequence[Content]) -> dict[str, Row]:
        return {
            row["page_id"]: row
            for content in contents
            for row in self._referred(content)
            if not self.account.knows(row["page_id"])
        }

    def _referred(self, content: Content) -> Iterator[Row]:
        """The pages of the source's spaces that a page includes."""
        for reference in included_pages(content.storage or ""):
            space_id = self._named.get(reference.space_key) if reference.space_key else content.space_id
            if space_id and (row := self._index.by_title(space_id, reference.title)):
                yield row

    def _of_rows(self, rows: Sequence[Row]) -> list[Space]:
        """The spaces of the pages to fetch."""
        return [self._spaces[space_id] for space_id in dict.fromkeys(row["space_id"] for row in rows)]

    def _without_included(self, content: Content, decorations: Decorations) -> Decorations:
        """Noted with a page that has a gap where an included page could not be fetched."""
        if not self._not_fetched or all(row["page_id"] not in self._not_fetched for row in self._referred(content)):
            return decorations
        return replace(decorations, lacking=(*decorations.lacking, INCLUDED))


def _log_losses(report: ExtractReport) -> None:
    for page_id, reason in report.gone_pages.items():
        log.info("%s has no document: %s", page_id, reason)
    for failure in report.failures:
        log.error("Page %s could not be fetched: %s", failure.page_id, failure.error)


def fingerprint(options: ExtractOptions) -> str:
    """Eight characters that change with what is fetched, so that parts of other options are not taken over."""
    return hashlib.sha256(json.dumps(asdict(options), sort_keys=True).encode()).hexdigest()[:8]
