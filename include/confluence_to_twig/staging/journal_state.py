"""The operations of a journal, kept up to date as files appear: what has been read is not joined again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confluence_to_twig.staging.journal import LONG_AGO, Operation, PartName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.staging.manifest_files import Part

#: Document id → tokens of the operations that name it. It only grows: a view passes over tokens that it does not know.
Touched = dict[str, tuple[str, ...]]


class JournalState:
    """What the files of a journal say. Taking in a file costs as much as its rows, whatever was taken in before."""

    def __init__(self) -> None:
        self.parts: dict[PartName, Part] = {}
        #: By token.
        self.operations: dict[str, Operation] = {}
        #: Data source → what its operations touch.
        self.touched: dict[str, Touched] = {}
        #: Data source → up to which number Twig was told to process.
        self.processed: dict[str, int] = {}
        self._ends: dict[str, list[PartName]] = {}

    def add(self, name: PartName, part: Part) -> None:
        """Take in a file, in any order."""
        self.parts[name] = part
        if name.kind == "processed":
            data_source = part.meta["data_source_id"]
            self.processed[data_source] = max(self.processed.get(data_source, LONG_AGO), part.meta["covers"])
        elif name.kind == "end":
            self._ends.setdefault(name.token, []).append(name)
            if known := self.operations.get(name.token):
                self.operations[name.token] = self._ended(known)
        else:
            self._begin(name, part)

    def _begin(self, name: PartName, part: Part) -> None:
        data_source = part.meta["data_source_id"]
        operation = Operation(
            name.token,
            name.seq,
            part.rows,
            deletes=frozenset(part.meta.get("deletes", ())),
            run_id=part.meta.get("run_id", ""),
            doubt=name.kind == "doubt",
            noted=name.kind == "noted",
            data_source_id=data_source,
        )
        self.operations[name.token] = self._ended(operation)
        _touch(self.touched.setdefault(data_source, {}), operation.rows, name.token)
        _touch(self.touched[data_source], operation.deletes, name.token)

    def _ended(self, operation: Operation) -> Operation:
        """How it ended. Its own writer's end and those of others are joined: each knows what it knows."""
        names = sorted(self._ends.get(operation.token, ()))
        if not names:
            return operation
        done, refused = frozenset[str](), frozenset[str]()
        for name in names:
            meta = self.parts[name].meta
            done = done.union(meta["done"])
            refused = refused.union(meta["refused"]) - done
        return replace(operation, end=names[-1].seq, done=done, refused=refused)


def _touch(touched: Touched, document_ids: Iterable[str], token: str) -> None:
    for document_id in document_ids:
        touched[document_id] = (*touched.get(document_id, ()), token)
