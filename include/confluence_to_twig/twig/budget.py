"""Budget: how many requests of one scope Twig still admits, read from its answers.

Documented per key and scope, requests a minute (burst): Write 10 (15), Execute 100 (120), Read 200 (250), and other figures
per plan (https://help.twig.so/product/developer-api/rest-api, …/rate-limits). They contradict each other, so what the
headers say is what counts; the documented pace is used only while there are none.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from confluence_to_twig.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluence_to_twig.twig.answers import Answer

log = logging.getLogger(__name__)

#: Waits longer than this are told to the log.
_WORTH_TELLING_S = 1.0


class Budget:
    """The budget of one scope. Thread-safe; all waits are shared by all threads.

    :param scope: ``write``, ``execute`` or ``read``: for the log only.
    :param per_minute: the pace while Twig sends no rate-limit headers.
    :param clock: monotonic seconds. :param sleep: waits that many seconds.
    """

    def __init__(
        self,
        scope: str,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.scope = scope
        self.waited_s = 0.0
        self._per_second = per_minute / 60
        self._burst = max(1.0, per_minute * 1.5)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._remaining: int | None = None  # by the last answer, minus what was sent since
        self._ready_at = 0.0
        self._steady_s = 60 / per_minute
        self._trusts_pace = True
        self._level = self._burst
        self._level_at = clock()

    def acquire(self, patience_s: float) -> float:
        """Wait until a request may be sent, and count it. Returns the seconds waited.

        :raises TransientError: it would take longer than ``patience_s``.
        """
        return self._until_free(self._reserve, patience_s)

    def wait(self, patience_s: float) -> float:
        """The same without counting a request."""
        return self._until_free(self._seconds_left, patience_s)

    def _until_free(self, seconds_left: Callable[[], float], patience_s: float) -> float:
        waited = 0.0
        while (wait := seconds_left()) > 0:
            if waited + wait > patience_s:
                raise TransientError(
                    f"Twig's {self.scope} budget is used up for another {wait:,.0f} s",
                    "Airflow's retry goes on where this attempt stopped. Fewer sources at a time, or a larger plan, help.",
                )
            self._wait(wait)
            waited += wait
        return waited

    def pause(self, seconds: float) -> None:
        """Let nobody send for that long: Twig said 429."""
        with self._lock:
            # A 429 although the pace was kept: this Twig counts in fixed windows, so believe its reset time instead.
            self._trusts_pace = self._trusts_pace and self._remaining != 0
            self._remaining = 0
            self._ready_at = max(self._ready_at, self._clock() + seconds)

    def observe(self, answer: Answer) -> None:
        """Take over what the headers of an admitted request say."""
        remaining = _whole(answer.headers.get("X-RateLimit-Remaining"))
        with self._lock:
            self._remaining = remaining
            if remaining is not None:
                self._steady_s = 60 / (_whole(answer.headers.get("X-RateLimit-Limit")) or self._per_second * 60)
                self._ready_at = self._clock() + (0 if remaining else self._pace(answer))

    def _pace(self, answer: Answer) -> float:
        """Seconds until one more is admitted: one minute's share if the budget refills steadily, else the reset."""
        reset = answer.reset_in_s()
        if reset is None:
            return self._steady_s
        return min(reset, self._steady_s) if self._trusts_pace else reset

    def _seconds_left(self) -> float:
        """Seconds after which to ask again; 0 when a request is admitted now."""
        with self._lock:
            return self._left(self._clock())

    def _reserve(self) -> float:
        """Like :meth:`_seconds_left`, and counts the request that is admitted."""
        with self._lock:
            now = self._clock()
            if (left := self._left(now)) > 0:
                return left
            if self._remaining is None:
                self._level -= 1
            elif self._remaining > 0:
                self._remaining -= 1
            else:
                # One request finds out how much there is again; the others wait for its answer or their own turn.
                self._ready_at = now + self._steady_s
            return 0.0

    def _left(self, now: float) -> float:
        if self._ready_at > now:
            return self._ready_at - now
        if self._remaining is not None:
            return 0.0
        self._level = min(self._burst, self._level + (now - self._level_at) * self._per_second)
        self._level_at = now
        return max(0.0, (1 - self._level) / self._per_second)

    def _wait(self, seconds: float) -> None:
        if seconds >= _WORTH_TELLING_S:
            log.info("Waiting %.0f s: Twig's %s budget is used up", seconds, self.scope)
        self._sleep(seconds)
        with self._lock:
            self.waited_s += seconds


def _whole(value: str | None) -> int | None:
    return int(value) if value is not None and value.strip().isdecimal() else None
