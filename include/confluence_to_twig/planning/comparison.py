"""Comparison: inventory and manifest joined, and the pages found of which nothing changed. In Arrow, for all pages at once.

Most pages of most runs did not change. They never become Python objects, so that a plan of a million pages takes seconds.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.audience import EVERYBODY
from confluence_to_twig.planning.decision import is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confluence_to_twig.planning.decision import Scope
    from confluence_to_twig.planning.window import Window

#: Where these are equal, a page is the same in Confluence and in Twig.
_SAME = ("version", "title", "url", "modified_at")
_SAME_LISTS = ("ancestor_ids", "ancestors", "labels")


def joined(inventory: pa.Table, manifest: pa.Table) -> pa.Table:
    """The pages of both tables, each once, ordered by page id as a number.

    :returns: ``page_id``, and ``seen`` and ``held``: the numbers of its rows; null: it has none. Of two rows of a page in
        one table the last one counts.
    """
    # By value sets: a hash join of Arrow's own takes ten times the memory.
    (seen_ids, seen), (held_ids, held) = _numbered(inventory), _numbered(manifest)
    gone = pc.invert(pc.is_in(held_ids, value_set=seen_ids))
    both = pa.table(
        {
            "page_id": pa.chunked_array([seen_ids, held_ids.filter(gone)]),
            "seen": pa.chunked_array([seen, pa.nulls(pc.sum(gone).as_py() or 0, pa.int64())]),
            "held": pa.chunked_array([held.take(pc.index_in(seen_ids, value_set=held_ids)), held.filter(gone)]),
        }
    )
    ids = both["page_id"]
    digits = pc.if_else(pc.ascii_is_decimal(ids), pc.ascii_ltrim(ids, characters="0"), "")
    ordered = both.append_column("length", pc.binary_length(digits)).append_column("digits", digits)
    keys = [(name, "ascending") for name in ("length", "digits", "page_id")]
    return ordered.sort_by(keys).select(["page_id", "seen", "held"])


def last_of_each(table: pa.Table) -> pa.Table:
    """The table without rows of pages that have a later one."""
    numbers = _numbered(table)[1]
    return table if len(numbers) == table.num_rows else table.take(numbers.sort())


def _numbered(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The page ids of a table, each once, and the number of its last row."""
    ids, numbers = table["page_id"].combine_chunks(), pa.array(np.arange(table.num_rows), pa.int64())
    if pc.count_distinct(ids).as_py() == len(ids):
        return ids, numbers
    grouped = pa.table({"page_id": ids, "number": numbers}).group_by("page_id").aggregate([("number", "max")])
    return grouped["page_id"].combine_chunks(), grouped["number_max"].combine_chunks()


