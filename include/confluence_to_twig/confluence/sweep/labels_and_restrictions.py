"""Labels and read restrictions of many contents at once: neither shows in a listing, nor in a version number."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.cql import with_ids
from confluence_to_twig.confluence.api.errors import (
    EndpointRemovedError,
    ForbiddenError,
    MissingScopeError,
    NotFoundError,
    RejectedRequestError,
    RestrictionsUnknownError,
)
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.labels import labels_from_v1
from confluence_to_twig.confluence.api.restrictions import NOBODY, Readers, readers_from_v1
from confluence_to_twig.confluence.api.workers import batches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.api.workers import Workers

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
        readers, labels = _search(api, workers, [*contents, *container_ids])
        missing = [content_id for content_id in (*contents, *container_ids) if content_id not in readers]
        unreadable = _one_by_one(api, workers, contents, missing, readers, labels)
    except (MissingScopeError, ForbiddenError, NotFoundError, EndpointRemovedError, RejectedRequestError) as error:
        raise RestrictionsUnknownError(
            f"Read restrictions cannot be checked: {error.summary}",
            "Nothing is synced, as restricted pages could not be told from open ones. Give the token the scope "
            'read:content-details:confluence, or set "restricted_pages: include" to sync every page the account sees.',
        ) from error
    return Marks(readers, labels, unreadable)


_Readers = dict[str, Readers]
_Labels = dict[str, tuple[str, ...]]


def _search(api: ContentApi, workers: Workers, ids: Sequence[str]) -> tuple[_Readers, _Labels]:
    def read(batch: Sequence[str]) -> tuple[_Readers, _Labels]:
        asked = dict(zip(batch, batch, strict=True))  # one string for an id is enough for a whole space of them
        readers: _Readers = {}
        labels: _Labels = {}
        for item in api.search(with_ids(batch), EXPAND, SEARCH_LIMIT):
            content_id = asked.get(str(item["id"]), "")
            if content_id and (own := (item.get("restrictions") or {}).get("read")):
                readers[content_id] = readers_from_v1(own)
                if names := labels_from_v1(item):
                    labels[content_id] = names
        return readers, labels

    all_readers: _Readers = {}
    all_labels: _Labels = {}
    for readers, labels in workers.map(read, batches(ids, IDS_AT_ONCE)):
        all_readers |= readers
        all_labels |= labels
    return all_readers, all_labels


def _one_by_one(
    api: ContentApi,
    workers: Workers,
    contents: Mapping[str, Content],
    ids: Sequence[str],
    readers: _Readers,
    labels: _Labels,
) -> tuple[str, ...]:
    """Add what is known of these ids; those of which nobody tells anything are returned."""
    if ids:
        log.info("Reading the restrictions of %d contents one by one: the search index does not have them", len(ids))

    def read(content_id: str) -> tuple[Readers | None, tuple[str, ...]]:
        found = api.read_restriction(content_id)
        content = contents.get(content_id)
        return found, api.labels_of(content_id, content.kind) if content and found is not None else ()

    unreadable: list[str] = []
    for content_id, (found, names) in zip(ids, workers.map(read, ids), strict=True):
        readers[content_id] = NOBODY if found is None else found
        if found is None:
            unreadable.append(content_id)
        if names:
            labels[content_id] = names
    return tuple(unreadable)
