"""Selection: which pages of its spaces a source wants, and why each other page is left out. Pure, in Arrow, for all pages at once.

Page trees: the nearest of the named pages decides, from the page itself up. So a tree inside an excluded tree can be
taken, and what is not known above a named page does not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.titles import title_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from confluence_to_twig.sources.source import Source

NO_ROOT = "below none of the root pages"
EXCLUDED_TREE = "in an excluded page tree"
NO_LABEL = "without any of the wanted labels"
TOO_OLD = "older than max_age"
#: Why a page goes that was young enough when the source was planned last: time passes, and nobody is asked.
AGED = "passed max_age"
PLACE_UNKNOWN = "its place in the page tree cannot be read"
LABELS_UNKNOWN = "its labels cannot be read"

_Flags = np.ndarray


@dataclass(frozen=True)
class Selection:
    """What a source wants of the pages of its spaces. Without any rule: all.

    :param root_pages: ids or titles. Only these pages, and what is below them. A title means the page of that name in
        each space, or the folder.
    :param exclude_root_pages: ids or titles: neither these pages nor what is below them.
    :param include_labels: only pages with one of them. :param exclude_labels: no page with one of them.
    :param exclude_titles: patterns with ``*`` and ``?``; case does not matter.
    :param oldest: pages modified before are too old. :param young_before: those modified since then were young enough
        when the source was planned last.
    """

    root_pages: tuple[str, ...] = ()
    exclude_root_pages: tuple[str, ...] = ()
    include_labels: frozenset[str] = frozenset()
    exclude_labels: frozenset[str] = frozenset()
    exclude_titles: tuple[str, ...] = ()
    oldest: datetime | None = None
    young_before: datetime | None = None

    @classmethod
    def of(cls, source: Source, now: datetime, planned_at: datetime | None) -> Selection:
        """What a source wants at a moment. :param planned_at: when it was planned last; None: never."""
        age = source.max_age
        return cls(
            source.root_pages,
            source.exclude_root_pages,
            frozenset(map(str.lower, source.include_labels)),
            frozenset(map(str.lower, source.exclude_labels)),
            source.exclude_titles,
            oldest=now - age if age else None,
            young_before=planned_at - age if age and planned_at else None,
        )

    def has_aged(self, modified_at: datetime) -> bool:
        """Whether a page that is too old was not yet when the source was planned last."""
        return self.young_before is not None and modified_at >= self.young_before


def marked(inventory: pa.Table, selection: Selection) -> pa.Table:
    """The inventory with two more columns: ``left_out``, why a page is not wanted, and ``in_doubt``, why nobody can say.

    Of several reasons the first of these counts: page tree, label, title, age. Doubt matters only where nothing else
    leaves the page out.

    :param inventory: at least ``page_id``, ``title``, ``ancestor_ids``, ``ancestors``, ``labels``, ``labels_known``,
        ``broken_at`` and ``modified_at``.
    """
    trees = _trees(inventory, selection)
    left_out = _first(inventory.num_rows, _reasons(inventory, selection, trees))
    doubt = _first(inventory.num_rows, _doubts(inventory, selection, trees))
    in_doubt = pc.if_else(pc.is_valid(left_out), pa.scalar(None, pa.string()), doubt)
    return inventory.append_column("left_out", left_out).append_column("in_doubt", in_doubt)


def missing_roots(inventory: pa.Table, selection: Selection) -> list[str]:
    """Entries of both lists of page trees that name no page and no folder.

    :param inventory: as for :func:`marked`, of all spaces.
    """
    entries = (*selection.root_pages, *selection.exclude_root_pages)
    return [entry for entry, ids in named(inventory, entries).items() if not ids]


@dataclass(frozen=True)
class _Trees:
    """Which pages are in a wanted tree, in an excluded one, and of which a named page above may not be known."""

    wanted: _Flags
    excluded: _Flags
    unknown: _Flags


def _reasons(inventory: pa.Table, selection: Selection, trees: _Trees) -> Iterator[tuple[str, _Flags]]:
    """Each reason to leave pages out, and the pages."""
    if selection.exclude_root_pages:
        yield EXCLUDED_TREE, trees.excluded
    if selection.root_pages:
        yield NO_ROOT, ~(trees.wanted | trees.excluded | trees.unknown)
    for label in sorted(selection.exclude_labels):
        yield f"label {label} is excluded", _labelled(inventory, [label])
    if selection.include_labels:
        yield NO_LABEL, _flags(inventory["labels_known"]) & ~_labelled(inventory, selection.include_labels)
    for pattern in selection.exclude_titles:
        yield f"title like {pattern} is excluded", _titled(inventory, pattern)
    if selection.oldest is not None:
        oldest = pa.scalar(selection.oldest, inventory["modified_at"].type)
        yield TOO_OLD, _flags(pc.less(inventory["modified_at"], oldest))


def _doubts(inventory: pa.Table, selection: Selection, trees: _Trees) -> Iterator[tuple[str, _Flags]]:
    """Each reason why nobody can say whether pages are wanted, and the pages."""
    if selection.root_pages or selection.exclude_root_pages:
        yield PLACE_UNKNOWN, trees.unknown
    unknown = ~_flags(inventory["labels_known"])
    if selection.exclude_labels:
        yield LABELS_UNKNOWN, unknown
    elif selection.include_labels:
        yield LABELS_UNKNOWN, unknown & ~_labelled(inventory, selection.include_labels)


def _trees(inventory: pa.Table, selection: Selection) -> _Trees:
    if not (selection.root_pages or selection.exclude_root_pages):
        nowhere = np.zeros(inventory.num_rows, bool)
        return _Trees(nowhere, nowhere, nowhere)
    inside, outside = (
        _nearest(inventory, {key for ids in named(inventory, entries).values() for key in ids})
        for entries in (selection.root_pages, selection.exclude_root_pages)
    )
    nearest = np.maximum(inside, outside)
    unknown = (nearest < 0) & _flags(pc.is_valid(inventory["broken_at"]))
    return _Trees((inside >= outside) & (inside >= 0), outside > inside, unknown)


def named(inventory: pa.Table, entries: Sequence[str]) -> dict[str, set[str]]:
    """The pages and folders that each entry of a list of page trees names: by id, else by title."""
    if not entries:
        return {}
    above = _lists(inventory, "ancestor_ids").flatten()
    ids = {
        key for column in (inventory["page_id"], above, inventory["broken_at"]) for key in pc.unique(column).to_pylist()
    }
    titles: dict[str, set[str]] = {title_key(entry): set() for entry in entries if entry not in ids}
    if titles:
        listed = zip(inventory["page_id"].to_pylist(), inventory["title"].to_pylist(), strict=True)
        for page_id, title in (*listed, *_titles_above(inventory).items()):
            if (key := title_key(title)) in titles:
                titles[key].add(page_id)
    return {entry: {entry} if entry in ids else titles[title_key(entry)] for entry in entries}


def _titles_above(inventory: pa.Table) -> dict[str, str]:
    """Id → title of everything above a page, folders among it."""
    pairs = pa.table(
        {"id": _lists(inventory, "ancestor_ids").flatten(), "title": _lists(inventory, "ancestors").flatten()}
    )
    first = pairs.group_by("id", use_threads=False).aggregate([("title", "first")])
    return dict(zip(first["id"].to_pylist(), first["title_first"].to_pylist(), strict=True))


def _nearest(inventory: pa.Table, ids: Iterable[str]) -> np.ndarray:
    """How near the nearest of these is above each page: the higher the nearer, -1: it is below none of them."""
    wanted = pa.array(sorted(ids), pa.string())
    levels = _lists(inventory, "ancestor_ids")
    hits = np.flatnonzero(_flags(pc.is_in(levels.flatten(), value_set=wanted)))
    rows = pc.list_parent_indices(levels).to_numpy(zero_copy_only=False)[hits]
    place = np.where(_flags(pc.is_in(inventory["broken_at"], value_set=wanted)), 0, -1)
    np.maximum.at(place, rows, hits + 1)
    return np.where(_flags(pc.is_in(inventory["page_id"], value_set=wanted)), np.iinfo(place.dtype).max, place)


def _lists(inventory: pa.Table, name: str) -> pa.ListArray:
    """A column of lists in one piece."""
    column = inventory[name]
    return pa.concat_arrays(column.chunks or [pa.array([], column.type)])


def _labelled(inventory: pa.Table, labels: Iterable[str]) -> _Flags:
    lists = _lists(inventory, "labels")
    hits = pc.is_in(lists.flatten(), value_set=pa.array(sorted(labels), pa.string()))
    flags = np.zeros(inventory.num_rows, bool)
    flags[pc.list_parent_indices(lists).filter(hits).to_numpy(zero_copy_only=False)] = True
    return flags


def _titled(inventory: pa.Table, pattern: str) -> _Flags:
    fits = glob(pattern)
    return np.array([fits(title) for title in inventory["title"].to_pylist()], bool)


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a title fits a pattern in which ``*`` stands for any text, and ``?`` for one character."""
    wild = {"*": ".*", "?": "."}
    expression = re.compile("".join(wild.get(sign) or re.escape(sign) for sign in title_key(pattern)), re.DOTALL)
    return lambda title: expression.fullmatch(title_key(title)) is not None


def _flags(column: pa.ChunkedArray | pa.Array) -> _Flags:
    return np.array(pc.fill_null(column, False), bool)


def _first(size: int, reasons: Iterable[tuple[str, _Flags]]) -> pa.Array:
    """For each page the first reason that applies; null: none does."""
    found = pa.nulls(size, pa.string())
    for reason, flags in reasons:
        told = pc.if_else(pa.array(flags), pa.scalar(reason), pa.scalar(None, pa.string()))
        found = pc.coalesce(found, told)
    return found
