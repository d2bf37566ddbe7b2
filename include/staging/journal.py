"""Journal: what was done to Twig, in an order that needs no clock and no lock, and what therefore is in Twig.

Each write to Twig leaves two small files beside the manifest: a *begin* before it is sent, with the rows that it would
load, and an *end* after Twig acknowledged it. Both carry a number one higher than the highest that their writer had
seen, so an operation whose end is lower than another one's begin was over before the other was sent. That is all the
order there is, and all that is needed: if the last word about a page is certain, the manifest says so; if two runs wrote
the page at the same time, or a run died between begin and end, the page is *in doubt* and is sent again.

One thing it can not see: a request that reaches Twig long after its begin, behind another run's complete write of the
same version of the same page, from a run that dies before the answer and is never retried. The audit (`repair: true`)
finds that.

This module is pure: operations in, pages out. :mod:`include.staging.manifest` does the reading and writing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
Kind = Literal["begin", "end", "noted", "doubt", "processed"]

#: The converter version of a row in doubt: no converter has it, so that the plan fetches the page again.
IN_DOUBT = ""
_NAME = re.compile(r"(\d{12})\.([0-9a-f]{16})\.(begin|end|noted|doubt|processed)\.parquet")
#: Before everything: the finish of what was folded into the manifest so long ago that no operation can overlap it.
LONG_AGO = -1


@dataclass(frozen=True, order=True)
class PartName:
    """The name of a journal file: its number, the operation it belongs to, and what it says of it."""

    seq: int
    token: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.seq:012d}.{self.token}.{self.kind}.parquet"

    @classmethod
    def parse(cls, name: str) -> PartName | None:
        """The parts of a file name, or None for a file that is not part of the journal."""
        match = _NAME.fullmatch(name)
        return cls(int(match[1]), match[2], match[3]) if match else None  # type: ignore[arg-type]


@dataclass(frozen=True)
class Operation:
    """One write to Twig, or a remark that what Twig holds of some pages is not known.

    :param begin: everything with a lower end was over, and known, when it was decided upon.
    :param sent: the number under which it was written down, right before it was sent.
    :param end: the number of the acknowledgement; None while there is none.
    :param rows: page id → manifest row that the write would establish.
    :param deletes: page ids that the write would delete.
    :param done: page ids that took effect, by the acknowledgement.
    :param refused: page ids that Twig refused, by the acknowledgement: nothing happened to them.
    :param digest: hash of the request's content: a retry with the same content goes on with the same operation.
    :param doubt: True for the remark.
    :param noted: True when nothing was sent, because Twig's content is right and only the row had to change.
    """

    token: str
    begin: int
    sent: int
    rows: Mapping[str, Row] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()
    end: int | None = None
    done: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    digest: str = ""
    run_id: str = ""
    doubt: bool = False
    noted: bool = False

    @cached_property
    def pages(self) -> frozenset[str]:
        """The pages that it may have changed."""
        return (self.deletes | self.rows.keys()) - self.refused

    @cached_property
    def open_pages(self) -> frozenset[str]:
        """The pages of which nobody knows whether it changed them."""
        return self.pages - self.done

    @property
    def finish(self) -> int:
        """When it was over. One that never ended is taken for dead as soon as a later one begins; if it was only
        slow, its end appears after all, and with it the doubt."""
        return self.sent if self.end is None else self.end


@dataclass(frozen=True)
class Standing:
    """What is known of one page.

    :param row: its manifest row, None when Twig does not hold it.
    :param held: the row whose chunks Twig held last for sure: what a new write may build on.
    :param tied: in doubt between two contents of which neither is known to be newer: only Confluence can tell.
    """

    row: Row | None
    in_doubt: bool = False
    held: Row | None = None
    tied: bool = False


@dataclass(frozen=True)
class _Word:
    """What one operation says of one page."""

    begin: int
    finish: int
    sure: bool
    row: Row | None
    doubt: bool = False

    @property
    def effect(self) -> tuple[int, str] | None:
        return (self.row["version"], self.row["content_hash"]) if self.row else None

    def agrees(self, other: _Word) -> bool:
        return self.effect == other.effect and not self.doubt and not other.doubt


def standing(base: Row | None, span: tuple[int, int], operations: Iterable[Operation], page_id: str) -> Standing:
    """What is known of a page from its row in the manifest file and the operations since.

    The newest sure word holds when everything else was over before it, or says the same.

    :param span: begin and finish of the operation that the row came from, :data:`LONG_AGO` for both if it is old.
    """
    words = [_Word(*span, sure=True, row=base, doubt=base is not None and base["converter_version"] == IN_DOUBT)]
    words += [_word(operation, page_id) for operation in operations if page_id in operation.pages]
    newest = max((word for word in words if word.sure), key=lambda word: word.begin)
    if not newest.doubt and all(word is newest or word.finish < newest.begin or word.agrees(newest) for word in words):
        return Standing(newest.row, False, newest.row)
    loaded = [word for word in words if word.row is not None]
    if not loaded:
        return Standing(None)
    likeliest = max(loaded, key=_rank)
    forgotten = any(word.doubt and word.begin >= newest.begin for word in words)
    row = {**(likeliest.row or {}), "converter_version": IN_DOUBT}
    rivals = [word for word in words if word.finish >= likeliest.begin and not word.agrees(likeliest)]
    tied = any(word is not likeliest and (word.row is None or _rank(word)[0] == row["version"]) for word in rivals)
    return Standing(row, True, None if forgotten else newest.row, tied)


def _rank(word: _Word) -> tuple[int, int]:
    return (word.row["version"] if word.row else 0, word.begin)


def _word(operation: Operation, page_id: str) -> _Word:
    return _Word(
        begin=operation.begin,
        finish=operation.finish,
        sure=page_id in operation.done,
        row=operation.rows.get(page_id),
        doubt=operation.doubt,
    )


def foldable(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that can go into the manifest file without losing what decides about the others.

    Those are all that ended before the oldest one of which it is not known whether it happened.
    """
    operations = list(operations)
    horizon = min((operation.begin for operation in operations if not is_settled(operation, operations)), default=None)
    return [
        operation
        for operation in operations
        if (operation.end is not None or operation.doubt) and (horizon is None or operation.finish < horizon)
    ]


def is_settled(operation: Operation, operations: Iterable[Operation]) -> bool:
    """Whether nothing depends any more on whether it happened: it ended, or later ones wrote all its pages again."""
    if operation.doubt or not operation.open_pages:
        return True
    later = (other.done for other in operations if other.begin > operation.finish)
    return operation.open_pages <= frozenset[str]().union(*later)
