"""Bodies in bulk: in batches of a size that is learned, halved where the server cannot cope, until every id is accounted for."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from confluence_to_twig.confluence.api.errors import (
    BrokenListingError,
    NotConfluenceError,
    RejectedRequestError,
    UnavailableError,
)
from confluence_to_twig.confluence.extract.page import Failure
from confluence_to_twig.confluence.sweep.missing import MOVED, Places, explain_missing_of
from confluence_to_twig.planning.decision import STILL_THERE, UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.extract.page import Account, Row
    from confluence_to_twig.errors import PipelineError

    _UnderWay: TypeAlias = tuple[Sequence[str], Kind, Future["Fetched"]]

log = logging.getLogger(__name__)

#: Where a batch begins: real sites answer this without time-outs.
FIRST = 100
#: What the API takes at most.
LARGEST = 250
#: An answer of this size is read in a moment, and eight of them fit into memory many times over.
ANSWER_CHARS = 1_200_000
#: Batches that wait for a free thread, so that none is idle while a group of pages is finished.
LOOK_AHEAD = 2
#: Answers to the question what became of a page that do not say that it is gone: it is asked for once more.
_NOT_GONE = (STILL_THERE, UNTOLD)
#: Faults that may lie in a single page, and that a smaller batch may get around.
DIVISIBLE = (UnavailableError, BrokenListingError, RejectedRequestError, NotConfluenceError)


class BodyStream:
    """Fetches current contents and enters into the account what became of each. One that is not in the space where the
    inventory has it counts as gone: the next run sees it in its place."""

    def __init__(self, client: ConfluenceClient, account: Account) -> None:
        self._client = client
        self._account = account

    def fetch(self, rows: Sequence[Row]) -> Iterator[list[Content]]:
        """The contents of these rows, batch by batch in their order.

        What a batch lacks is looked into at once: gone for a reason, or asked for again and else failed.
        """
        by_id = {row["page_id"]: row for row in rows}
        self._account.asked |= by_id.keys()
        for ids, kind, fetched in self._batches(rows):
            contents = self._settle(fetched, by_id)
            absent = [page_id for page_id in ids if self._account.is_open(page_id)]
            if absent:
                contents += self._look_into(absent, kind, by_id)
            yield contents

    def _batches(self, rows: Sequence[Row]) -> Iterator[tuple[Sequence[str], Kind, Fetched]]:
        under_way: deque[_UnderWay] = deque()
        size = BatchSize(len(rows), self._client.workers.threads)
        try:
            for ids, kind in self._questions(rows, size):
                under_way.append((ids, kind, self._client.workers.submit(self._ask, (ids, kind, size))))
                if len(under_way) >= self._client.workers.threads + LOOK_AHEAD:
                    yield _first_of(under_way)
            while under_way:
                yield _first_of(under_way)
        finally:
            for _, _, work in under_way:
                work.cancel()

    def _questions(self, rows: Sequence[Row], size: BatchSize) -> Iterator[tuple[Sequence[str], Kind]]:
        kinds: tuple[Kind, ...] = ("page", "blogpost")
        for kind in kinds:
            ids = deque(row["page_id"] for row in rows if row["kind"] == kind)
            while ids:
                yield [ids.popleft() for _ in range(min(size.now, len(ids)))], kind

    def _ask(self, question: tuple[Sequence[str], Kind, BatchSize]) -> Fetched:
        ids, kind, size = question
        fetched = fetch_bodies(self._client.api, ids, kind)
        chars = sum(len(content.storage or "") for content in fetched.contents)
        size.learn(len(ids), chars, coped=not fetched.halved, most=fetched.most)
        return fetched

    def _settle(self, fetched: Fetched, by_id: Mapping[str, Row]) -> list[Content]:
        """Enter a batch into the account; the contents that belong to the space."""
        for page_id, error in fetched.failed.items():
            self._account.failed[page_id] = _failure(by_id[page_id], error)
        contents: list[Content] = []
        for content in fetched.contents:
            if not self._account.is_open(content.id):
                continue
            if content.space_id != by_id[content.id]["space_id"]:
                self._account.gone[content.id] = MOVED
            elif content.status != "current":
                self._account.gone[content.id] = content.status
            else:
                self._account.got.add(content.id)
                contents.append(content)
        return contents

    def _look_into(self, absent: Sequence[str], kind: Kind, by_id: Mapping[str, Row]) -> list[Content]:
        spaces = {by_id[page_id]["space_id"] for page_id in absent}
        places = Places(dict.fromkeys(spaces, STILL_THERE), MOVED)
        reasons = explain_missing_of(self._client, absent, kind, places)
        again = [page_id for page_id, reason in reasons.items() if reason in _NOT_GONE]
        self._account.gone |= {page_id: reason for page_id, reason in reasons.items() if reason not in _NOT_GONE}
        contents: list[Content] = []
        for page_id in again:
            contents += self._settle(fetch_bodies(self._client.api, [page_id], kind), by_id)
            if self._account.is_open(page_id):
                self._account.failed[page_id] = Failure.of(by_id[page_id], "Confluence lists it but gives no body")
        return contents


def _first_of(under_way: deque[_UnderWay]) -> tuple[Sequence[str], Kind, Fetched]:
    ids, kind, work = under_way.popleft()
    return ids, kind, work.result()  # nothing else holds on to it: some megabytes of text


def _failure(row: Row, error: PipelineError) -> Failure:
    return Failure.of(row, error.summary, type(error).__name__)


class BatchSize:
    """Learns from answers. Thread-safe.

    A shard small enough for its batches of 100 to go out all at once stays with them; larger ones take fewer, larger
    batches as long as bodies are small. A batch that the server could not cope with halves the size, and each one that
    it could doubles it again. A server that puts fewer into an answer than it was asked for, and links to the rest, is asked
    for that many from then on: in parallel, where following its links would be one after the other.

    :param count: pages to fetch.
    :param threads: requests under way at the same time.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._by_threads = min(LARGEST, max(FIRST, math.ceil(count / threads)))
        self._by_answers = FIRST
        self._by_faults = LARGEST
        self._by_server = LARGEST
        self._seen_once = 0
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """The size of the next batch."""
        with self._lock:
            return max(1, min(self._by_threads, self._by_answers, self._by_faults, self._by_server))

    def learn(self, asked: int, chars: int, *, coped: bool, most: int | None = None) -> None:
        """Take note of a batch.

        :param asked: how many bodies it asked for.
        :param chars: how long they were together.
        :param coped: whether the server could give them without a fault.
        :param most: how many the server put into one answer, with a link to the rest. Believed when seen twice.
        """
        with self._lock:
            if most:
                self._by_server = min(self._by_server, most if most == self._seen_once else LARGEST)
                self._seen_once = most
            self._by_answers = min(LARGEST, max(1, ANSWER_CHARS * asked // max(1, chars)))
            self._by_faults = min(LARGEST, self._by_faults * 2) if coped else max(1, asked // 2)


@dataclass
class Fetched:
    """What a batch brought.

    :param contents: with their storage bodies.
    :param failed: id → why this one page cannot be fetched, though everything else can.
    :param halved: whether it took several questions to get the batch.
    :param most: how many of the batch the server put into its first answer, if that was not all.
    """

    contents: list[Content] = field(default_factory=list)
    failed: dict[str, PipelineError] = field(default_factory=dict)
    halved: bool = False
    most: int | None = None

    def add(self, other: Fetched) -> None:
        """Take over the results of another batch."""
        self.contents += other.contents
        self.failed |= other.failed
        self.most = other.most or self.most


def fetch_bodies(api: ContentApi, ids: Sequence[str], kind: Kind) -> Fetched:
    """Fetch a batch; on 5xx, time-outs and broken answers its halves, down to single pages.

    A single page is blamed only when Confluence answers the same question without the body: then the fault is the
    page's own. Otherwise it is an outage, and the error is raised.

    :raises confluence_to_twig.errors.TransientError: rate limits and outages.
    :raises confluence_to_twig.errors.PermanentError: credentials and the like.
    """
    try:
        answer = api.bodies(ids, kind)
        with_body = [content for content in answer.contents if content.storage is not None]
        return Fetched(with_body, most=answer.most)
    except DIVISIBLE as error:
        if len(ids) == 1:
            return _blame(api, ids[0], kind, error)
        log.info("%s: asking for %d pages in two halves", error.summary, len(ids))
    half = len(ids) // 2
    fetched = fetch_bodies(api, ids[:half], kind)
    fetched.add(fetch_bodies(api, ids[half:], kind))
    fetched.halved = True
    return fetched


def _blame(api: ContentApi, content_id: str, kind: Kind, error: PipelineError) -> Fetched:
    try:
        api.probe(content_id, kind)
    except DIVISIBLE:
        raise error from None
    log.warning("Page %s cannot be fetched, but other pages can: %s", content_id, error.summary)
    return Fetched(failed={content_id: error})
