"""What became of each page of a plan."""

from __future__ import annotations

from typing import Any

import pytest

from confluence_to_twig.staging.files import write_json
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import PLAN, QUARANTINE
from confluence_to_twig.web.outcomes import OUTCOMES, RunState, count_outcomes, with_outcomes
from tests.web.samples import NOW, SampleSource, as_table, document, held, page, planned

RUN = "manual__1"
OVER, UNDER_WAY = RunState(over=True, dry=False), RunState(over=False, dry=False)


def fetched(number: int, version: int = 1) -> dict[str, Any]:
    return planned("fetch", "new to Twig", number, version=version)


def failure(number: int, stage: str) -> dict[str, Any]:
    row = page(number) | {"stage": stage, "error_type": "E", "error": "no"}
    del row["kind"]
    return row


def outcomes(docs: SampleSource, rows: list[dict[str, Any]], state: RunState = OVER) -> list[str]:
    table = with_outcomes(as_table(rows, PLAN), docs.staging.run(RUN), docs.staging, state)
    found: list[str] = table["outcome"].to_pylist()
    assert set(count_outcomes(table)) == set(found) <= set(OUTCOMES)
    return found


@pytest.fixture
def loaded(docs: SampleSource) -> SampleSource:
    """A run that fetched pages 1 to 6, and loaded what it could."""
    docs.hold([held(1, NOW), held(3, NOW, version=1)])
    docs.run(RUN, NOW, documents=[document(number) for number in (1, 3, 4)], quarantine=[failure(2, "transform")])
    write_rows(docs.staging.run(RUN).quarantine("load", 0), QUARANTINE, [failure(4, "load")])
    for task in ("load", "prune"):
        docs.record(RUN, task, NOW)
    return docs


def test_a_page_was_loaded_refused_quarantined_held_back_or_not_fetched(loaded: SampleSource) -> None:
    rows = [fetched(1), fetched(2), fetched(3, version=2), fetched(4), fetched(5)]
    assert outcomes(loaded, rows) == ["loaded", "quarantined", "held back", "refused", "not fetched"]


def test_a_text_that_somebody_has_to_approve_is_held_back_until_it_is_sent(loaded: SampleSource) -> None:
    write_json(loaded.staging.run(RUN).held_back, {"shrunk": [{"page_id": "1001"}]})
    assert outcomes(loaded, [fetched(1)]) == ["held back"]
    loaded.hold([held(1, NOW, run_id=RUN)])
    assert outcomes(loaded, [fetched(1)]) == ["loaded"]


def test_a_deletion_was_done_or_the_page_is_still_there(loaded: SampleSource) -> None:
    rows = [planned("delete", "trashed", number, version=None) for number in (1, 9)]
    assert outcomes(loaded, rows) == ["kept in Twig", "deleted"]


def test_what_is_left_and_kept_out_has_no_other_outcome(loaded: SampleSource) -> None:
    assert outcomes(loaded, [planned("leave", "unchanged", 1), planned("skip", "restricted", 9)]) == [
        "left",
        "kept out",
    ]


def test_a_run_under_way_says_how_far_each_page_is(docs: SampleSource) -> None:
    docs.run(RUN, NOW, documents=[document(1)])
    rows = [fetched(1), fetched(2), planned("delete", "trashed", 3, version=None)]
    assert outcomes(docs, rows, UNDER_WAY) == ["converted", "waiting", "waiting"]


def test_a_dry_run_did_nothing(docs: SampleSource) -> None:
    rows = [fetched(1), planned("delete", "trashed", 3, version=None), planned("leave", "unchanged", 4)]
    assert outcomes(docs, rows, RunState(over=True, dry=True)) == ["not done", "not done", "left"]


def test_a_load_that_failed_loaded_nothing_for_sure(docs: SampleSource) -> None:
    docs.run(RUN, NOW, documents=[document(1)])
    docs.record(RUN, "load", NOW, state="failed", error="TransientError: busy")
    assert outcomes(docs, [fetched(1)]) == ["converted"]


def test_an_empty_plan_has_no_outcome(docs: SampleSource) -> None:
    assert outcomes(docs, []) == []
