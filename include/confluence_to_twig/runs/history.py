"""History: one line a run of a source, kept for longer than the run's files.

``<source>/history.jsonl`` holds the runs that are over. The last task of a run adds its line with :func:`remember`, and
with it the line of every other run that is over and missing there, for instance one that failed. Should two runs end at
the same time and one overwrite the other's line, the next one puts it back. Reading joins the file with the folders of
runs that it does not know, so that a run under way is seen too, and a missing file only costs time. Lines are read from
the newest on, and only as many as somebody asks for.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from confluence_to_twig.runs.report import build_report, read_records
from confluence_to_twig.runs.run_row import RunRow, row_of
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import folders_in, modified_at, read_bytes, read_json, write_bytes
from confluence_to_twig.staging.layout import RunStaging, folder_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: Runs that the file keeps; three years of a daily source, a month of one that runs every half hour.
KEPT_RUNS = 1_500
#: Runs that did not end well and may have been cleared since: so many of the newest are looked at again.
LOOKED_AT_AGAIN = 20
#: Where a line names the folder of its run: enough to know the run without understanding the line.
_FOLDER = re.compile(r'\{"folder": "([^"\\]+)"')


class Runs:
    """The runs of a source, the one that ended last first. Going through them costs as much as one goes.

    :param fresh: rows read from folders, the run that ended first first. :param kept: the lines of the file.
    """

    def __init__(self, fresh: list[RunRow], kept: KeptRuns) -> None:
        self._fresh = fresh
        self._kept = kept

    def __iter__(self) -> Iterator[RunRow]:
        replaced = {row.folder for row in self._fresh}
        old = (row for row in self._kept.newest_first() if row.folder not in replaced)
        return merge(reversed(self._fresh), old, key=_order, reverse=True)


def newest_first(staging: SourceStaging) -> Runs:
    """Every run that is known, the one that ended last first."""
    kept = _kept(staging.home / "history.jsonl") or KeptRuns([])
    folders = set(folders_in(staging.runs))
    doubtful = [row.folder for row in islice(kept.newest_first(), LOOKED_AT_AGAIN) if row.state != "success"]
    wanted = (folders - kept.folders) | folders.intersection(doubtful)
    return Runs(_ordered(_read_rows(staging, sorted(wanted))), kept)


def read_history(staging: SourceStaging) -> list[RunRow]:
    """Every run that is known, the one that ended first first."""
    return list(newest_first(staging))[::-1]


def remember(staging: SourceStaging, run_id: str) -> None:
    """Write the line of a run that has just ended, and those of others that are missing. The file is replaced whole."""
    path = staging.home / "history.jsonl"
    own = folder_name(run_id)
    kept = {row.folder: row for row in (_kept(path) or KeptRuns([])).newest_first() if row.folder != own}
    missing = [folder for folder in folders_in(staging.runs) if folder not in kept]
    rows = kept | {row.folder: row for row in _read_rows(staging, missing) if row.state != "running"}
    lines = [json.dumps(asdict(row), ensure_ascii=False) for row in _ordered(rows.values())[-KEPT_RUNS:]]
    write_bytes(path, "\n".join([*lines, ""]).encode())


class KeptRuns:
    """The lines of the file, each understood when it is asked for.

    :param lines: one JSON object each, the run that ended first first.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._rows: list[RunRow | None] = []
        self.folders = {match[1] for line in lines if (match := _FOLDER.match(line))}

    def newest_first(self) -> Iterator[RunRow]:
        """The rows, the run that ended last first. A line that is not readable is left out: the page is worth more,
        and the run's folder, if it is still there, gives it again."""
        for index in range(len(self._lines)):
            if index == len(self._rows):
                self._rows.append(_row_of_line(self._lines[-1 - index]))
            if (row := self._rows[index]) is not None:
                yield row


def _order(row: RunRow) -> tuple[str, str]:
    return (row.ended_at, row.folder)


def _ordered(rows: Iterable[RunRow]) -> list[RunRow]:
    return sorted(rows, key=_order)


def _read_rows(staging: SourceStaging, folders: Iterable[str]) -> list[RunRow]:
    rows = (_read_row(staging, folder) for folder in folders)
    return [row for row in rows if row is not None]


def _read_row(staging: SourceStaging, folder: str) -> RunRow | None:
    run = RunStaging(staging.runs / folder)
    try:
        row = _reported(run.report)
        return row if row is not None else _unreported(run, staging.source)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("The report of run %s is not readable (%s)", run.home, type(error).__name__)
        return None


def _unreported(run: RunStaging, source: str) -> RunRow | None:
    """The line of a run without a report: it is under way, or failed before its last task."""
    records = read_records(run)
    if not records:
        return None
    return row_of(
        build_report(run, source, ""),
        run.home.name,
        started_at=min(record["started_at"] for record in records),
        ended_at=max(record["ended_at"] for record in records),
    )


def _row_from_report(path: ObjectStoragePath) -> RunRow:
    report = read_json(path)
    ended_at = report.get("ended_at") or (modified_at(path) or datetime.now(UTC)).isoformat()
    started_at = datetime.fromisoformat(ended_at) - timedelta(seconds=report["seconds"])
    return row_of(report, path.parent.name, started_at=started_at.isoformat(), ended_at=ended_at)


def _row_of_line(line: str) -> RunRow | None:
    try:
        return RunRow.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
        log.warning("A line of the history is not readable (%s)", type(error).__name__)
        return None


def _read_kept(path: ObjectStoragePath) -> KeptRuns:
    return KeptRuns(read_bytes(path).decode().splitlines())


_reported = Remembered(_row_from_report, keep=5_000)
_kept = Remembered(_read_kept, keep=200)
