"""Tells the task log how far a shard is, at least every ten seconds, whatever the requests are doing."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0


class Progress:
    """While its ``with`` block runs, a thread writes a line now and then; one more is written at the end.

    :param planned: pages to fetch.
    :param done: pages finished before (by an earlier try).
    :param requests: how many requests the client has made so far.
    """

    def __init__(
        self, planned: int, done: int, requests: Callable[[], int], every_seconds: float = EVERY_SECONDS
    ) -> None:
        self.planned = planned
        self.done = done
        self._done_before = done
        self._requests = requests
        self._requests_before = requests()
        self._every = every_seconds
        self._started = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._report()

    def _tick(self) -> None:
        while not self._over.wait(self._every):
            self._report()

    def _report(self) -> None:
        seconds = max(time.monotonic() - self._started, 0.001)
        log.info(
            "%s of %s pages, %.1f pages/s, %d requests",
            f"{self.done:,}",
            f"{self.planned:,}",
            (self.done - self._done_before) / seconds,
            self._requests() - self._requests_before,
            extra={"progress": (self.done, self.planned)},
        )
