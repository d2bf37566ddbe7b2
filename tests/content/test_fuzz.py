"""The fuzzer of ``benchmarks/fuzz_content.py`` finds nothing in a stretch of its cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz_content import check, make_case, run_cases
from tests.proofs import SEED, size

#: A million in ten stretches, so that they run side by side.
CASES = size(80, 100_000)
#: Bodies that once broke a promise, as the fuzzer made them.
FOUND = Path(__file__).with_name("fuzzed")


@pytest.mark.proofs(f"{CASES:,} mutated bodies")
@pytest.mark.parametrize("stretch", range(10))
def test_mutated_bodies_break_no_promise(stretch):
    findings = run_cases(seed=SEED, first=stretch * CASES, count=CASES)
    assert findings.cases == CASES
    assert findings.failures == {}


def test_a_case_is_made_from_its_number_alone():
    assert make_case(1, 42) == make_case(1, 42)
    assert make_case(1, 42) != make_case(1, 43)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOUND.iterdir()))
def test_what_once_broke_a_promise(name):
    check((FOUND / f"{name}.xhtml").read_bytes().decode())
