"""Keyset paging: ordered ids, and the cursor that names a place in the order instead of an offset.

A real Confluence cursor (https://github.com/castai/openwebui-content-sync/issues/17) is base64 of ``{"id": "68949626", "contentOrder": "child-position", "contentOrderValue": …}``:
the sort value and id of the last row, so that it never expires and an edit elsewhere never shifts a page.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SortValue = int | str
#: A row's place in an order: its sort value, then its id.
Key = tuple[SortValue, int]

#: The orders whose sort value is a text; all others sort by a number.
TEXT_ORDERS = frozenset({"title", "name", "key"})

T = TypeVar("T")


class BadCursor(ValueError):
    """The cursor was not made by this API, or for another sort order."""


@dataclass(frozen=True)
class Order:
    """``sort=-modified-date`` is ``Order("modified-date", descending=True)``."""

    name: str
    descending: bool = False


def parse_order(sort: str) -> Order:
    """Read the value of a ``sort`` parameter."""
    return Order(sort.removeprefix("-"), descending=sort.startswith("-"))


class Ordering:
    """Ids in the order of their keys. Adding and removing costs a bisection and a memory move."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: list[Key] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, value: SortValue, row_id: int) -> None:
        key = (value, row_id)
        if self._keys and key < self._keys[-1]:
            insort(self._keys, key)
        else:
            self._keys.append(key)

    def remove(self, value: SortValue, row_id: int) -> None:
        index = bisect_left(self._keys, (value, row_id))
        if index == len(self._keys) or self._keys[index] != (value, row_id):
            raise KeyError((value, row_id))
        del self._keys[index]

    def after(self, last: Key | None, descending: bool = False) -> Iterator[Key]:
        """The keys behind ``last`` (all of them for None) in ascending or descending order."""
        keys = self._keys
        if descending:
            stop = len(keys) if last is None else bisect_left(keys, last)
            return (keys[index] for index in range(stop - 1, -1, -1))
        start = 0 if last is None else bisect_right(keys, last)
        return (keys[index] for index in range(start, len(keys)))


class _Cursor(msgspec.Struct):
    id: str
    contentOrder: str
    contentOrderValue: SortValue


def encode_cursor(order: Order, last: Key) -> str:
    """The cursor for the rows behind ``last``."""
    cursor = _Cursor(id=str(last[1]), contentOrder=order.name, contentOrderValue=last[0])
    return base64.b64encode(msgspec.json.encode(cursor)).decode()


def decode_cursor(order: Order, cursor: str) -> Key:
    """The place that ``cursor`` names.

    :raises BadCursor: when it is not one of ours, or belongs to another order.
    """
    try:
        # A "+" of base64 arrives as a space when a client forgets to escape it; real servers forgive that too.
        read = msgspec.json.decode(base64.b64decode(cursor.replace(" ", "+"), validate=True), type=_Cursor)
        row_id = int(read.id)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadCursor(cursor) from error
    if read.contentOrder != order.name or isinstance(read.contentOrderValue, str) != (order.name in TEXT_ORDERS):
        raise BadCursor(cursor)
    return read.contentOrderValue, row_id


def cut(rows: Iterable[T], limit: int, key: Callable[[T], Key], order: Order) -> tuple[list[T], str | None]:
    """The first ``limit`` rows, and the cursor of the next page when there is at least one row more."""
    taken = list(islice(rows, limit + 1))
    if len(taken) <= limit:
        return taken, None
    taken.pop()
    return taken, encode_cursor(order, key(taken[-1]))


def arranged(rows: Iterable[T], key: Callable[[T], Key], order: Order, last: Key | None) -> Iterator[T]:
    """``rows`` behind ``last``, sorted here: only for the few rows of one content, never for a space."""
    ordered = sorted(rows, key=key, reverse=order.descending)
    return (row for row in ordered if last is None or (key(row) < last if order.descending else key(row) > last))
