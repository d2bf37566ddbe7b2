"""Runs over neighbouring intervals: whatever order they come in, they end where a sync of the whole range ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dags.conftest import Site
from tests.proofs import size

#: Topic N of the small space was modified on 15 N 2026: an end for each interval of 31 days that holds one of them.
ENDS = [datetime(2026, month, 16, tzinfo=UTC) for month in (1, 2, 3, 4)]
SHUFFLED = [ENDS[1], ENDS[0], ENDS[1], ENDS[3], ENDS[2], ENDS[0]]
#: The last one has steps forwards, steps backwards and repetitions; each of the others has one kind of step.
ORDERS = {"forwards": ENDS, "backwards": ENDS[::-1], "shuffled, some twice": SHUFFLED}
TRIED = list(ORDERS)[-size(1, len(ORDERS)) :]


@pytest.fixture
def range_of_days(site: Site) -> Site:
    """The small space, looked at in intervals of 31 days."""
    site.configure(schedule="0 0 * * *", lookback="31 days", content=["pages"])
    return site


def contents(site: Site) -> dict[str, Any]:
    """What Twig holds: version, hash and chunks of each topic page."""
    return {
        page_id: (document.version, document.content_hash, [(chunk.id, chunk.text) for chunk in document.chunks])
        for page_id, document in site.held().items()
        if "topic" in document.title
    }


@pytest.mark.proofs(f"{len(ENDS)} intervals, orders: {'; '.join(TRIED)}")
@pytest.mark.parametrize("order", TRIED)
def test_the_order_of_the_intervals_does_not_matter(range_of_days: Site, order: str) -> None:
    for end in ORDERS[order]:
        report = range_of_days.run(end)
        assert report["state"] == "success"
        start = end - timedelta(days=31)
        assert [report["window"]["start"][:10], report["window"]["end"][:10]] == [
            f"{start:%Y-%m-%d}",
            f"{end:%Y-%m-%d}",
        ]
    by_intervals = contents(range_of_days)
    assert len(by_intervals) == 8
    complete = range_of_days.run(full=True)
    assert complete["state"] == "success"
    assert contents(range_of_days) == by_intervals
