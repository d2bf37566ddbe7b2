"""The stream of bodies: as many batches under way as there are threads, every id accounted for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from confluence_to_twig.confluence.extract.batch_size import BatchSize
from confluence_to_twig.confluence.extract.bodies import Fetched, fetch_bodies
from confluence_to_twig.confluence.extract.page import Failure
from confluence_to_twig.confluence.sweep.missing import MOVED, STILL_THERE, explain_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.client import ConfluenceClient
    from confluence_to_twig.confluence.api.content import Content, Kind
    from confluence_to_twig.confluence.api.space import Space
    from confluence_to_twig.confluence.extract.page import Account, Row
    from confluence_to_twig.errors import PipelineError

    _UnderWay: TypeAlias = tuple[Sequence[str], Kind, Future[Fetched]]

#: Batches that wait for a free thread, so that none is idle while a group of pages is finished.
LOOK_AHEAD = 2


class BodyStream:
    """Fetches current contents of one space and enters into the account what became of each."""

    def __init__(self, client: ConfluenceClient, space: Space, account: Account) -> None:
        self._client = client
        self._space = space
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
        size.learn(len(ids), chars, coped=not fetched.halved)
        return fetched

    def _settle(self, fetched: Fetched, by_id: Mapping[str, Row]) -> list[Content]:
        """Enter a batch into the account; the contents that belong to the space."""
        for page_id, error in fetched.failed.items():
            self._account.failed[page_id] = _failure(by_id[page_id], error)
        contents: list[Content] = []
        for content in fetched.contents:
            if not self._account.is_open(content.id):
                continue
            if content.space_id != self._space.id:
                self._account.gone[content.id] = MOVED
            elif content.status != "current":
                self._account.gone[content.id] = content.status
            else:
                self._account.got.add(content.id)
                contents.append(content)
        return contents

    def _look_into(self, absent: Sequence[str], kind: Kind, by_id: Mapping[str, Row]) -> list[Content]:
        reasons = explain_missing(self._client, absent, kind, self._space)
        again = [page_id for page_id, reason in reasons.items() if reason == STILL_THERE]
        self._account.gone |= {page_id: reason for page_id, reason in reasons.items() if reason != STILL_THERE}
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
