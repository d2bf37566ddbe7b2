"""A bounded run of the fuzzer in ``benchmarks/fuzz_content.py``; the long run is started by hand."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_content import make_case, run_cases


@pytest.mark.parametrize("first", range(0, 1_500, 300))
def test_mutated_bodies_break_no_promise(first):
    findings = run_cases(seed=20261122, first=first, count=300)
    assert findings.cases == 300
    assert findings.failures == {}


def test_a_case_is_made_from_its_number_alone():
    assert make_case(1, 42) == make_case(1, 42)
    assert make_case(1, 42) != make_case(1, 43)


@pytest.mark.parametrize(
    "number", [pytest.param(674245, id="a chunk whose last piece is nothing but the marks of a quote")]
)
def test_cases_that_once_broke_a_promise(number):
    assert run_cases(seed=4, first=number, count=1).failures == {}
