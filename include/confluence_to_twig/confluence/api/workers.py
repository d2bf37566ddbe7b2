"""The threads of a client, and how work is given to them."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    """A pool that is started with the first piece of work. Work that runs in it must not give it more work."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[T], R], item: T) -> Future[R]:
        """Start one piece of work."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="confluence")
            return self._pool.submit(work, item)

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """The results in the order of the items. The first failure is raised; what has not begun is given up."""
        futures = [self.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def close(self) -> None:
        """Give up what has not begun, and wait for the rest."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=True, cancel_futures=True)
                self._pool = None


def batches(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """Lists of at most ``size`` items, in order."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
