"""Batches are as large as the server, the memory and the number of threads allow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.confluence.extract.bodies import ANSWER_CHARS, FIRST, LARGEST, BatchSize


def test_begins_with_a_hundred() -> None:
    assert BatchSize(50_000, threads=8).now == FIRST == 100


def test_a_small_shard_goes_out_in_as_many_batches_as_there_are_threads() -> None:
    size = BatchSize(900, threads=8)
    size.learn(100, 1_000, coped=True)
    assert size.now == 113


def test_small_bodies_are_asked_for_by_the_largest_number_the_api_takes() -> None:
    size = BatchSize(50_000, threads=8)
    size.learn(100, 1_000, coped=True)
    assert size.now == LARGEST == 250


@pytest.mark.parametrize(("chars", "expected"), [(ANSWER_CHARS, 100), (10 * ANSWER_CHARS, 10), (10**12, 1)])
def test_large_bodies_are_asked_for_by_few(chars: int, expected: int) -> None:
    size = BatchSize(50_000, threads=8)
    size.learn(100, chars, coped=True)
    assert size.now == expected


def test_a_batch_too_much_for_the_server_halves_the_next_and_good_ones_double_it_again() -> None:
    size = BatchSize(50_000, threads=8)
    size.learn(100, 1_000, coped=False)
    sizes = [size.now]
    for _ in range(3):
        size.learn(sizes[-1], 10 * sizes[-1], coped=True)
        sizes.append(size.now)
    assert sizes == [50, 100, 200, 250]


def test_a_cap_of_the_server_is_learned_when_it_shows_twice_and_kept() -> None:
    size = BatchSize(50_000, threads=8)
    sizes = []
    for most in (50, 50, None, None):
        size.learn(100, 1_000, coped=True, most=most)
        sizes.append(size.now)
    assert sizes == [250, 50, 50, 50]


def test_one_short_answer_is_no_cap() -> None:
    size = BatchSize(50_000, threads=8)
    for most in (3, 0, 99, None):
        size.learn(100, 1_000, coped=True, most=most)
    assert size.now == LARGEST


@given(
    st.integers(0, 10**6),
    st.integers(1, 32),
    st.lists(st.tuples(st.integers(1, 250), st.integers(0, 10**9), st.booleans(), st.none() | st.integers(0, 250))),
)
def test_whatever_it_learns_a_batch_has_one_to_250_pages(
    count: int, threads: int, lessons: list[tuple[int, int, bool, int | None]]
) -> None:
    size = BatchSize(count, threads)
    for asked, chars, coped, most in lessons:
        size.learn(asked, chars, coped=coped, most=most)
        assert 1 <= size.now <= LARGEST


def test_many_threads_may_teach_it_at_once() -> None:
    size = BatchSize(50_000, threads=8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: size.learn(number % 250 + 1, 1_000, coped=bool(number % 3)), range(2_000)))
    size.learn(100, 1_000, coped=False)
    assert size.now == 50
