"""What a first run comes to, computed from a sample of the pages. Pure, but for the conversion of the sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluence_to_twig.cli.doctor.findings import Estimate
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.extract.bodies import ANSWER_CHARS, FIRST, LARGEST, LOOK_AHEAD
from confluence_to_twig.content.document import build_document
from confluence_to_twig.twig.batching import prepare
from confluence_to_twig.twig.bundles import MAX_PAGES
from confluence_to_twig.twig.delta import Decision, Package

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.cli.doctor.confluence_side import Seen
    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.sources.source import Source

#: Contents in one answer of a listing, and hits in one of a search.
_LISTED = 250
#: Sign-in on an address that does not show whether it is Cloud, the space, counting, the proof after the sweep, names of people.
_ALWAYS = 8
#: Seconds that a request takes, from a quick site to a slow one, and how many are under way.
_REQUEST_SECONDS, _AT_ONCE = (0.1, 1.5), 8
#: Pages that are converted in a second: docs/benchmarks.md.
_CONVERTED = (260, 100)


@dataclass(frozen=True)
class Sizes:
    """Means of the sample, a page each. :param sent: compressed bytes."""

    chunks: float
    tokens: float
    text: float
    sent: float
    storage: float


def estimate(source: Source, seen: Seen, *, batch_bytes: int, writes_per_minute: float) -> Estimate | None:
    """The estimate; None when there is no page to measure."""
    if seen.space is None or seen.count is None or not seen.sample:
        return None
    sizes = measured([_page_row(content, seen, seen.space.key, seen.space.name) for content in seen.sample])
    pages = round(seen.count.number * seen.in_scope)
    requests = _requests(source, seen, pages, sizes)
    sent = pages * sizes.sent
    writes = 0 if source.delivery == "files" else 2 + math.ceil(sent / batch_bytes)
    documents = pages + (round(seen.to_read * seen.in_scope) if source.attachments == "documents" else 0)
    files = 0 if source.delivery == "api" else files_for(documents, source.files_limit)
    least, most = (
        requests * seconds / _AT_ONCE + pages / converted + max(0, writes - 15) * 60 / writes_per_minute
        for seconds, converted in zip(_REQUEST_SECONDS, _CONVERTED, strict=True)
    )
    more = "" if seen.count.exact else " at least"
    return Estimate(
        basis=f"{len(seen.sample)} pages looked at, of{more} {seen.count.number:,}; "
        f"{_REQUEST_SECONDS[0]:g} to {_REQUEST_SECONDS[1]:g} s a request, {_AT_ONCE} at a time; Twig's own processing not counted",
        pages=pages,
        chunks=round(pages * sizes.chunks),
        tokens=round(pages * sizes.tokens),
        requests=requests,
        writes=writes,
        text_bytes=round(pages * sizes.text),
        sent_bytes=round(sent),
        files=files,
        minutes=(round(least / 60, 1), round(most / 60, 1)),
    )


def files_for(documents: int, limit: int) -> int:
    """How many files: one a document, or at least so many bundles."""
    return documents if documents <= limit else math.ceil(documents / MAX_PAGES)


def measured(rows: Iterable[dict[str, Any]]) -> Sizes:
    """Convert the rows of the sample and take the means."""
    totals = [0.0] * 5
    number = 0
    for row in rows:
        built = build_document(row)
        package = Package(built.document, tuple(built.chunks))
        number += 1
        for at, value in enumerate(
            (
                len(built.chunks),
                sum(chunk["token_count"] for chunk in built.chunks),
                built.document["text_bytes"],
                prepare(package, Decision("send")).size,
                len(row["storage"]),
            )
        ):
            totals[at] += value
    return Sizes(*(total / number for total in totals))


def _requests(source: Source, seen: Seen, pages: int, sizes: Sizes) -> int:
    """To Confluence, in a first run: as the sweep and the extraction ask."""
    assert seen.count is not None  # noqa: S101 - the caller looked
    found, shards = seen.count.number, math.ceil(pages / source.shard_size)
    # A listing is walked from both ends, which meet somewhere.
    swept = math.ceil(found / _LISTED) + 2 * len(source.content) + math.ceil(found / IDS_AT_ONCE)
    attached = 0
    if source.attachments != "none" or source.comments:
        hits = math.ceil((seen.attached or 0) / _LISTED)
        attached = max(1, hits) + max(1, min(hits, math.ceil(pages / _LISTED))) * shards
    downloads = round(seen.to_read * seen.in_scope)
    return (
        _ALWAYS + swept + attached + downloads + shards * _bodies(pages / max(shards, 1), sizes.storage, seen.threads)
    )


def _bodies(pages: float, storage: float, threads: int) -> int:
    """Requests for the bodies of a shard: the first ones have the size at which every batch begins, the others a learned one."""
    learning = min(pages, (threads + LOOK_AHEAD) * FIRST)
    at_once = max(1.0, min(LARGEST, ANSWER_CHARS / max(storage, 1)))
    return math.ceil(learning / FIRST) + math.ceil((pages - learning) / at_once)


def _page_row(content: Content, seen: Seen, key: str, name: str) -> dict[str, Any]:
    """A row of ``schemas.PAGES``, without what it would cost requests to know."""
    above = seen.ancestors.get(content.id, [])
    return {
        "page_id": content.id,
        "kind": content.kind,
        "space_id": content.space_id,
        "space_key": key,
        "space_name": name,
        "version": content.version,
        "title": content.title,
        "url": content.url,
        "parent_id": content.parent_id,
        "ancestor_ids": above,
        "ancestors": above,
        "labels": list(seen.labels.get(content.id, ())),
        "author_id": content.author_id,
        "author_name": None,
        "created_at": content.created_at,
        "modified_at": content.modified_at,
        "storage": content.storage or "",
        "view": None,
        "users": {},
        "attachments": [],
        "comments": [],
        "included": False,
        "lacking": [],
        "live": content.live,
    }
