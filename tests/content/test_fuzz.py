"""The fuzzer of ``benchmarks/fuzz_content.py`` finds nothing in a stretch of its cases."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_content import make_case, run_cases
from tests.proofs import SEED, size

CASES = size(300, 100_000)


@pytest.mark.proofs(f"{CASES:,} mutated bodies")
@pytest.mark.parametrize("stretch", range(5))
def test_mutated_bodies_break_no_promise(stretch):
    findings = run_cases(seed=SEED, first=stretch * CASES, count=CASES)
    assert findings.cases == CASES
    assert findings.failures == {}


def test_a_case_is_made_from_its_number_alone():
    assert make_case(1, 42) == make_case(1, 42)
    assert make_case(1, 42) != make_case(1, 43)


@pytest.mark.parametrize(
    "number", [pytest.param(674245, id="a chunk whose last piece is nothing but the marks of a quote")]
)
def test_cases_that_once_broke_a_promise(number):
    assert run_cases(seed=4, first=number, count=1).failures == {}
