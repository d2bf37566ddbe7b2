from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.confluence.keyset import (
    BadCursor,
    Order,
    Ordering,
    arranged,
    cut,
    decode_cursor,
    encode_cursor,
    parse_order,
)

KEYS = st.tuples(st.integers(0, 50), st.integers(1, 10_000))


def test_a_minus_sign_means_descending() -> None:
    assert parse_order("-modified-date") == Order("modified-date", descending=True)
    assert parse_order("id") == Order("id")


@given(st.sets(KEYS, max_size=60), st.none() | KEYS, st.booleans())
def test_an_ordering_yields_what_lies_behind_a_key(
    keys: set[tuple[int, int]], last: tuple[int, int] | None, descending: bool
) -> None:
    ordering = Ordering()
    for key in keys:
        ordering.add(*key)
    behind = [key for key in keys if last is None or (key < last if descending else key > last)]
    assert list(ordering.after(last, descending)) == sorted(behind, reverse=descending)
    assert list(arranged(keys, lambda key: key, Order("id", descending), last)) == sorted(behind, reverse=descending)


@given(st.lists(KEYS, unique=True, min_size=1, max_size=40), st.data())
def test_a_removed_key_is_gone_and_nothing_else(keys: list[tuple[int, int]], data: st.DataObject) -> None:
    ordering = Ordering()
    for key in keys:
        ordering.add(*key)
    removed = data.draw(st.sampled_from(keys))
    ordering.remove(*removed)
    assert list(ordering.after(None)) == sorted(set(keys) - {removed})
    with pytest.raises(KeyError):
        ordering.remove(*removed)
    assert len(ordering) == len(keys) - 1


@given(st.integers(0, 2**60) | st.text(max_size=30), st.integers(1, 2**60))
def test_a_cursor_names_the_place_it_was_made_for(value: int | str, row_id: int) -> None:
    order = Order("title" if isinstance(value, str) else "modified-date")
    assert decode_cursor(order, encode_cursor(order, (value, row_id))) == (value, row_id)


def test_a_cursor_has_the_form_of_a_real_one() -> None:
    cursor = encode_cursor(Order("id"), (65_540, 65_540))
    assert json.loads(base64.b64decode(cursor)) == {"id": "65540", "contentOrder": "id", "contentOrderValue": 65_540}


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()))
def test_anything_else_is_a_bad_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(Order("id"), text)


@pytest.mark.parametrize("order", [Order("title"), Order("created-date")])
def test_a_cursor_of_another_order_is_bad(order: Order) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(order, encode_cursor(Order("id"), (1, 1)))


def test_the_last_page_has_no_cursor() -> None:
    order = Order("id")
    rows, cursor = cut(range(1, 6), 5, lambda row: (row, row), order)
    assert (rows, cursor) == ([1, 2, 3, 4, 5], None)
    rows, cursor = cut(range(1, 6), 2, lambda row: (row, row), order)
    assert rows == [1, 2]
    assert cursor is not None
    assert decode_cursor(order, cursor) == (2, 2)
