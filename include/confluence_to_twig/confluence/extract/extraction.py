"""Extraction: the pages that a plan names with all that belongs to them, in bounded memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.errors import NotFoundError, UnavailableError
from confluence_to_twig.confluence.extract.extras import ExtrasReader
from confluence_to_twig.confluence.extract.fetching import BodyStream
from confluence_to_twig.confluence.extract.file_texts import FileTexts
from confluence_to_twig.confluence.extract.inventory_index import InventoryIndex
from confluence_to_twig.confluence.extract.names import Names
from confluence_to_twig.confluence.extract.page import Account, ExtractOptions, Page, Row, page_row
from confluence_to_twig.confluence.extract.references import included_pages, needs_rendering, user_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.extras import PageExtras
    from confluence_to_twig.confluence.extract.inventory_index import Inventory

#: Pages that are finished, and safe from then on, together. Larger groups need fewer requests for people and attachments.
GROUP_PAGES = 200
GROUP_CHARS = 16 * 1024 * 1024
#: How deep included pages may include others.
INCLUDE_DEPTH = 5


class Extraction:
    """One walk over the pages to fetch. Use once.

    :param rows: the pages to fetch, as rows of the inventory.
    :param inventory: the whole inventory, for pages that are included by title or were moved; a file is read only then.
    """

    def __init__(
        self,
        client: ConfluenceClient,
        space: Space,
        rows: Sequence[Row],
        *,
        inventory: Inventory = None,
        options: ExtractOptions | None = None,
    ) -> None:
        self.account = Account()
        self._client = client
        self._space = space
        self._rows = rows
        self._options = options or ExtractOptions()
        self._index = InventoryIndex(inventory, with_restricted=self._options.restricted_pages == "include")
        self._names = Names(client.api)
        self._bodies = BodyStream(client, space, self.account)
        self._extras = ExtrasReader(
            client,
            space,
            attachments=self._options.attachments != "none",
            comments=self._options.comments,
            page_count=len(rows),
        )
        self._file_texts = FileTexts(client, self.account, self._options)

    def groups(self) -> Iterator[list[Page]]:
        """Finished pages, some hundred at a time. When it ends, the account has an entry for every page.

        :raises confluence_to_twig.errors.TransientError: an outage or a long rate limit; groups yielded before stay valid.
        :raises confluence_to_twig.errors.PermanentError: credentials and the like.
        """
        by_id = {row["page_id"]: row for row in self._rows}
        group: list[Content] = []
        chars = 0
        with self._looking_ahead() as looked:
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
        if self._names.problem:
            self.account.warnings.append(self._names.problem)

    @contextmanager
    def _looking_ahead(self) -> Iterator[Future[None]]:
        """While the first bodies are under way, ask what does not depend on them: it would keep the first group back."""
        authors = {row["author_id"] for row in self._rows if row["author_id"]} if len(self._rows) > GROUP_PAGES else ()
        with ThreadPoolExecutor(1, thread_name_prefix="look-ahead") as pool:
            self._extras.begin()
            yield pool.submit(self._names.look_up, authors)

    def _finished(self, contents: Sequence[Content], by_id: dict[str, Row]) -> list[Page]:
        included, included_rows = self._included(contents)
        extras = self._extras.read(contents)
        self._names.look_up(_people(contents, included, extras.values()))
        texts = self._file_texts.read(extras.values())
        views = self._rendered(contents)
        own = [
            page_row(
                content,
                self._with_new_path(by_id[content.id], content),
                self._space,
                self._names,
                extras=extras.get(content.id),
                texts=texts,
                view=views.get(content.id),
            )
            for content in contents
        ]
        others = [
            page_row(content, included_rows[content.id], self._space, self._names, included=True)
            for content in included
        ]
        return own + others

    def _with_new_path(self, row: Row, content: Content) -> Row:
        """The inventory's row, with another path if the page was moved since the sweep."""
        if content.parent_id == row["parent_id"]:
            return row
        path = self._index.path_below(content.parent_id)
        return row if path is None else {**row, "ancestor_ids": path[0], "ancestors": path[1]}

    def _included(self, contents: Sequence[Content]) -> tuple[list[Content], dict[str, Row]]:
        """Pages of this space that these include, and those that they include, each once in a shard."""
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
            stream = BodyStream(self._client, self._space, side)
            level = [content for batch in stream.fetch(list(wanted.values())) for content in batch]
            found += level
            # One that is gone or broken by now leaves a gap in the page that includes it, not an open entry.
            for page_id, reason in {**side.gone, **{key: f.error for key, f in side.failed.items()}}.items():
                self.account.warnings.append(f"Page {page_id}, which another page includes, is missing: {reason}")
        return found, rows

    def _included_rows(self, contents: Sequence[Content]) -> dict[str, Row]:
        wanted: dict[str, Row] = {}
        for content in contents:
            for reference in included_pages(content.storage or ""):
                if reference.space_key not in (None, self._space.key, self._space.alias):
                    continue
                row = self._index.by_title(reference.title)
                if row and not self.account.knows(row["page_id"]):
                    wanted[row["page_id"]] = row
        return wanted

    def _rendered(self, contents: Sequence[Content]) -> dict[str, str]:
        if not self._options.render_macros:
            return {}

        def render(content: Content) -> str | None:
            try:
                return self._client.api.rendered(content.id, content.kind)
            except (UnavailableError, NotFoundError) as error:
                self.account.warnings.append(f"Page {content.id} could not be rendered: {error.summary}")
                return None

        wanted = [content for content in contents if needs_rendering(content.storage or "")]
        views = self._client.workers.map(render, wanted)
        return {content.id: view for content, view in zip(wanted, views, strict=True) if view is not None}


def _people(contents: Sequence[Content], included: Sequence[Content], extras: Iterable[PageExtras]) -> set[str]:
    people = {content.author_id for content in contents}
    for content in (*contents, *included):
        people |= user_ids(content.storage or "")
    for extra in extras:
        for comment in extra.comments:
            people |= {comment.author_id, *user_ids(comment.storage)}
    return {person for person in people if person}
