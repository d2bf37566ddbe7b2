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
