"""How many bodies to ask for at once: as many as keep all threads busy and the answers small."""

from __future__ import annotations

import math
import threading

#: Where a batch begins: real sites answer this without time-outs.
FIRST = 100
#: What the API takes at most.
LARGEST = 250
#: An answer of this size is read in a moment, and eight of them fit into memory many times over.
ANSWER_CHARS = 1_200_000


class BatchSize:
    """Learns from answers. Thread-safe.

    A shard small enough for its batches of 100 to go out all at once stays with them; larger ones take fewer, larger
    batches as long as bodies are small. A batch that the server could not cope with halves the size, and each one that
    it could doubles it again.

    :param count: pages to fetch.
    :param threads: requests under way at the same time.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._by_threads = min(LARGEST, max(FIRST, math.ceil(count / threads)))
        self._by_answers = FIRST
        self._by_faults = LARGEST
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """The size of the next batch."""
        with self._lock:
            return max(1, min(self._by_threads, self._by_answers, self._by_faults))

    def learn(self, asked: int, chars: int, *, coped: bool) -> None:
        """Take note of a batch.

        :param asked: how many bodies it asked for.
        :param chars: how long they were together.
        :param coped: whether the server gave them in one answer.
        """
        with self._lock:
            self._by_answers = min(LARGEST, max(1, ANSWER_CHARS * asked // max(1, chars)))
            self._by_faults = min(LARGEST, self._by_faults * 2) if coped else max(1, asked // 2)
