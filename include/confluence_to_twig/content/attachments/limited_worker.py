"""The child process of :mod:`confluence_to_twig.content.attachments.limited`: ``python -m`` this module.

It reads standard input and answers on standard output. The first message has the limits; then come files, and for each
of them an answer. It forks for each file. The fork ends itself when it goes over a limit, so nothing has to watch it.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import select
import signal
import sys
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, cast

from confluence_to_twig.content.attachments.outcome import Limits, Outcome, UnreadableFileError
from confluence_to_twig.content.messages import read_message, write_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

_MOST_BYTES_A_CHARACTER = 4
_REASON_CHARS = 200


class Answer(StrEnum):
    """What a fork says before its text."""

    TEXT = "t"
    UNREADABLE = "u"
    MEMORY = "m"


def read_in_fork(function: Callable[[bytes], str | Iterable[str]], data: bytes, limits: Limits, parent: int) -> Outcome:
    """Read one file in a process of its own.

    :param parent: a file descriptor that ends when nobody waits for the answer any more; -1: none.
    """
    here, there = os.pipe()
    child = os.fork()
    if not child:
        os.close(here)
        _read_and_exit(function, data, limits, there)
    os.close(there)
    most = 1 + _MOST_BYTES_A_CHARACTER * limits.chars
    said = _receive(here, most, parent)
    if said is None or len(said) > most:
        os.kill(child, signal.SIGKILL)
    os.close(here)
    _, status = os.waitpid(child, 0)
    return _outcome(said or b"", most, os.waitstatus_to_exitcode(status), limits)


def _read_and_exit(
    function: Callable[[bytes], str | Iterable[str]], data: bytes, limits: Limits, answers: int
) -> NoReturn:
    """In the fork: never returns, whatever happens."""
    status = 1
    try:
        set_limits(limits)
        kind, text = answer(function, data, limits.chars)
        with os.fdopen(answers, "wb") as stream:
            stream.write(kind.encode() + text.encode("utf-8", "replace"))
        status = 0
    finally:
        os._exit(status)


def set_limits(limits: Limits) -> None:
    """Bound this process: processor, clock, memory, files. The kernel ends it when it goes over the first two."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.seconds)
    bounds = {
        resource.RLIMIT_CPU: (limits.processor_seconds, limits.processor_seconds + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
    }
    for what, (soft, hard) in bounds.items():
        # macOS refuses a limit of address space, and an administrator may have set a lower one.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (soft, hard))


def answer(function: Callable[[bytes], str | Iterable[str]], data: bytes, chars: int) -> tuple[Answer, str]:
    """The text of a file, at most so many characters, or in words why there is none. Never raises an ``Exception``."""
    try:
        return Answer.TEXT, _first(function(data), chars).strip()
    except UnreadableFileError as error:
        return Answer.UNREADABLE, str(error)
    except MemoryError:
        return Answer.MEMORY, ""
    except Exception as error:
        # Parsers of foreign formats fail in many ways; all of them mean the same here.
        return Answer.UNREADABLE, f"{type(error).__name__} while reading it"


def _first(found: str | Iterable[str], chars: int) -> str:
    if isinstance(found, str):
        return found[:chars]
    pieces: list[str] = []
    length = 0
    for piece in found:
        pieces.append(piece[: chars - length])
        length += len(pieces[-1])
        if length >= chars:
            break
    return "".join(pieces)


def _receive(pipe: int, most: int, parent: int) -> bytes | None:
    """What comes until the other side ends, at most one read more than ``most``; ``None``: nobody waits any more."""
    poller = select.poll()
    poller.register(pipe, select.POLLIN | select.POLLHUP)
    if parent >= 0:
        poller.register(parent, select.POLLHUP)
    received = bytearray()
    while len(received) <= most:
        ready = {descriptor for descriptor, _ in poller.poll()}
        if pipe not in ready:
            return None
        part = os.read(pipe, 1 << 16)
        if not part:
            break
        received += part
    return bytes(received)


def _outcome(said: bytes, most: int, status: int, limits: Limits) -> Outcome:
    if len(said) > most:
        return Outcome("limit", f"it has more than {limits.chars:,} characters")
    text = said[1:].decode("utf-8", "replace")
    if status:
        return _ended(-status, status, limits)
    if said[:1] == Answer.TEXT.encode():
        return Outcome("text", text)
    if said[:1] == Answer.MEMORY.encode():
        return Outcome("limit", f"it took more than {limits.memory_bytes // 2**20} MB of memory")
    return Outcome("unreadable", text[:_REASON_CHARS])


def _ended(by_signal: int, status: int, limits: Limits) -> Outcome:
    if by_signal == signal.SIGXCPU:
        return Outcome("limit", f"it took more than {limits.processor_seconds} s of a processor")
    if by_signal == signal.SIGALRM:
        return Outcome("starved", f"the machine was too busy to read it within {limits.seconds} s")
    if by_signal == signal.SIGKILL:
        return Outcome("starved", "the process that read it was killed from outside")
    return Outcome("limit", f"its reader crashed (status {status})")


def _load(reader: str) -> Callable[[bytes], str | Iterable[str]]:
    module, _, name = reader.partition(":")
    function: Callable[[bytes], str | Iterable[str]] = getattr(import_module(module), name)
    return function


def main() -> None:
    """Answer until standard input ends."""
    logging.disable(logging.CRITICAL)
    # openpyxl would load it for its types of numbers: a second, and more memory the more processors there are.
    sys.modules["numpy"] = cast("ModuleType", None)
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get between the messages
        with suppress(EOFError, BrokenPipeError):
            limits: Limits = read_message(requests)
            while True:
                reader, data = read_message(requests)
                function = _load(reader)
                gc.freeze()
                write_message(answers, read_in_fork(function, data, limits, requests.fileno()))


if __name__ == "__main__":
    main()
