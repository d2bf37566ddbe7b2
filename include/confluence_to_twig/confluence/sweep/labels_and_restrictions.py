"""Labels and read restrictions of many contents at once: neither shows in a listing, nor in a version number.

Three answers are kept apart: *open*, *restricted*, and *nobody tells*. The last is never taken for one of the others.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.cql import with_ids
from confluence_to_twig.confluence.api.errors import (
    ClientClosedError,
    EndpointRemovedError,
    ForbiddenError,
    MissingScopeError,
    NotFoundError,
    RestrictionsUnknownError,
    UnauthorizedError,
)
from confluence_to_twig.confluence.api.interface import IDS_AT_ONCE
from confluence_to_twig.confluence.api.labels import EXPAND_EDITOR, EXPAND_TOLD, Told
from confluence_to_twig.confluence.api.side_requests import SideRequests
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from confluence_to_twig.confluence.api.content import Content
    from confluence_to_twig.confluence.api.interface import ContentApi
    from confluence_to_twig.confluence.api.restrictions import Readers
    from confluence_to_twig.confluence.api.workers import Workers

log = logging.getLogger(__name__)

SEARCH_LIMIT = 250
#: What says that search as such is not to be had here.
_NO_SEARCH = (MissingScopeError, UnauthorizedError, ForbiddenError, NotFoundError, EndpointRemovedError)


@dataclass
class LabelsAndRestrictions:
    """What Confluence tells about contents beside their version.

    :param readers: own-level read restriction by id, where Confluence told it.
    :param labels: global labels by id, sorted; ids without labels may be left out.
    :param unknown: ids whose own-level restriction nobody tells, each with the reason.
    :param labels_unknown: ids whose labels could not be read, or not all of them.
    :param legacy: ids of pages of Cloud's legacy editor. Only search tells: without it none are known.
    :param searched: whether search answered; without it each content costs requests of its own.
    """

    readers: dict[str, Readers] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    labels_unknown: set[str] = field(default_factory=set)
    legacy: set[str] = field(default_factory=set)
    searched: bool = True


def read_labels_and_restrictions(
    api: ContentApi,
    workers: Workers,
    contents: Mapping[str, Content],
    container_ids: Sequence[str] = (),
    *,
    told: Told | None = None,
    untold: Mapping[str, str] | None = None,
    early: EarlySearch | None = None,
) -> LabelsAndRestrictions:
    """Ask for the own-level restrictions and labels of contents, and the restrictions of containers above them.

    One search for 200 ids, fewer where the server cannot cope. What search does not tell is read id by id, and what
    nobody tells is ``unknown``: one content that fails costs nothing but itself.

    :param told: what the listing told already.
    :param untold: id → why a restriction request tells nothing of it; it is not asked again.
    :param early: what search has been asked already, and waited for.
    :raises RestrictionsUnknownError: the account or its token may not read restrictions at all.
    """
    reader = _Reader(api, workers, contents, told or Told())
    wanted = (*contents, *container_ids)
    reader.search([key for key in wanted if key not in reader.told.readers], early)
    still = [key for key in wanted if key not in reader.told.readers]
    reader.read_single([key for key in still if not untold or key not in untold])
    reader.found.unknown |= {key: untold[key] for key in still if untold and key in untold}
    reader.read_labels()
    return reader.found


class EarlySearch:
    """Searches for what was listed while the rest is being listed, so that both take the time of one.

    The first failure ends it: what it did not tell is searched for in the usual way.
    """

    def __init__(self, api: ContentApi, workers: Workers) -> None:
        self.told = Told()
        #: What search has answered about, whether it told anything or not.
        self.answered: set[str] = set()
        self._api = api
        self._workers = workers
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        self._waiting: list[str] = []
        self._searches: list[Future[None]] = []
        #: Why search did not answer, the first time.
        self.error: PipelineError | None = None

    def add(self, contents: Sequence[Content]) -> None:
        """Begin with contents that were listed, as soon as there are enough for one search."""
        with self._lock:
            fresh = [content.id for content in contents if content.id not in self._asked]
            self._asked.update(fresh)
            self._waiting += fresh
            while len(self._waiting) >= IDS_AT_ONCE:
                self._begin()

    def flush(self) -> None:
        """Begin with the rest."""
        with self._lock:
            if self._waiting:
                self._begin()

    def wait(self) -> None:
        """Until all has been answered that was begun."""
        for search in self._searches:
            search.result()

    def _begin(self) -> None:
        batch, self._waiting = self._waiting[:IDS_AT_ONCE], self._waiting[IDS_AT_ONCE:]
        self._searches.append(self._workers.submit(self._search, batch))

    def _search(self, batch: Sequence[str]) -> None:
        if self.error:
            return
        if error := _search(self._api, batch, self.told):
            self.error = self.error or error
        else:
            self.answered.update(batch)


def _search(api: ContentApi, batch: Sequence[str], told: Told) -> PipelineError | None:
    """Note what search tells of some contents. :returns: why it did not tell all."""
    asked = dict(zip(batch, batch, strict=True))  # one string for an id is enough for a whole space of them
    try:
        for item in api.search(with_ids(batch), (*EXPAND_TOLD, EXPAND_EDITOR), SEARCH_LIMIT):
            if isinstance(item, dict) and (content_id := asked.get(str(item.get("id")))):
                told.note(content_id, item)
    except ClientClosedError:
        raise
    except PipelineError as error:
        return error
    return None


class _Reader:
    def __init__(self, api: ContentApi, workers: Workers, contents: Mapping[str, Content], told: Told) -> None:
        self.told = told
        self.found = LabelsAndRestrictions(told.readers, told.labels, legacy=told.legacy)
        self._api = api
        self._workers = workers
        self._contents = contents

    # By search

    def search(self, ids: Sequence[str], early: EarlySearch | None = None) -> None:
        """As many ids at once as the server copes with: half as many after a failure, twice as many after a success.

        Work goes out in waves of one batch a thread, so that a size that is too large costs few requests.
        """
        answered, error = (early.answered, early.error) if early else ((), None)
        self.found.searched = not isinstance(error, _NO_SEARCH)
        rest = [key for key in ids if key not in answered]
        size = IDS_AT_ONCE // 2 if error else IDS_AT_ONCE
        while rest and self.found.searched:
            wave = list(batches(rest[: size * self._workers.threads], size))
            rest = rest[sum(map(len, wave)) :]
            failed = [
                batch for batch, error in zip(wave, self._workers.map(self._search_batch, wave), strict=True) if error
            ]
            self.found.searched &= not (failed and size == 1 and len(failed) == len(wave))
            if failed and size > 1:
                size = max(1, size // 2)
                rest = [key for batch in failed for key in batch] + rest
            elif not failed:
                size = min(IDS_AT_ONCE, size * 2)
        if not self.found.searched:
            log.warning("Labels and restrictions are read one by one: search does not answer")

    def _search_batch(self, batch: Sequence[str]) -> PipelineError | None:
        error = _search(self._api, batch, self.told)
        if isinstance(error, _NO_SEARCH):
            self.found.searched = False
        return error

    # One by one

    def read_single(self, ids: Sequence[str]) -> None:
        """The restrictions of what search did not tell. What is not found is asked for again at the end."""
        if ids:
            log.info("Reading the restrictions of %d contents one by one: search did not tell them", len(ids))
        requests = SideRequests(self._workers, "restrictions")
        not_found = self._read_restrictions(ids, requests)
        # The listing shows these pages, so that they are there: an answer against it is looked at twice.
        twice = [key for key in not_found if key in self._contents]
        still = set(self._read_restrictions(twice, requests))
        if requests.not_permitted:
            raise _not_permitted(requests.given_up)
        unknown = [key for key in not_found if key not in self._contents or key in still]
        self.found.unknown = requests.failed | dict.fromkeys(unknown, "404 Not Found")
        self.told.cut += [key for key in ids if key in self._contents]

    def _read_restrictions(self, ids: Sequence[str], requests: SideRequests) -> list[str]:
        """Read what can be read. Returns the ids that Confluence does not know."""

        def read(batch: Sequence[str]) -> str:
            (content_id,) = batch
            found = self._api.read_restriction(content_id)
            if found is None:
                return content_id
            self.told.readers[content_id] = found.readers
            return ""

        return [content_id for content_id in requests.ask(ids, 1, read) if content_id]

    def read_labels(self) -> None:
        """The labels that search did not tell, or not all of, in full."""
        requests = SideRequests(self._workers, "labels")

        def read(batch: Sequence[str]) -> None:
            (content_id,) = batch
            if names := self._api.labels_of(content_id, self._contents[content_id].kind):
                self.told.labels[content_id] = names

        requests.ask([key for key in self.told.cut if key in self._contents], 1, read)
        self.found.labels_unknown = set(requests.failed)


def _not_permitted(reason: str) -> RestrictionsUnknownError:
    return RestrictionsUnknownError(
        f"Read restrictions cannot be checked: {reason}",
        "Nothing is synced, as restricted pages could not be told from open ones. Give the token the scope "
        'read:content-details:confluence, or set "restricted_pages: include" to sync every page the account sees.',
    )
