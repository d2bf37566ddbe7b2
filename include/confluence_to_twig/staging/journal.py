"""Journal: what was done to Twig, in an order that needs no clock and no lock, and what therefore is in Twig.

Each write to Twig leaves two small files beside the manifest: a *begin* before it is sent, with the rows that it would
load, and an *end* after which it cannot change anything any more. Both carry a number one higher than the highest that
their writer has just seen. So if the end of one operation is lower than the begin of another, the other's writer saw a file
that the first one's had not seen when Twig's answer was in its hands already: the first was over before the other was
sent. That is all the order there is, and all that is needed.

An operation ends in one of two ways. Its writer writes the end when Twig has answered. Or its writer died, or only seems
to have, and somebody else makes it end (:mod:`confluence_to_twig.twig.writing`): the idempotency key of the request is used up with
an empty one, so that Twig refuses the request if it should still arrive, however late. What it did before that is not
known, and its pages are *in doubt* until they are written again.

Hence the rule of :func:`standing`. Of the acknowledged operations on a page take the one that began last: if every other
one ended before that began, or would have left the same content, then Twig holds its content. Otherwise the page is in
doubt, the next plan fetches it, and the write that follows begins after everything else has ended.

This rests on Twig honouring a key for as long as a request can be under way (contract: 24 hours). A Twig that does not
leaves one hole: a run that pauses right before it sends, and dies right after, while another run writes the same version of
the same page in between. The audit (`repair: true`) finds that.

This module is pure: operations in, documents out. :mod:`confluence_to_twig.staging.manifest` does the reading and writing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.staging.rows import ManifestRow

Kind = Literal["begin", "end", "noted", "doubt", "processed"]

#: The converter version of a row in doubt: no converter has it, so that the plan fetches the page again.
IN_DOUBT = ""
_NAME = re.compile(r"(\d{12})\.([0-9a-f]{16})\.(begin|end|noted|doubt|processed)\.parquet")
#: Before everything: the finish of what was folded into the manifest so long ago that no operation can overlap it.
LONG_AGO = -1
#: After everything: the finish of what may still happen.
NOT_YET = 1 << 62


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
    """One write to a data source of Twig, or a remark about documents without a write.

    :param begin: the number under which it was written down, before it was sent. Whatever ended lower was over then.
    :param end: the number under which it was written down that it is over; None while it may still happen.
    :param rows: document id → manifest row that the write would establish.
    :param deletes: ids of the documents that the write would delete.
    :param done: ids of the documents that took effect, by Twig's answer.
    :param refused: ids of those that Twig refused, by its answer: nothing happened to them.
    :param doubt: True for the remark that what Twig holds of these documents is not what their rows say.
    :param noted: True for the remark that their rows change (a version was raised) although their content does not.
    """

    token: str
    begin: int
    rows: Mapping[str, ManifestRow] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()
    end: int | None = None
    done: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    run_id: str = ""
    doubt: bool = False
    noted: bool = False
    data_source_id: str = ""

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the documents that it may have changed."""
        return (self.deletes | self.rows.keys()) - self.refused

    @property
    def is_empty(self) -> bool:
        """Whether it can have changed nothing."""
        return not any(document_id not in self.refused for document_id in chain(self.deletes, self.rows))

    def concerns(self, document_id: str) -> bool:
        """Whether it may have changed this document."""
        return (document_id in self.deletes or document_id in self.rows) and document_id not in self.refused

    @property
    def is_open(self) -> bool:
        """Whether it may still happen."""
        return self.end is None and not self.doubt and not self.noted

    @property
    def finish(self) -> int:
        """When it was over."""
        return NOT_YET if self.is_open else self.latest

    @property
    def latest(self) -> int:
        """The last number that it left."""
        return self.begin if self.end is None else self.end


@dataclass(frozen=True)
class Standing:
    """What is known of one document.

    :param row: its manifest row, None when Twig does not hold it.
    :param held: the row whose chunks Twig held last for sure: what a new write may build on.
    :param tied: in doubt between two contents of which neither is known to be newer: only Confluence can tell.
    """

    row: ManifestRow | None
    in_doubt: bool = False
    held: ManifestRow | None = None
    tied: bool = False


@dataclass(frozen=True)
class _Word:
    """What one operation, or the manifest file, says of one document. :param sure: Twig confirmed it."""

    begin: int
    finish: int
    sure: bool
    row: ManifestRow | None
    doubt: bool = False

    def agrees(self, other: _Word) -> bool:
        return not self.doubt and not other.doubt and _same_content(self.row, other.row)


def standing(base: ManifestRow | None, operations: Iterable[Operation], document_id: str) -> Standing:
    """What is known of a document from its row in the manifest file, if it has one, and the operations since.

    :param operations: of the data source that the document is in.
    """
    touching = [operation for operation in operations if operation.concerns(document_id)]
    words = [_Word(LONG_AGO, LONG_AGO, True, base, base is not None and base["converter_version"] == IN_DOUBT)]
    words += [_word(operation, document_id) for operation in touching if not operation.noted]
    newest = max((word for word in words if word.sure), key=lambda word: word.begin)
    if not newest.doubt and all(word is newest or word.finish < newest.begin or word.agrees(newest) for word in words):
        row = _with_notes(newest.row, [operation.rows[document_id] for operation in touching if operation.noted])
        return Standing(row, False, row)
    return _in_doubt(words, newest)


def _with_notes(row: ManifestRow | None, notes: Iterable[ManifestRow]) -> ManifestRow | None:
    """Notes belong to a content: they hold for as long as that is what Twig holds."""
    for note in notes:
        if row and row["version"] <= note["version"] and _same_content({**row, "version": note["version"]}, note):
            row = note
    return row


def _in_doubt(words: list[_Word], newest: _Word) -> Standing:
    loaded = [word for word in words if word.row is not None]
    likeliest = max(loaded, key=_rank, default=newest)
    forgotten = any(word.doubt and word.begin >= newest.begin for word in words)
    if likeliest.row is None:
        return Standing(None)
    row: ManifestRow = {**likeliest.row, "converter_version": IN_DOUBT}
    rivals = [word for word in words if word.finish >= likeliest.begin and not word.agrees(likeliest)]
    tied = any(word is not likeliest and (word.row is None or _rank(word)[0] == row["version"]) for word in rivals)
    return Standing(row, True, None if forgotten else newest.row, tied)


def _same_content(one: ManifestRow | None, other: ManifestRow | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one["version"], one["content_hash"], one["url"]) == (other["version"], other["content_hash"], other["url"])


def _rank(word: _Word) -> tuple[int, int]:
    return (word.row["version"] if word.row else 0, word.begin)


def _word(operation: Operation, document_id: str) -> _Word:
    return _Word(
        begin=operation.begin,
        finish=operation.finish,
        sure=document_id in operation.done,
        row=operation.rows.get(document_id),
        doubt=operation.doubt,
    )


def foldable(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that can go into the manifest file: those that were over before all others began.

    What remains need not be compared with them any more, nor need anything that is written down later.
    """
    rest, folded = list[Operation](), sorted(operations, key=lambda operation: operation.finish)
    horizon = NOT_YET
    while folded and folded[-1].finish >= horizon:
        rest.append(folded.pop())
        horizon = min(operation.begin for operation in rest)
    return folded
