"""What becomes of a file that is read in a limited process: limits, results, and the reasons why there is no text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``text``: the text. ``unreadable``: the file's own fault, ``limit``: it took too much, ``starved``: the machine's fault.
Kind = Literal["text", "unreadable", "limit", "starved"]


class UnreadableFileError(ValueError):
    """The file is damaged, encrypted, takes too much, or is not what its name says. The message says which."""


@dataclass(frozen=True)
class Limits:
    """What one file may cost. The process starts anew for each file, from about 80 MB.

    :param processor_seconds: time of the processor; what a file takes, however busy the machine is.
    :param seconds: time of the clock, with which a process ends that no processor wants to run.
    :param memory_bytes: address space, with what the process starts from.
    :param chars: length of the text; the rest is left out.
    """

    processor_seconds: int = 8
    seconds: int = 60
    memory_bytes: int = 448 * 1024 * 1024
    chars: int = 200_000


@dataclass(frozen=True)
class Outcome:
    """The answer for one file.

    :param text: the text, or in words why there is none.
    """

    kind: Kind
    text: str
