"""A child process that converts pages: ``python -m include.content.worker``, driven by :mod:`include.content.pool`.

Messages are pickles with their length in front, over standard input and output. The first one is the
:class:`~include.content.lookup.Lookup`; then come pages, and for each of them an answer.
"""

from __future__ import annotations

import os
import pickle
import struct
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from include.content.document import BuiltDocument, build_document

if TYPE_CHECKING:
    from include.content.lookup import Lookup

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


def convert_row(row: dict[str, Any], lookup: Lookup) -> BuiltDocument | Failure:
    """One page, or why it failed: the type of the error and where it was raised, since its message may quote the page."""
    try:
        return build_document(row, resolve_page=lookup.page_url, resolve_body=lookup.page_body)
    except Exception as error:  # whatever it is, it must not stop the other pages
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Failure(type(error).__name__, f"raised in {Path(frame.filename).name}:{frame.lineno} ({frame.name})")


def main() -> None:
    """Answer until standard input ends."""
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get between the messages
        try:
            lookup = read_message(requests)
            while True:
                write_message(answers, convert_row(read_message(requests), lookup))
        except EOFError:
            return


if __name__ == "__main__":
    main()
