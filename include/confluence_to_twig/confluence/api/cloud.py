"""Confluence Cloud: the v2 API, and what v1 still has to add (search, restrictions, downloads)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, product
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from confluence_to_twig.confluence.api.attached import (
    Attachment,
    Comment,
    attachment_from_v2,
    comment_from_v2,
    named_user,
    of_page,
)
from confluence_to_twig.confluence.api.bidirectional import LIMIT, walk_both_ends
from confluence_to_twig.confluence.api.content import (
    Bodies,
    Container,
    Content,
    Count,
    Descendant,
    Kind,
    Listed,
    body_of,
    container_from_v2,
    content_from_v2,
    count_above,
    descendant_from_v2,
)
from confluence_to_twig.confluence.api.cql import of_space
from confluence_to_twig.confluence.api.errors import (
    ClientClosedError,
    EndpointRemovedError,
    ForbiddenError,
    MissingScopeError,
    NotFoundError,
    RejectedRequestError,
)
from confluence_to_twig.confluence.api.interface import DEEPEST_TREE, SPACES_FOR_A_HINT
from confluence_to_twig.confluence.api.labels import labels_from_v2, search_labels
from confluence_to_twig.confluence.api.paging import (
    CursorGuard,
    ListingPage,
    check_total,
    content_id,
    listing_page,
    told_total,
    walk,
)
from confluence_to_twig.confluence.api.restrictions import EXPAND_PLACE, EXPAND_READERS, restriction_from_v1
from confluence_to_twig.confluence.api.space import space_from_v2
from confluence_to_twig.confluence.api.space_readers import readers_from_v2
from confluence_to_twig.errors import PipelineError
from confluence_to_twig.http.exchange import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from confluence_to_twig.confluence.api.bidirectional import Seen
    from confluence_to_twig.confluence.api.restrictions import Readers, Restriction
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.api.transport import Transport
    from confluence_to_twig.confluence.api.workers import Workers

PLURAL: dict[str, str] = {
    "page": "pages",
    "blogpost": "blogposts",
    "folder": "folders",
    "database": "databases",
    "whiteboard": "whiteboards",
    "embed": "embeds",
}
#: v2 knows no archived blog posts and refuses to look for them.
ANY_STATUS: dict[str, str] = {"page": "current,archived,trashed", "blogpost": "current,trashed"}
#: Contents in the first answer of a look at the newest.
NEWEST_AT_FIRST = 25
#: Confluence made them of 32 hexadecimal digits; account ids have 24, or a colon.
LEGACY_USER_KEY = re.compile(r"[0-9a-f]{32}")
BODIES_MAX_BYTES = 24 * 1024 * 1024
SEARCH_NOT_POSSIBLE = (
    MissingScopeError,
    ForbiddenError,
    NotFoundError,
    EndpointRemovedError,
    RejectedRequestError,
)


class CloudApi:
    """Implements :class:`confluence_to_twig.confluence.api.interface.ContentApi`. Thread-safe; must not be called from its own workers.

    :param api_url: ``https://yourcompany.atlassian.net/wiki``, or the same through the gateway.
    :param links_base: base of the addresses that readers see: the site, never the gateway.
    """

    users_at_once = 250
    names_come_along = False

    def __init__(self, transport: Transport, workers: Workers, api_url: str, links_base: str) -> None:
        self._transport = transport
        self._workers = workers
        self._v1 = f"{api_url}/rest/api"
        self._v2 = f"{api_url}/api/v2"
        self.links_base = links_base

    def _page(self, path: str, cursor: str | None, **params: Any) -> ListingPage:
        sent = {**params, "cursor": cursor} if cursor else params
        return listing_page(self._transport.get(f"{self._v2}{path}", sent))

    def _walk(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        return walk(lambda cursor: self._page(path, cursor, limit=LIMIT, **params))

    # Spaces

    def find_space(self, key: str) -> Space | None:
        """By ``keys=``; a key that was given by renaming is found by looking through all spaces."""
        found = [space_from_v2(item, self.links_base) for item in self._walk("/spaces", keys=key)]
        if not found:
            found = [space for space in self.visible_spaces() if key in (space.key, space.alias)]
        return found[0] if found else None

    def visible_spaces(self) -> list[Space]:
        return list(islice((space_from_v2(item, self.links_base) for item in self._walk("/spaces")), SPACES_FOR_A_HINT))

    def all_spaces(self) -> list[Space]:
        """Without ``status`` and ``type`` the listing has spaces of each
        (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/#api-spaces-get)."""
        return [space_from_v2(item, self.links_base) for item in self._walk("/spaces")]

    # Contents

    def count(self, space: Space, kinds: Sequence[Kind]) -> Count:
        """From the listing itself up to 250 a kind, above that from the search index if it tells a total; both are asked
        at once, since most spaces need both."""
        with ThreadPoolExecutor(1, thread_name_prefix="count") as pool:
            total = pool.submit(self.search_total, of_space(space.key, kinds))
            counted = 0
            for kind in kinds:
                page = self._listing_page(space, kind, "id", None, LIMIT)
                counted += len(page.results)
                if page.cursor is not None:
                    return count_above(counted, total.result())
        return Count(counted)

    def archived(self, space: Space) -> Count | None:
        page = self._page(f"/spaces/{space.id}/pages", None, status="archived", limit=LIMIT)
        return Count(len(page.results), exact=page.cursor is None)

    def list_contents(self, space: Space, kind: Kind, seen: Seen | None = None) -> Listed:
        return walk_both_ends(
            lambda sort, cursor, limit: self._listing_page(space, kind, sort, cursor, limit),
            lambda item: content_from_v2(item, kind, self.links_base),
            seen,
        )

    def _listing_page(self, space: Space, kind: Kind, sort: str, cursor: str | None, limit: int) -> ListingPage:
        return self._page(f"/spaces/{space.id}/{PLURAL[kind]}", cursor, status="current", sort=sort, limit=limit)

    def newest_first(self, spaces: Sequence[Space], kind: Kind) -> Iterator[list[Content]]:
        """By ``sort=-modified-date``; of one space few in the first answer, which mostly tells that nothing is new
        (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-get)."""
        guard = CursorGuard()
        cursor, limit = None, NEWEST_AT_FIRST if len(spaces) == 1 else LIMIT
        space_ids = ",".join(space.id for space in spaces)
        while True:
            page = self._page(
                f"/{PLURAL[kind]}",
                cursor,
                **{"space-id": space_ids, "status": "current", "sort": "-modified-date", "limit": limit},
            )
            guard.check(page)
            yield [content_from_v2(item, kind, self.links_base) for item in page.results]
            if page.cursor is None:
                return
            cursor, limit = page.cursor, LIMIT

    def descendants(self, content_id: str, kind: str) -> Iterator[Descendant]:
        """The depth goes up to ten, from the content itself
        (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-descendants/)."""
        return map(descendant_from_v2, self._walk(f"/{PLURAL[kind]}/{content_id}/descendants", depth=DEEPEST_TREE))

    def containers(self, refs: Mapping[str, str]) -> tuple[dict[str, Container], dict[str, str]]:
        def read(ref: tuple[str, str]) -> Container | str:
            container_id, container_type = ref
            if container_type not in PLURAL:
                return f"a parent of type {container_type} is not known here"
            try:
                return container_from_v2(
                    self._transport.get(f"{self._v2}/{PLURAL[container_type]}/{container_id}"), *ref
                )
            except ClientClosedError:
                raise
            except PipelineError as error:
                return error.summary

        read_all = dict(zip(refs, self._workers.map(read, refs.items()), strict=True))
        found = {key: answer for key, answer in read_all.items() if isinstance(answer, Container)}
        return found, {key: answer for key, answer in read_all.items() if isinstance(answer, str)}

    def bodies(self, ids: Sequence[str], kind: Kind) -> Bodies:
        """All of one batch, whatever number of them the server puts into an answer: listings of versions are cut down
        to 50 when they bring bodies (https://developer.atlassian.com/cloud/confluence/changelog/)."""
        first: list[ListingPage] = []
        patience = self._transport.patience
        if len(ids) > 1:
            # A batch that is too much for the server is better halved than repeated.
            patience = replace(patience, attempts=min(2, patience.attempts))
        max_bytes = BODIES_MAX_BYTES if len(ids) > 1 else MAX_BYTES

        def page(cursor: str | None) -> ListingPage:
            params = {"id": ",".join(ids), "status": "current", "body-format": "storage", "limit": LIMIT}
            if cursor:
                params["cursor"] = cursor
            url = f"{self._v2}/{PLURAL[kind]}"
            found = listing_page(self._transport.get(url, params, patience=patience, max_bytes=max_bytes))
            first.append(found)
            return found

        contents = [content_from_v2(item, kind, self.links_base) for item in walk(page)]
        return Bodies(contents, len(first[0].results) if first[0].cursor else None)

    def probe(self, content_id: str, kind: Kind) -> None:
        self._page(f"/{PLURAL[kind]}", None, id=content_id, status="current")

    def states(self, ids: Sequence[str], kind: Kind) -> dict[str, Content]:
        items = self._walk(f"/{PLURAL[kind]}", id=",".join(ids), status=ANY_STATUS[kind])
        return {content_id(item): content_from_v2(item, kind, self.links_base) for item in items}

    def earlier_body(self, content_id: str, kind: Kind, version: int) -> str:
        url = f"{self._v2}/{PLURAL[kind]}/{content_id}"
        return body_of(self._transport.get(url, {"version": version, "body-format": "storage"}), "storage")

    def rendered(self, content_id: str, kind: Kind) -> str:
        url = f"{self._v2}/{PLURAL[kind]}/{content_id}"
        return body_of(self._transport.get(url, {"body-format": "export_view"}), "export_view")

    # Labels

    def labels(self, space: Space, kinds: Collection[Kind]) -> dict[str, tuple[str, ...]]:
        """One request for the list of labels, then by search; label by label where search is not permitted, and in
        archived spaces, which it does not see (https://github.com/langchain-ai/langchain-community/issues/328)."""
        labels = labels_from_v2(self._walk(f"/spaces/{space.id}/content/labels"))
        if space.status == "archived":
            return self._labels_one_by_one(space, list(product(labels.items(), kinds)))
        try:
            return search_labels(self, self._workers, space, kinds, labels.keys())
        except SEARCH_NOT_POSSIBLE:
            return self._labels_one_by_one(space, list(product(labels.items(), kinds)))

    def _labels_one_by_one(
        self, space: Space, wanted: Sequence[tuple[tuple[str, str], Kind]]
    ) -> dict[str, tuple[str, ...]]:
        def bearers(pair: tuple[tuple[str, str], Kind]) -> list[str]:
            (_, label_id), kind = pair
            found = self._walk(f"/labels/{label_id}/{PLURAL[kind]}", **{"space-id": space.id})
            return [content_id(item) for item in found]

        names: dict[str, list[str]] = {}
        for ((name, _), _), ids in zip(wanted, self._workers.map(bearers, wanted), strict=True):
            for found in ids:
                names.setdefault(found, []).append(name)
        return {found: tuple(sorted(set(given))) for found, given in names.items()}

    def labels_of(self, content_id: str, kind: Kind) -> tuple[str, ...]:
        return tuple(sorted(labels_from_v2(self._walk(f"/{PLURAL[kind]}/{content_id}/labels"))))

    # Search and restrictions

    def search(
        self, cql: str, expand: Sequence[str], limit: int, *, most: int | None = None
    ) -> Iterator[dict[str, Any]]:
        params: dict[str, Any] = {"cql": cql, "expand": ",".join(expand), "limit": limit}

        def page(cursor: str | None) -> ListingPage:
            sent = {**params, "cursor": cursor} if cursor else params
            return listing_page(check_total(self._transport.get(f"{self._v1}/content/search", sent), most))

        return walk(page)

    def search_total(self, cql: str) -> int | None:
        """By ``/search``: the only search whose total is documented
        (https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search/)."""
        return told_total(lambda: self._transport.get(f"{self._v1}/search", {"cql": cql, "limit": 1}))

    def read_restriction(self, content_id: str, *, place: bool = False) -> Restriction | None:
        expand = (*EXPAND_READERS, *EXPAND_PLACE) if place else EXPAND_READERS
        url = f"{self._v1}/content/{content_id}/restriction/byOperation/read"
        try:
            found = self._transport.get(url, {"expand": ",".join(expand)})
        except NotFoundError:
            return None
        return restriction_from_v1(found, content_id)

    def space_readers(self, space: Space) -> Readers | None:
        """https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-permissions/"""
        return readers_from_v2(self._walk(f"/spaces/{space.id}/permissions"))

    def group_name(self, group_id: str) -> str | None:
        """https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-group/#api-wiki-rest-api-group-by-id-get"""
        found = self._transport.get(f"{self._v1}/group/by-id", {"id": group_id})
        return str(found["name"]) if isinstance(found, dict) and found.get("name") else None

    # Attachments, comments, users

    def attachments_of(self, content_id: str, kind: Kind) -> list[Attachment]:
        listed = self._walk(f"/{PLURAL[kind]}/{content_id}/attachments", status="current")
        return of_page((attachment_from_v2(item, content_id, self.links_base) for item in listed), content_id)

    def comments_of(self, content_id: str, kind: Kind) -> list[Comment]:
        found: list[Comment] = []
        for place in ("footer", "inline"):
            listed = self._walk(f"/{PLURAL[kind]}/{content_id}/{place}-comments", **{"body-format": "storage"})
            threads = of_page((comment_from_v2(item, place, content_id) for item in listed), content_id)
            while threads:
                found += threads
                threads = [reply for comment in threads if not comment.resolved for reply in self._replies(comment)]
        return found

    def _replies(self, comment: Comment) -> list[Comment]:
        listed = self._walk(f"/{comment.kind}-comments/{comment.id}/children", **{"body-format": "storage"})
        thread = (*comment.thread, comment.id)
        return [comment_from_v2(item, comment.kind, comment.content_id, thread) for item in listed]

    def user_names(self, ids: Sequence[str]) -> dict[str, str]:
        """By account id. Keys of users in old bodies are no account ids, and a request that names one is refused
        (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/); no route resolves them any more."""
        accounts = [key for key in ids if not LEGACY_USER_KEY.fullmatch(key)]
        if not accounts:
            return {}
        patience = self._transport.patience
        if len(accounts) > 1:
            patience = replace(patience, attempts=min(2, patience.attempts))
        found = self._transport.post(f"{self._v2}/users-bulk", {"accountIds": accounts}, patience=patience)
        return dict(named_user(user) for user in listing_page(found).results)

    def download(self, attachment: Attachment, max_bytes: int) -> bytes:
        url = f"{self._v1}/content/{attachment.content_id}/child/attachment/{quote(attachment.id)}/download"
        return self._transport.download(url, max_bytes)
