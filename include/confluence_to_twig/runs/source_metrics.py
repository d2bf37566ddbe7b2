"""Metrics of a source as it is between two tasks, from what staging says."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from confluence_to_twig.runs.freshness import freshness
from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.runs.metrics import is_measured, sample, send
from confluence_to_twig.staging.last_inventory import newest_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluence_to_twig.runs.metrics import Sample
    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)


def measure(staging: SourceStaging) -> None:
    """Send how the source is, if anybody listens: its plan and its manifest are read for it.

    Whatever is damaged there ends the task that needs it, with a better message than this one could give.
    """
    if not is_measured():
        return
    try:
        samples = list(of_source(staging, datetime.now(UTC)))
    except Exception as error:
        log.warning("The metrics of %s are left out: its staging cannot be read (%r)", staging.source, error)
    else:
        send(samples)


def of_source(staging: SourceStaging, now: datetime) -> Iterator[Sample]:
    """What Twig holds, and how far that is behind. What is not known yet is left out."""
    history, source = newest_first(staging), staging.source
    held = next((row for row in history if row.pages is not None), None)
    if held is not None:
        yield sample("pages_held", held.pages or 0, source=source)
        yield sample("chunks_held", held.chunks or 0, source=source)
    fresh = freshness(staging, history)
    if fresh.in_step_until is not None:
        yield sample("changes_waiting", fresh.waiting, source=source)
        yield sample("behind", (now - fresh.in_step_until).total_seconds(), source=source)
    if (swept_at := _swept_at(staging, history)) is not None:
        yield sample("full_sweep_age", (now - swept_at).total_seconds(), source=source)


def _swept_at(staging: SourceStaging, history: Iterable[RunRow]) -> datetime | None:
    """When the last full sweep began. A source without lanes keeps no inventory: each of its whole runs is one."""
    if (look := newest_look(staging)) is not None:
        return look.swept_at
    swept = next((row for row in history if row.whole), None)
    return datetime.fromisoformat(swept.started_at) if swept else None
