"""Messages between :mod:`confluence_to_twig.content.pool` and its child processes: pickles with their length in front.

These classes are not in :mod:`confluence_to_twig.content.worker`, because they would be pickled as part of ``__main__``
there.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Any

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Failure:
    """Why a page could not be converted. Never holds any of the page's text."""

    error_type: str
    error: str


def write_message(stream: IO[bytes], message: Any) -> None:
    """Send one message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_message(stream: IO[bytes]) -> Any:
    """Receive one message. Raises ``EOFError`` when the other side is gone."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 - the other side of the pipe is this program
