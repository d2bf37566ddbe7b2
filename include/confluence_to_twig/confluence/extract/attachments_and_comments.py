"""Attachments and comments of many pages in few requests.

Listing them page by page costs three requests a page. The search finds them for 250 pages at once, or, where a space
has few of them, for the whole space.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from confluence_to_twig.confluence.api.attached import (
    Attachment,
    Comment,
    attachment_from_v1,
    comment_from_v1,
    open_comments,
)
from confluence_to_twig.confluence.api.cql import inside, of_space
from confluence_to_twig.confluence.api.errors import (
    EndpointRemovedError,
    ForbiddenError,
    MissingScopeError,
    NotFoundError,
    RejectedRequestError,
)
from confluence_to_twig.confluence.api.paging import TooManyHitsError
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.confluence.extract.references import own_file_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.space import Space

log = logging.getLogger(__name__)

CONTAINERS_AT_ONCE = 250
LIMIT = 250
#: The server cuts answers with bodies down to this.
LIMIT_WITH_BODIES = 100
#: More than this is not kept in memory for a whole space.
KEPT_FOR_A_SPACE = 2_000
#: The search index lags behind by seconds to minutes; pages older than this are not asked for again.
FRESH = timedelta(hours=6)
ATTACHMENT_EXPAND = ("container", "version")
COMMENT_EXPAND = (
    *ATTACHMENT_EXPAND,
    "history",
    "ancestors",
    "body.storage",
    "extensions.inlineProperties",
    "extensions.resolution",
)
NO_SEARCH = (MissingScopeError, ForbiddenError, NotFoundError, EndpointRemovedError, RejectedRequestError)


@dataclass
class Attached:
    """What one page has beside its body: attachments by name, open comments oldest first."""

    attachments: list[Attachment] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


class AttachmentsAndComments:
    """Reads them, one group of pages after the other.

    :param page_count: how many pages will be asked for in total; decides what is cheaper.
    """

    def __init__(
        self, client: ConfluenceClient, space: Space, *, attachments: bool, comments: bool, page_count: int
    ) -> None:
        self._client = client
        self._api = client.api
        self._space = space
        self._attachments = attachments
        self._comments = comments
        self._types = [name for name, wanted in (("attachment", attachments), ("comment", comments)) if wanted]
        self._expand = COMMENT_EXPAND if comments else ATTACHMENT_EXPAND
        self._limit = LIMIT_WITH_BODIES if comments else LIMIT
        self._page_count = page_count
        self._searchable = True
        self._looked_ahead: Future[dict[str, Attached] | None] | None = None

    def begin(self) -> None:
        """Look ahead while the first bodies are under way. Without it the first :meth:`read` does."""
        if self._looked_ahead is None and self._types and self._page_count > CONTAINERS_AT_ONCE:
            self._looked_ahead = self._client.workers.submit(self._few_of_space, of_space(self._space.key, self._types))

    def read(self, contents: Sequence[Content]) -> dict[str, Attached]:
        """What hangs on these pages by page id; pages without any may be left out.

        :raises confluence_to_twig.errors.PipelineError: what does not go away by asking page by page.
        """
        if not self._types or not contents:
            return {}
        if self._searchable:
            try:
                return self._searched(contents)
            except NO_SEARCH as error:
                self._searchable = False
                log.warning("Attachments and comments are listed page by page: %s", error.summary)
        return self._listed(contents)

    def _searched(self, contents: Sequence[Content]) -> dict[str, Attached]:
        self.begin()
        found = self._looked_ahead.result() if self._looked_ahead else None
        if found is None:
            ids = [content.id for content in contents]
            found = _grouped(self._search_batches(ids), self._api.links_base)
        return self._with_fresh_files(contents, found)

    def _few_of_space(self, cql: str) -> dict[str, Attached] | None:
        """All of the space, if it has fewer of them than one search for each batch of pages could find."""
        most = min(KEPT_FOR_A_SPACE, -(-self._page_count // CONTAINERS_AT_ONCE) * self._limit)
        try:
            return _grouped(self._api.search(cql, self._expand, self._limit, most=most), self._api.links_base)
        except TooManyHitsError:
            return None

    def _search_batches(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        def read(batch: Sequence[str]) -> list[dict[str, Any]]:
            return list(self._api.search(inside(batch, self._types), self._expand, self._limit))

        found = self._client.workers.map(read, batches(ids, CONTAINERS_AT_ONCE))
        return [item for part in found for item in part]

    def _with_fresh_files(self, contents: Sequence[Content], found: dict[str, Attached]) -> dict[str, Attached]:
        """A file that a page changed just now shows may not be in the index yet: then the page's own list is read."""
        if not self._attachments:
            return found
        since = datetime.now(UTC) - FRESH
        incomplete = [content for content in contents if content.modified_at > since and _lacks_files(content, found)]
        read = self._client.workers.map(lambda content: self._api.attachments_of(content.id, content.kind), incomplete)
        healed = {
            content.id: Attached(_sorted(attachments), found.get(content.id, Attached()).comments)
            for content, attachments in zip(incomplete, read, strict=True)
        }
        return {**found, **healed}

    def _listed(self, contents: Sequence[Content]) -> dict[str, Attached]:
        def read(content: Content) -> Attached:
            attachments = self._api.attachments_of(content.id, content.kind) if self._attachments else []
            comments = self._api.comments_of(content.id, content.kind) if self._comments else []
            return Attached(_sorted(attachments), open_comments(comments))

        return {
            content.id: attached
            for content, attached in zip(contents, self._client.workers.map(read, contents), strict=True)
        }


def _lacks_files(content: Content, found: dict[str, Attached]) -> bool:
    attached = found.get(content.id)
    names = {attachment.title for attachment in attached.attachments} if attached else set()
    return not own_file_names(content.storage or "") <= names


def _grouped(items: Iterable[dict[str, Any]], links_base: str) -> dict[str, Attached]:
    attachments: dict[str, list[Attachment]] = defaultdict(list)
    comments: dict[str, list[Comment]] = defaultdict(list)
    for item in items:
        if item.get("type") == "attachment":
            attachment = attachment_from_v1(item, links_base)
            attachments[attachment.content_id].append(attachment)
        else:
            comment = comment_from_v1(item)
            comments[comment.content_id].append(comment)
    return {
        page_id: Attached(_sorted(attachments[page_id]), open_comments(comments[page_id]))
        for page_id in (*attachments, *comments)
    }


def _sorted(attachments: Iterable[Attachment]) -> list[Attachment]:
    return sorted(attachments, key=lambda attachment: (attachment.title, attachment.id))
