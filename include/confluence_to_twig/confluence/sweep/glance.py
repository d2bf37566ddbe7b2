"""The glance: which of many spaces may have something new, in four requests for fifty of them.

A space in which nothing is new needs no lane of its own. Where a glance cannot tell, the space is looked at by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.cql import modified_lately, of_spaces
from confluence_to_twig.confluence.sweep.attached_digests import LIMIT
from confluence_to_twig.confluence.sweep.lane import LOOKED_AT_MOST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Kind
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.sweep.known import Known

#: Spaces in one question: their keys have to fit into an address. The listing takes up to 100 ids
#: (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/#api-pages-get).
SPACES_AT_ONCE = 50


@dataclass(frozen=True)
class Expected:
    """A space as it is if nothing is new.

    :param since: the newest contents are listed back to this moment at least.
    :param attached_since: minutes back from now in which comments and attachments may be new.
    :param total: pages and blog posts that search counts; None: not known.
    """

    space: Space
    known: Known
    since: datetime
    attached_since: int
    total: int | None


def glance(
    client: ConfluenceClient, expected: Sequence[Expected], kinds: Sequence[Kind], types: Sequence[str]
) -> set[str]:
    """Ids of the spaces in which something may be new, of at most :data:`SPACES_AT_ONCE`.

    :param types: what hangs on pages and belongs to the source.
    :raises confluence_to_twig.errors.PipelineError: Confluence does not tell, or not in few answers.
    """
    submit = client.workers.submit
    newest = [submit(partial(_with_news, client, expected), kind) for kind in kinds]
    attached = submit(partial(_with_attached, client, expected), types)
    counted = [one for one in expected if one.total is not None]
    loud = {space_id for found in newest for space_id in found.result()} | attached.result()
    return loud | _miscounted(client, [one for one in counted if one.space.id not in loud], kinds)


def _with_news(client: ConfluenceClient, expected: Sequence[Expected], kind: Kind) -> set[str]:
    """Spaces with new or changed contents. That the newest come first is not taken on trust."""
    by_id = {one.space.id: one for one in expected}
    since, looked_at, loud = min(one.since for one in expected), 0, set[str]()
    for contents in client.api.newest_first([one.space for one in expected], kind) or ():
        for space_id, one in by_id.items():
            if space_id not in loud and one.known.differing(c for c in contents if c.space_id == space_id):
                loud.add(space_id)
        times = [content.modified_at for content in contents]
        looked_at += len(contents)
        if looked_at > LOOKED_AT_MOST:
            return set(by_id)
        if times and times == sorted(times, reverse=True) and times[-1] < since:
            break
    return loud


def _with_attached(client: ConfluenceClient, expected: Sequence[Expected], types: Sequence[str]) -> set[str]:
    """Spaces with new comments or attachments."""
    if not types:
        return set()
    minutes = max(one.attached_since for one in expected)
    cql = modified_lately([one.space.key for one in expected], types, minutes)
    hits = list(client.api.search(cql, ("container",), LIMIT, most=LOOKED_AT_MOST))
    pages = {str(hit["container"]["id"]) for hit in hits if (hit.get("container") or {}).get("id")}
    return {one.space.id for one in expected if pages and one.known.rows(pages)}


def _miscounted(client: ConfluenceClient, expected: Sequence[Expected], kinds: Sequence[Kind]) -> set[str]:
    """Spaces of which search counts another number than expected: found by halves."""
    if not expected:
        return set()
    total = client.api.search_total(of_spaces([one.space.key for one in expected], kinds))
    if total is None or total == sum(one.total or 0 for one in expected):
        return set()
    if len(expected) == 1:
        return {expected[0].space.id}
    middle = len(expected) // 2
    return _miscounted(client, expected[:middle], kinds) | _miscounted(client, expected[middle:], kinds)
