"""One pace for all threads of a task: a rate limit that one of them meets holds all of them back."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.confluence.api.retry_after import reset_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

#: Atlassian's burst windows are about ten seconds long, so caution lasts that long after the last warning.
CAUTION_SECONDS = 10.0
CAREFUL_GAP = 0.1
LONGEST_GAP = 2.0


class Pace:
    """Decides when the next request may start. Thread-safe.

    Two things slow it down: a *pause*, during which nothing starts at all (after a 429), and a *gap* between two
    starts (``X-RateLimit-NearLimit``, and for a while after a pause, so that the wall is not hit again at once).
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._gap = 0.0
        self._gap_until = 0.0
        self._next_start = 0.0
        self._seconds_paused = 0.0

    @property
    def seconds_paused(self) -> float:
        """How long nothing was allowed to start, in seconds; overlapping pauses count once."""
        return self._seconds_paused

    def wait(self) -> None:
        """Block until the next request may start, or the sleep was cut short by returning true."""
        while True:
            with self._lock:
                now = self._clock()
                start = max(now, self._paused_until, self._next_start)
                if start <= now:
                    if now < self._gap_until:
                        self._next_start = now + self._gap
                    return
            if self._sleep(start - now):
                return

    def pause(self, seconds: float) -> None:
        """Let nothing start for so many seconds from now on; a longer pause that is under way stays as it is."""
        with self._lock:
            now = self._clock()
            until = now + seconds
            if until <= self._paused_until:
                return
            self._seconds_paused += until - max(now, self._paused_until)
            self._paused_until = until
            self._be_careful(CAREFUL_GAP, until + CAUTION_SECONDS)
        log.info("Rate limit: all requests pause for %.1f s", seconds)

    def observe(self, headers: Mapping[str, str], now: datetime | None = None) -> None:
        """Slow down when the server warns that the limit is near.

        The gap spreads what remains over the time until the reset, when both are told.
        Headers: https://developer.atlassian.com/cloud/confluence/rate-limiting/
        """
        if headers.get("X-RateLimit-NearLimit", "").strip().lower() != "true":
            return
        gap = CAREFUL_GAP
        reset = reset_seconds(headers.get("X-RateLimit-Reset"), now or datetime.now(UTC))
        remaining = headers.get("X-RateLimit-Remaining", "").strip()
        if reset is not None and remaining.isdigit():
            gap = min(LONGEST_GAP, max(CAREFUL_GAP, reset / max(1, int(remaining))))
        with self._lock:
            self._be_careful(gap, self._clock() + CAUTION_SECONDS)

    def _be_careful(self, gap: float, until: float) -> None:
        self._gap = gap
        self._gap_until = max(self._gap_until, until)
