"""Labels and read restrictions of many contents at once: neither shows in a listing, nor in a version number."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from include.confluence.api import IDS_AT_ONCE
from include.confluence.cql import with_ids
from include.confluence.errors import (
    EndpointRemovedError,
    ForbiddenError,
    MissingScopeError,
    NotFoundError,
    RejectedRequestError,
    RestrictionsUnknownError,
)
from include.confluence.labels import labels_from_v1
from include.confluence.restrictions import NOBODY, Readers, readers_from_v1
from include.confluence.workers import batches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from include.confluence.api import ContentApi
    from include.confluence.content import Content
    from include.confluence.workers import Workers

log = logging.getLogger(__name__)

#: Own-level restrictions only: expanding those of ancestors fails whole batches
#: (https://jira.atlassian.com/browse/CONFCLOUD-77618). Labels come with the same request.
EXPAND = ("restrictions.read.restrictions.user", "restrictions.read.restrictions.group", "metadata.labels")
SEARCH_LIMIT = 250


@dataclass(frozen=True)
class Marks:
    """What a search tells about contents beside their version.

    :param readers: own-level read restriction by id, for every id that was asked for.
    :param labels: global labels by id, sorted.
    :param unreadable: ids whose restriction nobody tells; they count as closed.
    """

    readers: dict[str, Readers] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def read_marks(
    api: ContentApi, workers: Workers, contents: Mapping[str, Content], container_ids: Sequence[str] = ()
) -> Marks:
    """Ask for the own-level marks of contents, and the restrictions of containers above them.

    One search for 200 ids; what the search index does not have (yet) is read one by one.

    :raises RestrictionsUnknownError: when the account may not do that, naming the scope if one is missing.
    """
    try:
        found = _search(api, workers, [*contents, *container_ids])
        missing = [content_id for content_id in (*contents, *container_ids) if content_id not in found]
        alone = _one_by_one(api, workers, contents, missing)
    except (MissingScopeError, ForbiddenError, NotFoundError, EndpointRemovedError, RejectedRequestError) as error:
        raise RestrictionsUnknownError(
            f"Read restrictions cannot be checked: {error.summary}",
            "Nothing is synced, as restricted pages could not be told from open ones. Give the token the scope "
            'read:content-details:confluence, or set "restricted_pages: include" to sync every page the account sees.',
        ) from error
    known = found
    known |= alone
    return Marks(
        readers={content_id: NOBODY if mark.readers is None else mark.readers for content_id, mark in known.items()},
        labels={content_id: mark.labels for content_id, mark in known.items() if mark.labels},
        unreadable=tuple(content_id for content_id, mark in known.items() if mark.readers is None),
    )


class _Mark(NamedTuple):
    readers: Readers | None  # None: nobody tells
    labels: tuple[str, ...]


def _search(api: ContentApi, workers: Workers, ids: Sequence[str]) -> dict[str, _Mark]:
    def read(batch: Sequence[str]) -> dict[str, _Mark]:
        items = api.search(with_ids(batch), EXPAND, SEARCH_LIMIT)
        return {
            str(item["id"]): _Mark(readers_from_v1(item["restrictions"]["read"]), labels_from_v1(item))
            for item in items
            if (item.get("restrictions") or {}).get("read")
        }

    found: dict[str, _Mark] = {}
    for part in workers.map(read, batches(ids, IDS_AT_ONCE)):
        found |= part
    return found


def _one_by_one(
    api: ContentApi, workers: Workers, contents: Mapping[str, Content], ids: Sequence[str]
) -> dict[str, _Mark]:
    if ids:
        log.info("Reading the restrictions of %d contents one by one: the search index does not have them", len(ids))

    def read(content_id: str) -> _Mark:
        readers = api.read_restriction(content_id)
        content = contents.get(content_id)
        labels = api.labels_of(content_id, content.kind) if content and readers is not None else ()
        return _Mark(readers, labels)

    return dict(zip(ids, workers.map(read, ids), strict=True))
