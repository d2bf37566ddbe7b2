"""Convert pages in child processes, each page under a time limit.

An Airflow task may run in a daemonic process, which may not have children of ``multiprocessing``, and under a main
module that must not be imported twice. So the children are plain programs. A page that crashes or blocks its child
fails alone.
"""

from __future__ import annotations

import logging
import math
import os
import select
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.messages import Failure, read_message, write_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from confluence_to_twig.content.document import BuiltDocument
    from confluence_to_twig.content.storage.lookup import Lookup

logger = logging.getLogger(__name__)

_STARTUP_SECONDS = 60.0
_SHUTDOWN_SECONDS = 1.0
_IN_FLIGHT_PER_WORKER = 4


class WorkerProcess:
    """One child process. Used by one thread at a time."""

    def __init__(self, lookup: Lookup, page_seconds: float) -> None:
        self._lookup = lookup
        self._page_seconds = page_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def convert(self, row: dict[str, Any]) -> BuiltDocument | Failure:
        """Convert one page. A child that dies or takes too long is replaced, and the page is a failure."""
        fresh = self._process is None
        process = self._process or self._start()
        limit = self._page_seconds + (_STARTUP_SECONDS if fresh else 0.0)
        try:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101
            write_message(process.stdin, row)
            if not _readable(process.stdout.fileno(), limit):
                process.kill()
                self.stop()
                return Failure("PageTimeout", f"not converted within {self._page_seconds:g} s")
            answer: BuiltDocument | Failure = read_message(process.stdout)
        except (EOFError, BrokenPipeError):
            status = self.stop()
            return Failure("WorkerDied", f"the converting process ended with status {status}")
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        last = math.ceil(self._page_seconds + _STARTUP_SECONDS)
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "confluence_to_twig.content.worker", str(last)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert process.stdin is not None  # noqa: S101
        self._process = process
        write_message(process.stdin, self._lookup)
        return process

    def kill(self) -> None:
        """End the child at once, from any thread; :meth:`stop` follows."""
        if (process := self._process) is not None:
            process.kill()

    def stop(self) -> int | None:
        """End the child and return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # what a dead child did not read any more
                stream.close()  # type: ignore[union-attr]
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_SHUTDOWN_SECONDS)
        process.kill()
        return process.wait()


class WorkerPool:
    """Child processes that convert pages in parallel. Answers come in the order of the pages.

    :param page_seconds: a page that takes longer is a failure.
    """

    def __init__(self, lookup: Lookup, workers: int, page_seconds: float) -> None:
        self._workers = [WorkerProcess(lookup, page_seconds) for _ in range(workers)]
        self._free: SimpleQueue[WorkerProcess] = SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)

    def __enter__(self) -> WorkerPool:
        self._threads = ThreadPoolExecutor(len(self._workers), thread_name_prefix="convert")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:  # nobody wants the pages that are being converted: do not wait for them
            self._threads.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.kill()
        with ExitStack() as stack:
            for worker in self._workers:
                stack.callback(worker.stop)
            stack.callback(self._threads.shutdown, cancel_futures=True)

    def convert(self, rows: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], BuiltDocument | Failure]]:
        """Yield each row with its result. Holds a few rows for each worker in memory."""
        pending: deque[tuple[dict[str, Any], Future[BuiltDocument | Failure]]] = deque()
        for row in rows:
            pending.append((row, self._threads.submit(self._convert, row)))
            if len(pending) >= _IN_FLIGHT_PER_WORKER * len(self._workers):
                first, future = pending.popleft()
                yield first, future.result()
        while pending:
            first, future = pending.popleft()
            yield first, future.result()

    def _convert(self, row: dict[str, Any]) -> BuiltDocument | Failure:
        worker = self._free.get()
        try:
            return worker.convert(row)
        finally:
            self._free.put(worker)


def _readable(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLHUP)
    while (left := deadline - time.monotonic()) > 0:
        if poller.poll(left * 1000):
            return True
    return False
