"""Nobody reads in Twig what Confluence does not let them read: see :mod:`tests.tasks.leak_walk`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.confluence.sweep.space_levels import SpaceLevels, read_space_levels
from confluence_to_twig.planning import page_audiences
from confluence_to_twig.runs.record import Record
from confluence_to_twig.runs.run import Run
from confluence_to_twig.tasks import leave, load, routing
from tests.proofs import SEED, size
from tests.tasks.leak_walk import DAYS, LeakError, Tally, Walk

#: Processes may share them.
PARTS = size(2, 4)
STATES = size(60, 10_000) // PARTS


@pytest.mark.proofs("states of a space and what Twig holds of it")
@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_reads_what_they_may_not(part: int, record_property: Callable[[str, object], None]) -> None:
    random, tally = Random(f"{SEED} {part}"), Tally()
    while len(tally.states) < STATES:
        with Walk(random, tally).begun() as walk:
            walk.go(DAYS, enough=lambda: len(tally.states) >= STATES)
    record_property("tried", str(tally))


def _no_removal(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(leave, "take_out", lambda run, record: frozenset())


def _removal_after_sending(patched: pytest.MonkeyPatch) -> None:
    take_out, deliver = leave.take_out, load.deliver
    patched.setattr(leave, "take_out", lambda run, record: frozenset())

    def deliver_first(run: Run, documents: Any, chunks: Any, record: Record, **options: Any) -> dict[str, Any]:
        told = deliver(run, documents, chunks, record, **options)
        take_out(run, record)
        return told

    patched.setattr(load, "deliver", deliver_first)


def _no_level_of_the_space(patched: pytest.MonkeyPatch) -> None:
    def told(*arguments: Any, **options: Any) -> SpaceLevels:
        found = read_space_levels(*arguments, **options)
        return replace(found, of=dict.fromkeys(found.of))

    patched.setattr(routing, "read_space_levels", told)


def _restrictions_where(wanted: Callable[[str, str], bool]) -> Callable[[pytest.MonkeyPatch], None]:
    """Only those restrictions count of which this is true: id of the page, id of who is restricted."""

    def mutate(patched: pytest.MonkeyPatch) -> None:
        def rows(inventory: pa.Table) -> Iterator[tuple[str, Any, str | None]]:
            for row in inventory.select(["page_id", "space_id", "restrictions", "restriction_unknown"]).to_pylist():
                told = row["restrictions"]
                kept = told and [entry for entry in told if wanted(row["page_id"], entry["id"])]
                yield row["space_id"], kept, row["restriction_unknown"]

        patched.setattr(page_audiences, "_rows", rows)

    return mutate


MUTANTS = {
    "nothing is removed before it is sent": _no_removal,
    "what is sent is removed afterwards": _removal_after_sending,
    "the level of the space is dropped": _no_level_of_the_space,
    "restrictions above the page are dropped": _restrictions_where(lambda page, restricted: page == restricted),
    "the restriction of the page is dropped": _restrictions_where(lambda page, restricted: page != restricted),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_what_would_leak_is_noticed(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[mutant](monkeypatch)
    with (
        Walk(Random(f"{SEED} mutants"), Tally(), spaces=6).begun() as walk,
        pytest.raises(LeakError),
    ):
        walk.go(4 * DAYS)
