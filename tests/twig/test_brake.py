from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.twig.brake import Amount, Brake, Measure, shrunk


@pytest.mark.parametrize(
    ("lost", "held", "holds"),
    [
        (Amount(19, 0), Amount(19, 1000), False),
        (Amount(20, 200), Amount(100, 1000), True),
        (Amount(20, 200), Amount(101, 1000), False),
        (Amount(199, 0), Amount(100_000, 1000), False),
        (Amount(200, 0), Amount(100_000, 1000), True),
        (Amount(1, 500), Amount(10, 1000), False),
        (Amount(1, 501), Amount(10, 1000), True),
        (Amount(0, 0), Amount(0, 0), False),
    ],
)
def test_asks_for_many_pages_for_very_many_and_for_more_than_half_of_the_text(
    lost: Amount, held: Amount, holds: bool
) -> None:
    assert Brake().holds(lost, held) is holds


def row(version: int = 3, chunks: int = 4, text: int | None = 6000) -> dict[str, Any]:
    return {
        "page_id": "7", "title": "Page", "url": "https://x/7", "version": version, "chunk_count": chunks,
        "text_bytes": text,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "known", "kept", "reason"),
    [
        (row(chunks=0, text=0), row(), True, "the version that had text came back empty"),
        (row(version=4, chunks=0, text=0), row(), False, "it was emptied"),
        (row(text=2999), row(), False, "its text has shrunk to less than half, though nobody edited it"),
        (row(chunks=0, text=0), row(text=None), True, "the version that had text came back empty"),
        (
            row(chunks=1, text=90),
            row(text=None),
            False,
            "its text has shrunk to less than half, though nobody edited it",
        ),
    ],
)
def test_tells_what_may_be_a_mistake(now: dict[str, Any], known: dict[str, Any], kept: bool, reason: str) -> None:
    found = shrunk(now, known)
    assert found is not None
    assert (found.emptied_by_nobody, found.reason) == (kept, reason)
    assert found.lost_bytes + found.lost_chunks > 0


@pytest.mark.parametrize(
    ("now", "known"),
    [
        (row(), row()),
        (row(text=3000), row()),
        (row(version=4, text=10), row()),  # somebody edited it
        (row(chunks=0, text=0), row(chunks=0, text=0)),
        (row(chunks=0, text=0), None),
        (row(chunks=4, text=10), row(text=None)),  # nothing to compare bytes with
    ],
)
def test_edits_and_small_losses_are_no_mistakes(now: dict[str, Any], known: dict[str, Any] | None) -> None:
    assert shrunk(now, known) is None


def test_a_page_whose_files_are_still_listed_is_empty_all_the_same() -> None:
    found = shrunk(row(text=5000) | {"body_bytes": 0}, row())
    assert found is not None
    assert found.emptied_by_nobody


def manifest(*rows: dict[str, Any]) -> pa.Table:
    schema = pa.schema([("chunk_count", pa.int32()), ("text_bytes", pa.int64())])
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)


def test_text_is_measured_in_bytes_where_all_are_known_and_else_in_chunks() -> None:
    known, mixed = manifest(row(), row()), manifest(row(), row(text=None))
    assert Measure.of(known).table(known) == Measure().rows([row(), row()]) == Amount(2, 12_000)
    assert Measure.of(mixed).table(mixed) == Measure(in_chunks=True).rows([row(), row(text=None)]) == Amount(2, 8)
    lost = shrunk(row(version=4, chunks=0, text=0), row())
    assert lost is not None
    assert (Measure().losses([lost]), Measure(in_chunks=True).losses([lost])) == (Amount(1, 6_000), Amount(1, 4))
