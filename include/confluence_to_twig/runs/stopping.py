"""Stop a task as soon as Airflow wants it to stop: when it is cleared, marked, or its worker shuts down.

Airflow sends SIGTERM to the task's process, whose handler calls ``on_kill`` of the operator and returns: the task would go
on, until SIGKILL comes five seconds later, or the whole time that a pod has to end
(``airflow.sdk.execution_time``: ``task_runner._on_term``, ``supervisor.WatchedSubprocess.kill``).
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confluence_to_twig.runs.run import unattended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class TaskStopped(SystemExit):
    """The task has to end now. Not an ``Exception``, so that nothing that handles errors goes on. Airflow may try again."""

    def __init__(self) -> None:
        super().__init__("The task was stopped: it was cleared or marked, or its worker shuts down")


@contextmanager
def stoppable() -> Iterator[None]:
    """In this block SIGTERM raises :class:`TaskStopped`, after what the process did at that signal before.

    What is open is closed on the way out: child processes end, and no further request begins. In ``confluence-to-twig sync``,
    whose process runs one task after the other, SIGTERM ends the process instead. Nothing is changed where it does so
    anyway, and outside the main thread, to which Python gives all signals.
    """
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    process = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != process:
            os._exit(128 + number)
        before(number, frame)
        raise TaskStopped

    signal.signal(signal.SIGTERM, signal.SIG_DFL if unattended() else stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
