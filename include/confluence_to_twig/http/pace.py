"""One pace for all threads of a task: a rate limit that one of them meets holds all of them back."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from confluence_to_twig.http.errors import ClientClosedError, RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.http.budget import Budget
    from confluence_to_twig.http.limits import Limits

log = logging.getLogger(__name__)

#: Waits of at least this many seconds are told to the log.
_WORTH_TELLING = 1.0


class Pace:
    """Decides when the next request may start. Thread-safe.

    Two things hold requests back: a *pause*, during which nothing starts at all (a server that refuses, or asks to come
    back later), and the *budget*, which says how many requests may start in what time.

    :param name: what is waited for, as it completes "waiting for …".
    :param budget: see :mod:`confluence_to_twig.http.budget`. Only this pace may use it.
    :param clock: monotonic seconds.
    :param sleep: waits that many seconds; by default so that :meth:`stop` wakes it up.
    """

    def __init__(
        self,
        name: str,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.name = name
        self._budget = budget
        self._clock = clock
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._refusals = 0
        self._seconds_waited = 0.0
        self._waited_until = 0.0

    @property
    def seconds_waited(self) -> float:
        """How long requests waited, in seconds; what several threads waited at the same time counts once."""
        return self._seconds_waited

    @property
    def refusals(self) -> int:
        """How many requests the server refused because of a rate limit (429)."""
        return self._refusals

    def start(self, patience: float = math.inf) -> float:
        """Wait until a request may start, and count it.

        :returns: the seconds waited.
        :raises RateLimitedError: it would take longer than ``patience`` seconds.
        :raises ClientClosedError: :meth:`stop` was called.
        """
        return self._until_free(patience, count=True)

    def wait(self, patience: float = math.inf) -> float:
        """The same without counting a request."""
        return self._until_free(patience, count=False)

    def rest(self, seconds: float) -> float:
        """Wait so long with this one request, while others may go on. Returns ``seconds``."""
        with self._lock:
            self._count(self._clock(), seconds)
        self._sleep(seconds)
        self._check()
        return seconds

    def pause(self, seconds: float) -> None:
        """Let nothing start for so many seconds from now on; a longer pause that is under way stays as it is."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def refused(self, seconds: float) -> None:
        """Pause, and let the budget know that it was too generous: the server said 429."""
        self.pause(seconds)
        with self._lock:
            self._budget.refused(seconds, self._clock())

    def count_refusal(self) -> None:
        """The server said 429 to a request, whether it is tried again or not."""
        with self._lock:
            self._refusals += 1

    def observe(self, limits: Limits) -> None:
        """Take over what the headers of an admitted request say."""
        with self._lock:
            self._budget.learn(limits, self._clock())

    def stop(self) -> None:
        """Let no further request start, and wake up those that wait."""
        self._stopping.set()

    def _until_free(self, patience: float, *, count: bool) -> float:
        waited = 0.0
        self._check()
        while (seconds := self._reserve(patience - waited, count=count)) > 0:
            if seconds >= _WORTH_TELLING:
                log.info("Waiting %.1f s for %s", seconds, self.name)
            self._sleep(seconds)
            self._check()
            waited += seconds
        return waited

    def _reserve(self, patience: float, *, count: bool) -> float:
        """Seconds after which to ask again; 0 when a request may start now, which is counted then."""
        with self._lock:
            now = self._clock()
            seconds = max(self._paused_until - now, self._budget.left(now))
            if seconds > patience:
                raise self._used_up(seconds)
            if seconds > 0:
                self._count(now, seconds)
                return seconds
            if count:
                self._budget.take(now)
            return 0.0

    def _count(self, now: float, seconds: float) -> None:
        begin = max(now, self._waited_until)
        self._waited_until = max(self._waited_until, now + seconds)
        self._seconds_waited += self._waited_until - begin

    def _used_up(self, seconds: float) -> RateLimitedError:
        error = RateLimitedError(
            f"Another {seconds:,.0f} s to wait for {self.name}",
            "Airflow's retry goes on where this attempt stopped. Fewer sources at a time, or a larger plan, help.",
        )
        error.retry_after = seconds
        return error

    def _check(self) -> None:
        if self._stopping.is_set():
            raise ClientClosedError("The client is closed")
