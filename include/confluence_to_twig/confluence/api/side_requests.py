"""Requests for what pages have besides their bodies: none of them may end a run.

What fails for many ids is asked in halves, down to the one to blame; that one is done without. A kind of request that
keeps failing whatever it asks for is given up for the rest of the shard, so that the time it takes is bounded.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from confluence_to_twig.confluence.api.errors import ClientClosedError, MissingScopeError, RateLimitedError
from confluence_to_twig.confluence.api.workers import batches
from confluence_to_twig.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from confluence_to_twig.confluence.api.workers import Workers

log = logging.getLogger(__name__)

T = TypeVar("T")
#: Failures without a success between them: twice as many as it takes to find one id among 250.
FAILURES_IN_A_ROW = 20
#: So long may such a row of failures take, all threads together: an answer that never ends costs a minute each time.
SECONDS_IN_A_ROW = 600.0
#: Failures altogether. A site where every other page fails is not halved for hours.
FAILURES = 400
#: These concern every id alike, and waiting has been tried.
HOPELESS: tuple[type[PipelineError], ...] = (MissingScopeError, RateLimitedError)
NAMED_IN_WARNING = 10
_ID_IN_PATH = re.compile(r"/(?:att)?\d+")


class SideRequests:
    """One kind of request. Thread-safe.

    :param what: what comes of them, for messages: "comments".
    :param whose: what an id stands for, for messages: "Page".
    :param hopeless: errors after which nothing more is asked, because there is another way to the same.
    """

    def __init__(
        self, workers: Workers, what: str, whose: str = "Page", hopeless: tuple[type[PipelineError], ...] = ()
    ) -> None:
        self.what = what
        #: Id → why it has to be done without.
        self.failed: dict[str, str] = {}
        #: Why nothing more is asked; empty while it is.
        self.given_up = ""
        #: Whether the token lacks the scope: then the next run would not fare better.
        self.not_permitted = False
        self._whose = whose
        self._hopeless = (*HOPELESS, *hopeless)
        self._workers = workers
        self._lock = threading.Lock()
        self._failures = 0
        self._in_a_row = 0
        self._seconds_in_a_row = 0.0

    def ask(self, ids: Iterable[str], at_once: int, read: Callable[[Sequence[str]], T]) -> list[T]:
        """Read all that can be read, a batch in a request; :attr:`failed` names the rest.

        :param at_once: ids in one request.
        :param read: called in the client's threads, so it must not give them work. May raise any ``PipelineError``.
        """
        found = self._workers.map(lambda batch: self._halving(batch, read), batches(ids, at_once))
        return [part for parts in found for part in parts]

    def attempt(self, read: Callable[[], T]) -> T | None:
        """Read what concerns no single id; ``None`` when it fails."""
        parts = self._halving(("",), lambda _: read())
        self.failed.pop("", None)
        return parts[0] if parts else None

    def lacks(self, ids: Set[str]) -> bool:
        """Whether one of these ids has to be done without, and may be had next time."""
        return not self.not_permitted and not self.failed.keys().isdisjoint(ids)

    def warnings(self) -> list[str]:
        """What had to be done without, and why: a sentence for each reason."""
        alike: dict[str, list[str]] = defaultdict(list)
        for key, reason in self.failed.items():
            alike[_ID_IN_PATH.sub("/…", reason)].append(key)
        again = "" if self.not_permitted else ". The next run tries again."
        return [f"{self._named(keys)} without {self.what}: {self.failed[keys[0]]}{again}" for keys in alike.values()]

    def _named(self, keys: Sequence[str]) -> str:
        shown = ", ".join(keys[:NAMED_IN_WARNING])
        if len(keys) == 1:
            return f"{self._whose} {shown} comes"
        more = f" and {len(keys) - NAMED_IN_WARNING:,} more" if len(keys) > NAMED_IN_WARNING else ""
        return f"{self._whose}s {shown}{more} come"

    def _halving(self, ids: Sequence[str], read: Callable[[Sequence[str]], T]) -> list[T]:
        if self.given_up:
            return self._do_without(ids, self.given_up)
        started = time.monotonic()
        try:
            answer = read(ids)
        except ClientClosedError:
            raise
        except PipelineError as error:
            self._learn_failure(error, time.monotonic() - started)
            if len(ids) == 1:
                return self._do_without(ids, error.summary)
            log.info("%s: asking for %s of %d in two halves", error.summary, self.what, len(ids))
        else:
            self._learn_success()
            return [answer]
        half = len(ids) // 2
        return self._halving(ids[:half], read) + self._halving(ids[half:], read)

    def _do_without(self, ids: Sequence[str], reason: str) -> list[T]:
        with self._lock:
            self.failed |= dict.fromkeys(ids, reason)
        return []

    def _learn_success(self) -> None:
        with self._lock:
            self._in_a_row = 0
            self._seconds_in_a_row = 0.0

    def _learn_failure(self, error: PipelineError, seconds: float) -> None:
        with self._lock:
            self._failures += 1
            self._in_a_row += 1
            self._seconds_in_a_row += seconds
            endless = self._in_a_row >= FAILURES_IN_A_ROW or self._seconds_in_a_row >= SECONDS_IN_A_ROW
            if not self.given_up and (endless or self._failures >= FAILURES or isinstance(error, self._hopeless)):
                self.not_permitted = isinstance(error, MissingScopeError)
                self.given_up = error.summary
                log.warning("No request for %s is made any more in this shard: %s", self.what, error.summary)
