"""Confluence Data Center and Server: the v1 API with offset paging."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from confluence_to_twig.confluence.api.attached import (
    Attachment,
    Comment,
    attachment_from_v1,
    comment_from_v1,
    of_page,
    user_name,
)
from confluence_to_twig.confluence.api.content import (
    Bodies,
    Container,
    Content,
    Count,
    Kind,
    Listed,
    body_of,
    content_from_v1,
    count_above,
    named_in_v1,
)
from confluence_to_twig.confluence.api.cql import of_space, with_ids
from confluence_to_twig.confluence.api.errors import NotFoundError, RejectedRequestError
from confluence_to_twig.confluence.api.interface import SPACES_FOR_A_HINT
from confluence_to_twig.confluence.api.labels import EXPAND_TOLD, Told, labels_from_v1
from confluence_to_twig.confluence.api.offsets import OffsetPage, offset_page, walk_beyond, walk_offsets, walk_steadily
from confluence_to_twig.confluence.api.paging import check_total, content_id, told_total
from confluence_to_twig.confluence.api.restrictions import EXPAND_PLACE, EXPAND_READERS, restriction_from_v1
from confluence_to_twig.confluence.api.space import space_from_v1

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.bidirectional import Seen
    from confluence_to_twig.confluence.api.restrictions import Readers, Restriction
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.api.transport import Transport
    from confluence_to_twig.confluence.api.workers import Workers
    from confluence_to_twig.http.retry import Patience

LIMIT = 200
CONTENT = ("version", "history", "ancestors", "space")
COMMENT = ("container", "version", "history", "ancestors", "body.storage", "extensions.inlineProperties")


class DataCenterApi:
    """Implements :class:`confluence_to_twig.confluence.api.interface.ContentApi`. Thread-safe; must not be called from its own workers.

    :param site_url: where requests go, with the context path.
    :param base_url: where readers find the site, if that is another address.
    """

    users_at_once = 1
    names_come_along = True

    def __init__(self, transport: Transport, workers: Workers, site_url: str, base_url: str = "") -> None:
        self._transport = transport
        self._workers = workers
        self._site_url = site_url
        self._root = f"{site_url}/rest/api"
        self.links_base = base_url or site_url
        #: Display names by user key, of all who wrote what was read so far.
        self._names: dict[str, str] = {}

    def _get(self, path: str, *, patience: Patience | None = None, **params: Any) -> Any:
        return self._transport.get(f"{self._root}{path}", params, patience=patience)

    def _page(self, path: str, start: int, **params: Any) -> OffsetPage:
        return offset_page(self._get(path, start=start, **params))

    def _walk(self, path: str, limit: int = LIMIT, **params: Any) -> Iterator[dict[str, Any]]:
        return walk_offsets(lambda start: self._page(path, start, limit=limit, **params))

    # Spaces

    def find_space(self, key: str) -> Space | None:
        found = [space_from_v1(item, self.links_base) for item in self._walk("/space", spaceKey=key, expand="homepage")]
        return next((space for space in found if space.key == key), None)

    def visible_spaces(self) -> list[Space]:
        return list(islice((space_from_v1(item, self.links_base) for item in self._walk("/space")), SPACES_FOR_A_HINT))

    def all_spaces(self) -> list[Space]:
        """Without ``status`` and ``type`` the listing has spaces of each
        (https://docs.atlassian.com/ConfluenceServer/rest/9.2.0/#api/space-spaces)."""
        return [space_from_v1(item, self.links_base) for item in self._walk("/space", expand="homepage")]

    # Contents

    def count(self, space: Space, kinds: Sequence[Kind]) -> Count:
        """From the listing itself up to 200 a kind, above that from the search index if it tells a total."""
        counted = 0
        for kind in kinds:
            page = self._page("/content", 0, spaceKey=space.key, type=kind, status="current", limit=LIMIT)
            counted += len(page.results)
            if page.more:
                return count_above(counted, self.search_total(of_space(space.key, kinds)))
        return Count(counted)

    def archived(self, space: Space) -> Count | None:
        return None

    def list_contents(self, space: Space, kind: Kind, seen: Seen | None = None) -> Listed:
        """With restrictions and labels, by documented expansions: a search index that is being rebuilt stops nothing
        (https://docs.atlassian.com/ConfluenceServer/rest/9.2.0/#api/content-getContent)."""

        def page(start: int) -> OffsetPage:
            expand = ",".join((*CONTENT, *EXPAND_TOLD))
            return self._page(
                "/content", start, spaceKey=space.key, type=kind, status="current", expand=expand, limit=LIMIT
            )

        told = Told()

        def read(item: dict[str, Any]) -> Content:
            content = self._content(item)
            told.note(content.id, item)
            return content

        return replace(walk_steadily(page, read), told=told)

    def newest_first(self, spaces: Sequence[Space], kind: Kind) -> None:
        """No listing of v1 is documented to be ordered by modification, and search lags behind."""
        return

    def descendants(self, content_id: str, kind: str) -> None:
        """Only the first level below a page is served (https://jira.atlassian.com/browse/CONFSERVER-59013)."""
        return

    def containers(self, refs: Mapping[str, str]) -> tuple[dict[str, Container], dict[str, str]]:
        """Data Center has none: only pages are parents of pages."""
        return {}, {key: f"Data Center has no {kind} as a parent" for key, kind in refs.items()}

    def bodies(self, ids: Sequence[str], kind: Kind) -> Bodies:
        """One search for a batch. What the search index does not have yet is read one by one."""
        patience = self._transport.patience
        if len(ids) == 1:
            return Bodies(self._single(ids[0], ("body.storage",), "current"))
        quick = replace(patience, attempts=min(2, patience.attempts))
        asked = {"cql": with_ids(ids), "expand": ",".join((*CONTENT, "body.storage")), "limit": LIMIT}

        first: list[OffsetPage] = []

        def page(start: int) -> OffsetPage:
            answer = offset_page(self._get("/content/search", patience=quick, start=start, **asked))
            first.append(answer)
            return answer

        found = [self._content(item) for item in walk_offsets(page)]
        seen = {content.id for content in found}
        for wanted in ids:
            if wanted not in seen:
                found += self._single(wanted, ("body.storage",), "current")
        return Bodies(found, len(first[0].results) if first[0].more else None)

    def probe(self, content_id: str, kind: Kind) -> None:
        self._get(f"/content/{content_id}", status="current")

    def states(self, ids: Sequence[str], kind: Kind) -> dict[str, Content]:
        def read(content_id: str) -> list[Content]:
            try:
                return [self._one(content_id, (), "any")]
            except NotFoundError:
                return []

        return {content.id: content for contents in self._workers.map(read, ids) for content in contents}

    def _content(self, item: dict[str, Any]) -> Content:
        content = content_from_v1(item, self.links_base)
        self._names |= named_in_v1(item)
        return content

    def _comment(self, item: dict[str, Any], content_id: str) -> Comment:
        comment = comment_from_v1(item, content_id)
        self._names |= named_in_v1(item)
        return comment

    def _single(self, content_id: str, expand: tuple[str, ...], status: str) -> list[Content]:
        try:
            return [self._one(content_id, expand, status)]
        except (NotFoundError, RejectedRequestError):
            return []

    def _one(self, content_id: str, expand: tuple[str, ...], status: str) -> Content:
        item = self._get(f"/content/{content_id}", expand=",".join((*CONTENT, *expand)), status=status)
        return self._content(item)

    def earlier_body(self, content_id: str, kind: Kind, version: int) -> str:
        found = self._get(f"/content/{content_id}", status="historical", version=version, expand="body.storage")
        return body_of(found, "storage")

    def rendered(self, content_id: str, kind: Kind) -> str:
        return body_of(self._get(f"/content/{content_id}", expand="body.export_view"), "export_view")

    # Labels, search and restrictions

    def labels(self, space: Space, kinds: Collection[Kind]) -> dict[str, tuple[str, ...]]:
        listed = self.search(of_space(space.key, kinds), ("metadata.labels",), LIMIT)
        return {content_id(item): labels_from_v1(item) for item in listed}

    def labels_of(self, content_id: str, kind: Kind) -> tuple[str, ...]:
        return labels_from_v1(self._get(f"/content/{content_id}", expand="metadata.labels"))

    def search(
        self, cql: str, expand: Sequence[str], limit: int, *, most: int | None = None
    ) -> Iterator[dict[str, Any]]:
        params: dict[str, Any] = {"cql": cql, "expand": ",".join(expand), "limit": limit}
        hits = walk_offsets(
            lambda start: offset_page(check_total(self._get("/content/search", start=start, **params), most))
        )
        for item in hits:
            self._names |= named_in_v1(item)
            yield item

    def search_total(self, cql: str) -> int | None:
        """By ``/search``, whose answer is documented with ``totalSize``
        (https://docs.atlassian.com/ConfluenceServer/rest/9.2.0/#api/search)."""
        return told_total(lambda: self._get("/search", cql=cql, limit=1))

    def read_restriction(self, content_id: str, *, place: bool = False) -> Restriction | None:
        expand = (*EXPAND_READERS, *EXPAND_PLACE) if place else EXPAND_READERS
        try:
            found = self._get(f"/content/{content_id}/restriction/byOperation/read", expand=",".join(expand))
        except NotFoundError:
            return None
        return restriction_from_v1(found, content_id)

    def space_readers(self, space: Space) -> Readers | None:
        """Nobody tells. ``/rest/api/space/{key}/permissions`` is there since 9.1 for those who administer the space
        (https://jira.atlassian.com/browse/CONFSERVER-100505), which an account that only reads does not."""
        return None

    def group_name(self, group_id: str) -> str | None:
        """Groups have no ids but their names."""
        return group_id

    # Attachments, comments, users

    def attachments_of(self, content_id: str, kind: Kind) -> list[Attachment]:
        listed = self._walk_children(content_id, "attachment", expand="container,version")
        return of_page((attachment_from_v1(item, self.links_base, content_id) for item in listed), content_id)

    def comments_of(self, content_id: str, kind: Kind) -> list[Comment]:
        expand = ",".join((*COMMENT, "extensions.resolution"))
        listed = self._walk_children(content_id, "comment", depth="all", expand=expand)
        return of_page((self._comment(item, content_id) for item in listed), content_id)

    def _walk_children(self, content_id: str, kind: str, **params: Any) -> Iterator[dict[str, Any]]:
        path = f"/content/{content_id}/child/{kind}"
        return walk_beyond(lambda start: self._page(path, start, limit=LIMIT, **params))

    def user_names(self, ids: Sequence[str]) -> dict[str, str]:
        """From what was read already; others by user key, a request for each. 404 is the answer for somebody who is gone."""
        names = {key: self._names[key] for key in ids if key in self._names}
        for key in set(ids) - names.keys():
            with suppress(NotFoundError):
                names[key] = user_name(self._get("/user", key=key))
        return names

    def download(self, attachment: Attachment, max_bytes: int) -> bytes:
        by_name = f"/download/attachments/{attachment.content_id}/{quote(attachment.title, safe='')}"
        url = self._site_url + (attachment.url.removeprefix(self.links_base) or by_name)
        return self._transport.download(url, max_bytes)
