"""``confluence-to-twig backfill``. That a scheduler runs it is tested in tests/scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from confluence_to_twig.cli.backfill import Range
from confluence_to_twig.sources.source import Source
from tests.cli.conftest import Commands, Ended


def test_the_last_day_counts_in_full_and_a_time_as_it_stands() -> None:
    source = Source(name="docs", space_key="PROD")
    days = Range.checked(source, "2026-01-01", "2026-01-02")
    assert (days.start, days.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC))
    hours = Range.checked(source, "2026-01-01T06:00:00Z", "2026-01-01T12:00:00+02:00")
    assert hours.end == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_without_a_scheduler_it_says_so_and_what_to_do(commands: Commands, here: Callable[..., Ended]) -> None:
    commands.sources({"name": "docs", "space_key": "PROD"})
    done = here("backfill", "docs", "--sources", "sources.yaml", "--from", "2026-01-01", "--to", "2026-01-02")
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "No scheduler is alive" in line
    assert "confluence-to-twig sync docs --since 2026-01-01" in line
