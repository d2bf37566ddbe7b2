"""What is tried on a route: each odd answer, how often it comes, and at what time. All of it in a proof, else a seeded sample."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from random import Random

from sandbox.confluence import faults
from sandbox.confluence.faults import Fault
from sandbox.confluence.sandbox import SandboxConfluence
from tests.proofs import SEED, size

#: Many times what the slowest combination takes on a quiet machine.
SECONDS = 120.0
#: What a whole test may take: a sample, or all combinations of one route.
TIMEOUT = size(300, 7_200)
ODD_ANSWERS: dict[str, faults.Action] = {
    **faults.ODD_ANSWERS,
    "414": faults.Refuse(414),
    "drip": faults.Drip(pieces=200, pause_s=0.1),
}
MODES = ("once", "for one id", "always")


@dataclass(frozen=True)
class Combination:
    """An odd answer, how often it comes, and a number for the same at another time or for another id."""

    odd: str
    mode: str
    variant: int

    @property
    def dripping(self) -> bool:
        return self.odd == "drip"

    def arm(self, sandbox: SandboxConfluence, path: str, ids: Sequence[str], random: Random) -> Fault:
        """Make it come for requests to a path. :param ids: what such requests name."""
        naming = random.choice(ids) if self.mode == "for one id" else None
        once = self.mode == "once"
        skip = random.randrange(3) if once and self.variant else 0
        return sandbox.fail(ODD_ANSWERS[self.odd], path, times=1 if once else None, skip=skip, naming=naming)


def combinations(name: str, *, variants: int, sample: int, but_not: Collection[str] = ()) -> list[Combination]:
    """What is tried on a route of that name.

    :param variants: how often the same comes at another time, or for another id. :param but_not: what is no fault there.
    """
    odd = [answer for answer in ODD_ANSWERS if answer not in but_not]
    every = [Combination(*parts) for parts in product(odd, MODES, range(variants))]
    return Random(f"{SEED} {name}").sample(every, size(sample, len(every)))


def try_all(
    name: str,
    tried: Sequence[Combination],
    sandbox: SandboxConfluence,
    attempt: Callable[[Combination, Random], None],
) -> None:
    """Try one after the other, each with random numbers of its own, and name all that failed at the end."""
    failed = []
    for combination in tried:
        try:
            attempt(combination, Random(f"{SEED} {name} {combination}"))
        except Exception as error:
            failed.append(f"{combination}: {type(error).__name__}: {error}"[:600])
        finally:
            sandbox.faults.clear()
    assert not failed, "\n".join(failed)


@contextmanager
def bounded() -> Iterator[None]:
    """Fail when it takes longer than anything should."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS
