"""How large the property, kill and fuzz tests are: a small seeded sample in ``make test``, the full size in ``make proofs``.

A proof is a test marked ``@pytest.mark.proofs("what was tried, with its size")``. It takes its sizes from ``size`` and its random
numbers from ``SEED``. CONTRIBUTING.md shows one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

_Test = TypeVar("_Test", bound=Callable[..., Any])

#: The seed of a full-size run. Without it the tests are samples.
_GIVEN = os.environ.get("PROOFS_SEED")
FULL_SIZE = bool(_GIVEN)
SEED = int(_GIVEN or 20261122)


def size(sample: int, proof: int) -> int:
    """The number for ``make test``, or the one for ``make proofs``."""
    return proof if FULL_SIZE else sample


def examples(sample: int, proof: int) -> Callable[[_Test], _Test]:
    """Decorate a Hypothesis test with how many examples it tries, and mark it as a proof."""
    count = size(sample, proof)

    def decorate(test: _Test) -> _Test:
        return pytest.mark.proofs(f"{count:,} examples")(settings(max_examples=count)(test))

    return decorate
