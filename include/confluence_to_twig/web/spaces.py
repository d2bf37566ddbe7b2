"""The spaces of a source, as the newest run that looked at them saw them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from confluence_to_twig.runs.report import read_records
from confluence_to_twig.staging.layout import RunStaging

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.staging.layout import SourceStaging

#: How many of the newest runs are looked into: one that failed before its looks has no row.
RUNS_LOOKED_INTO = 10


def newest_spaces(staging: SourceStaging, history: Iterable[RunRow]) -> dict[str, Any]:
    """A row for each space, as in the run's report. No page is named in them.

    :param history: the source's runs, newest first.
    :returns: ``run`` (its folder; null: no run looked at many spaces), ``kind``, ``ended_at`` and ``spaces``.
    """
    for row in islice(history, RUNS_LOOKED_INTO):
        for record in read_records(RunStaging(staging.runs / row.folder)):
            if spaces := record["details"].get("spaces"):
                return {"run": row.folder, "kind": row.kind, "ended_at": row.ended_at, "spaces": spaces}
    return {"run": None, "kind": "", "ended_at": None, "spaces": []}
