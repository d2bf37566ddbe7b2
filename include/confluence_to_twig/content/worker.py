"""A child process that converts pages: ``python -m confluence_to_twig.content.worker 60``, driven by :mod:`confluence_to_twig.content.pool`.

The argument is the number of seconds after which it ends itself when a page is not converted: its task ended it before that,
unless the task is gone.

It reads standard input and answers on standard output. The first message is the
:class:`~confluence_to_twig.content.storage.lookup.Lookup`; then come pages, and for each of them an answer.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.document import BuiltDocument, build_document
from confluence_to_twig.content.messages import Failure, read_message, write_message
from confluence_to_twig.planning.audience import may_include

if TYPE_CHECKING:
    from confluence_to_twig.content.model import IncludedPage
    from confluence_to_twig.content.storage.lookup import Lookup


def convert_row(row: dict[str, Any], lookup: Lookup) -> BuiltDocument | Failure:
    """Convert one page, or tell why it failed: type and place of the error, because its message may quote the page.

    It takes in the text of no page that not all of its own readers may read.
    """

    def readable_body(space_key: str | None, title: str) -> IncludedPage | None:
        page = lookup.page_body(row["space_key"], space_key, title)
        return page if page and may_include(row.get("levels"), page.levels) else None

    try:
        return build_document(
            row,
            resolve_page=partial(lookup.page_url, row["space_key"]),
            resolve_body=readable_body,
            resolve_title=lookup.page_title,
            resolve_editor=lookup.page_editor,
        )
    except Exception as error:  # whatever it is, it must not stop the other pages
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Failure(type(error).__name__, f"raised in {Path(frame.filename).name}:{frame.lineno} ({frame.name})")


def spare_the_collector() -> None:
    """Let Python look for cycles seldom, and not among what is loaded by now: a page's nodes go when they are dropped."""
    gc.freeze()
    gc.set_threshold(50_000)


def main() -> None:
    """Answer until standard input ends."""
    most_seconds = int(sys.argv[1])
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get between the messages
        spare_the_collector()
        try:
            lookup = read_message(requests)
            while True:
                row = read_message(requests)
                signal.alarm(most_seconds)
                answer = convert_row(row, lookup)
                signal.alarm(0)
                write_message(answers, answer)
        except EOFError:
            return


if __name__ == "__main__":
    main()
