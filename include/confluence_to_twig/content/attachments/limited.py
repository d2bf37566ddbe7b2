"""Run a reader of foreign files in a child process, with limits on time, memory and output.

The child is a program of its own, for the reasons that :mod:`confluence_to_twig.content.pool` has. It forks for each file:
limits, memory and crashes concern one file only, and a file costs milliseconds more than without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from confluence_to_twig.content.attachments.outcome import Limits, Outcome, UnreadableFileError
from confluence_to_twig.content.messages import read_message, write_message
from confluence_to_twig.errors import TransientError

if TYPE_CHECKING:
    from types import TracebackType

_STOP_SECONDS = 2.0
#: What a Python process needs. Connections and keys are in other variables, and no business of a reader of foreign files.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONHOME")


class LimitedReader:
    """Reads files one after the other. Thread-safe. The child starts with the first file.

    :param limits: what one file may cost.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LimitedReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, reader: str, data: bytes) -> str:
        """The text that a reader finds, without blanks around it.

        :param reader: ``module:function``, a pure function from ``bytes`` to ``str`` or to an iterable of pieces.
        :param data: the file.
        :raises UnreadableFileError: there is no text, and there will be none until the file changes.
        :raises TransientError: the machine did not let the process work, or ended it.
        """
        with self._lock:
            outcome = self._ask(reader, data)
        if outcome.kind == "text":
            return outcome.text
        if outcome.kind == "starved":
            raise TransientError(outcome.text)
        raise UnreadableFileError(outcome.text)

    def close(self) -> None:
        """End the child, with what it is reading."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ask(self, reader: str, data: bytes) -> Outcome:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        try:
            write_message(process.stdin, (reader, data))
            outcome: Outcome = read_message(process.stdout)
        except (EOFError, BrokenPipeError):
            self.close()
            return Outcome("starved", "the process that reads attachments was ended from outside")
        except BaseException:  # a task that is stopped: a later answer would be that of an earlier question
            self.close()
            raise
        return outcome

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "confluence_to_twig.content.attachments.limited_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # parsers complain by the thousand, and quote the file
            env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdin is not None  # noqa: S101
        self._process = process
        write_message(process.stdin, self._limits)
        return process
