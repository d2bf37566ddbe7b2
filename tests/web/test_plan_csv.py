"""A plan that is saved opens in a spreadsheet as text."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest

from confluence_to_twig.web.plan_csv import csv_of
from tests.web.samples import LONG_BEFORE


def saved(**columns: list[object]) -> list[list[str]]:
    text = "".join(csv_of(pa.table(columns)))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", '=cmd|"/c calc"!A1']
)
def test_a_title_is_never_a_formula(title: str) -> None:
    assert saved(title=[title])[1] == [f"'{title}"]


@pytest.mark.parametrize("title", ["Plan", "a=1", "1-2", 'Say "hi", you', "two\nlines", "Ünïcode 😀", "", "'=1"])
def test_any_other_title_stays_as_it_is(title: str) -> None:
    assert saved(title=[title])[1] == [title]


def test_has_a_head_and_every_row() -> None:
    rows = saved(page_id=[str(number) for number in range(12_000)], version=[None] * 12_000, at=[LONG_BEFORE] * 12_000)
    assert rows[0] == ["page_id", "version", "at"]
    assert len(rows) == 12_001
    assert rows[-1] == ["11999", "", LONG_BEFORE.isoformat()]