class Comparison:
    """Finds pages that :func:`confluence_to_twig.planning.decision.decide` would leave as unchanged."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._to_render = _strings(scope.to_render)
        self._decorations = {kind: _noted(digests) for kind, digests in scope.decorations.items()}

    def unchanged(self, pages: pa.RecordBatch, known: pa.RecordBatch) -> pa.Array:
        """True for rows of which nothing changed for sure. Of the others each has to be looked at.

        :param pages: rows of the inventory as :func:`confluence_to_twig.planning.files.with_their_files` makes them.
        :param known: the rows of the manifest for the same pages, in the same order.
            A page that is not there has a row of nulls.
        """
        wanted = [*self._in_scope(pages), *self._is_same(pages, known), *self._is_decorated_alike(pages)]
        return pc.fill_null(reduce(pc.and_kleene, wanted), False)

    def _in_scope(self, pages: pa.RecordBatch) -> Iterable[pa.Array]:
        scope = self._scope
        if scope.page_ids:
            asked = _strings(scope.page_ids)
            yield pc.or_(pc.is_in(pages["page_id"], asked), pc.is_in(pages["belongs_to"], asked))
        if is_hidden(True, scope):
            yield pc.invert(pages["restricted"])
        yield pc.is_null(pages["restriction_unknown"])
        yield pages["labels_known"]
        yield pc.is_null(pages["left_out"])
        yield pc.is_null(pages["in_doubt"])
        if scope.window.strict or scope.force:
            in_window = _contains(scope.window, pages["dated_at"])
            if scope.page_ids:
                in_window = pc.is_valid(pages["page_id"])
            if scope.window.strict:
                yield in_window
            if scope.force:
                yield pc.invert(in_window)

    def _is_same(self, pages: pa.RecordBatch, known: pa.RecordBatch) -> Iterable[pa.Array]:
        yield pc.equal(known["converter_version"], self._scope.converter_version)
        yield pc.is_null(pages["broken_at"])
        yield pc.equal(pc.list_value_length(known["includes"]), 0)
        yield from self._is_in_its_place(pages, known)
        for name in _SAME:
            yield pc.equal(pages[name], known[name])
        for name in _SAME_LISTS:
            yield _equal_lists(pages[name], known[name])

    def _is_in_its_place(self, pages: pa.RecordBatch, known: pa.RecordBatch) -> Iterable[pa.Array]:
        """Twig was told who may read it, and only the data source that it belongs to has it."""
        told, place = pages["audience"], known["held_in"]
        yield pc.or_kleene(pc.is_null(told), pc.equal(told, known["audience"]))
        target = told if self._scope.restricted_pages == "audiences" else pa.repeat(EVERYBODY, pages.num_rows)
        yield _equal_lists(place, each_alone(target))

    def _is_decorated_alike(self, pages: pa.RecordBatch) -> Iterable[pa.Array]:
        for kind, (page_ids, digests) in self._decorations.items():
            told = pages[f"{kind}_digest"]
            noted = pc.fill_null(digests.take(pc.index_in(pages["page_id"], value_set=page_ids)), "")
            yield pc.or_kleene(pc.is_null(told), pc.equal(told, noted))
        if len(self._to_render):
            yield pc.invert(pc.is_in(pages["page_id"], value_set=self._to_render))


def each_alone(values: pa.Array) -> pa.Array:
    """A list of one value for each value."""
    return pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1), pa.int32()), values)


def _strings(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _noted(digests: Mapping[str, str]) -> tuple[pa.Array, pa.Array]:
    return _strings(digests), _strings(digests.values())


def _contains(window: Window, moments: pa.Array) -> pa.Array:
    """:meth:`confluence_to_twig.planning.window.Window.contains`."""
    inside = pc.is_valid(moments)
    if window.start is not None:
        inside = pc.and_kleene(inside, pc.greater_equal(moments, pa.scalar(window.start, moments.type)))
    if window.end is not None:
        inside = pc.and_kleene(inside, pc.less(moments, pa.scalar(window.end, moments.type)))
    return inside


def _rows_with(lists: pa.Array, marked: pa.Array) -> pa.Array:
    """Which lists have a marked value. :param marked: for each value of all lists, in order."""
    rows = pc.list_parent_indices(lists).filter(marked)
    return pc.is_in(pa.array(range(len(lists)), rows.type), value_set=rows)


def _equal_lists(some: pa.Array, others: pa.Array) -> pa.Array:
    """Which lists hold the same values in the same order; Arrow compares no lists, only columns of them."""
    if not some.null_count and some.equals(others):
        return pa.repeat(True, len(some))
    same_length = pc.fill_null(pc.equal(pc.list_value_length(some), pc.list_value_length(others)), False)
    # Lists of another length become null, so that those that remain have their values at the same places.
    some, others = (pc.if_else(same_length, lists, pa.scalar(None, lists.type)) for lists in (some, others))
    differ = pc.fill_null(pc.not_equal(pc.list_flatten(some), pc.list_flatten(others)), True)
    return pc.and_(same_length, pc.invert(_rows_with(some, differ)))
