"""The terminal belongs to the command: whatever Airflow and its libraries print goes to a log file."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS_KEPT = 20


@dataclass(frozen=True)
class Terminal:
    """Where a command's own lines go.

    :param log: the file that takes everything else; None when that is shown, too.
    """

    out: IO[str]
    err: IO[str]
    log: Path | None

    def say(self, line: str) -> None:
        """One line on standard output, at once."""
        print(line, file=self.out, flush=True)

    def error(self, line: str) -> None:
        """One line on standard error, at once."""
        print(f"error: {line}", file=self.err, flush=True)

    @property
    def is_watched(self) -> bool:
        """Whether a person looks at it, and no chatter comes in between."""
        return self.log is not None and self.out.isatty()


@contextlib.contextmanager
def terminal(home: Path, command: str, *, verbose: bool = False) -> Iterator[Terminal]:
    """Keep the terminal for the command while the block runs.

    The file descriptors themselves are led to the log, so that child processes and loggers that hold the streams
    write there as well.

    :param home: AIRFLOW_HOME; the log is ``logs/confluence-to-twig/<command>-….log`` in it.
    :param verbose: show everything instead.
    """
    if verbose:
        yield Terminal(sys.stdout, sys.stderr, None)
        return
    log = _log_file(home / "logs" / "confluence-to-twig", command)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with (
        log.open("ab") as file,
        os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace") as out,
        os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as err,
    ):
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield Terminal(out, err, log)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def _log_file(folder: Path, command: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"), key=lambda path: path.name.rpartition("__")[2])[: -LOGS_KEPT + 1]:
        old.unlink(missing_ok=True)
    return folder / f"{command}__{time.strftime('%Y-%m-%dT%H%M%S')}-{os.getpid()}.log"
