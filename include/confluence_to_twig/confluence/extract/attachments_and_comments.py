"""Attachments and comments of many pages in few requests.

Listing them page by page costs three requests a page. The search finds them for 250 pages at once, or, where a space
has few of them, for the whole space. Where search fails, and in archived spaces, which it does not see
(https://github.com/langchain-ai/langchain-community/issues/328), they are listed page by page.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from confluence_to_twig.confluence.api.attached import (
    Attachment,
    Comment,
    attachment_from_v1,
    comment_from_v1,
    open_comments,
)
from confluence_to_twig.confluence.api.content import reading
from confluence_to_twig.confluence.api.cql import inside, of_space
from confluence_to_twig.confluence.api.errors import EndpointRemovedError, ForbiddenError, NotFoundError
from confluence_to_twig.confluence.api.paging import TooManyHitsError
from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.extract.references import own_file_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.space import Space

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
#: Search is not for this account, or not there at all: asking for less would not help.
NO_SEARCH = (ForbiddenError, NotFoundError, EndpointRemovedError)

T = TypeVar("T")


@dataclass
class Attached:
    """What one page has beside its body: attachments by name, open comments oldest first."""

    attachments: list[Attachment] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


class AttachmentsAndComments:
    """Reads them, one group of pages after the other.

    :param spaces: the spaces of the pages. Search does not see archived ones.
    :param page_count: how many pages will be asked for in total; decides what is cheaper.
    :param attachments: the lists of single pages; where they failed stands there. So for ``comments``.
    """

    def __init__(
        self, client: ConfluenceClient, spaces: Sequence[Space], *, attachments: bool, comments: bool, page_count: int
    ) -> None:
        self.attachments = SideRequests(client.workers, "attachments")
        self.comments = SideRequests(client.workers, "comments")
        self._client = client
        self._api = client.api
        self._spaces = spaces
        self._types = [name for name, wanted in (("attachment", attachments), ("comment", comments)) if wanted]
        self._expand = COMMENT_EXPAND if comments else ATTACHMENT_EXPAND
        self._limit = LIMIT_WITH_BODIES if comments else LIMIT
        self._page_count = page_count
        self._search = SideRequests(client.workers, "search results for attachments and comments", hopeless=NO_SEARCH)
        self._archived = {space.id for space in spaces if space.status == "archived"}
        self._searchable = len(self._archived) < len(spaces)
        self._looked_ahead: Future[dict[str, Attached] | None] | None = None

    def begin(self) -> None:
        """Look ahead while the first bodies are under way. Without it the first :meth:`read` does."""
        few = self._types and self._searchable and self._page_count > CONTAINERS_AT_ONCE
        if few and len(self._spaces) == 1 and self._looked_ahead is None:
            cql = of_space(self._spaces[0].key, self._types)
            self._looked_ahead = self._client.workers.submit(self._few_of_space, cql)

    def read(self, contents: Sequence[Content]) -> dict[str, Attached]:
        """What hangs on these pages by page id; pages without any may be left out."""
        if not self._types or not contents:
            return {}
        hidden = [content for content in contents if content.space_id in self._archived]
        shown = [content for content in contents if content.space_id not in self._archived]
        found, unknown = self._searched(shown) if shown else ({}, ())
        by_id = {content.id: content for content in contents}
        asked = {page_id: attached for page_id, attached in found.items() if page_id in by_id}
        return self._with_fresh_files(shown, asked) | self._listed([*unknown, *hidden])

    def _searched(self, contents: Sequence[Content]) -> tuple[dict[str, Attached], Sequence[Content]]:
        """What search finds, and the pages of which it tells nothing."""
        self.begin()
        found = self._looked_ahead.result() if self._looked_ahead else None
        if found is not None:
            return found, ()
        ids = [content.id for content in contents]
        answers = self._search.ask(ids, CONTAINERS_AT_ONCE, self._search_batch)
        unknown = self._search.failed.keys()
        merged = {page_id: attached for answer in answers for page_id, attached in answer.items()}
        return merged, [content for content in contents if content.id in unknown]

    def _few_of_space(self, cql: str) -> dict[str, Attached] | None:
        """All of the space, if it has fewer of them than one search for each batch of pages could find."""
        most = min(KEPT_FOR_A_SPACE, -(-self._page_count // CONTAINERS_AT_ONCE) * self._limit)
        try:
            return self._search.attempt(
                lambda: _grouped(self._api.search(cql, self._expand, self._limit, most=most), self._api.links_base)
            )
        except TooManyHitsError:
            return None

    def _search_batch(self, ids: Sequence[str]) -> dict[str, Attached]:
        return _grouped(self._api.search(inside(ids, self._types), self._expand, self._limit), self._api.links_base)

    def _with_fresh_files(self, contents: Sequence[Content], found: dict[str, Attached]) -> dict[str, Attached]:
        """A file that a page changed just now shows may not be in the index yet: then the page's own list is read."""
        if "attachment" not in self._types:
            return found
        since = datetime.now(UTC) - FRESH
        incomplete = [
            content
            for content in contents
            if content.modified_at > since and content.id not in self._search.failed and _lacks_files(content, found)
        ]
        healed = {
            page_id: Attached(_sorted(attachments), found.get(page_id, Attached()).comments)
            for page_id, attachments in self._each(self.attachments, incomplete, self._api.attachments_of).items()
        }
        return {**found, **healed}

    def _listed(self, contents: Sequence[Content]) -> dict[str, Attached]:
        """Page by page. What fails is done without, for this page alone."""
        listed: dict[str, Attached] = {content.id: Attached() for content in contents}
        if "attachment" in self._types:
            for page_id, attachments in self._each(self.attachments, contents, self._api.attachments_of).items():
                listed[page_id].attachments = _sorted(attachments)
        if "comment" in self._types:
            for page_id, comments in self._each(self.comments, contents, self._api.comments_of).items():
                listed[page_id].comments = open_comments(comments)
        return listed

    def _each(
        self, requests: SideRequests, contents: Sequence[Content], read: Callable[[str, Kind], T]
    ) -> dict[str, T]:
        kinds = {content.id: content.kind for content in contents}
        return dict(requests.ask(kinds, 1, lambda ids: (ids[0], read(ids[0], kinds[ids[0]]))))


def _lacks_files(content: Content, found: dict[str, Attached]) -> bool:
    attached = found.get(content.id)
    names = {attachment.title for attachment in attached.attachments} if attached else set()
    return not own_file_names(content.storage or "") <= names


def _grouped(items: Iterable[dict[str, Any]], links_base: str) -> dict[str, Attached]:
    attachments: dict[str, list[Attachment]] = defaultdict(list)
    comments: dict[str, list[Comment]] = defaultdict(list)
    for item in items:
        with reading(item):
            is_attachment = item["type"] == "attachment"
        if is_attachment:
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
