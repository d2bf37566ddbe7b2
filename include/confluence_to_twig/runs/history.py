"""History: one line for each run of a source, kept for longer than the run's files.

``<source>/history.jsonl`` holds one JSON object for each run that is over. The first and the last task of each run add
the lines that are missing: the run's own, and those of runs that broke off. A run that was cleared and ended again has
two lines; the later one counts. On a local disk lines are appended; an object store cannot append, so the file is
replaced. Should two runs end at the same time and one overwrite the other's line, the next one puts it back.

Reading joins the file with the folders of runs that it does not know, so a run under way is seen, too. Lines are parsed
from the newest on, and only as many as somebody asks for.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from confluence_to_twig.runs.report import build_report, read_records
from confluence_to_twig.runs.run_row import RunRow, row_of
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import (
    FORMAT,
    UnknownFormatError,
    folders_in,
    make_local_folder,
    modified_at,
    open_local,
    read_bytes,
    read_json,
    write_bytes,
)
from confluence_to_twig.staging.layout import RunStaging, folder_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.report import Record
    from confluence_to_twig.staging.layout import SourceStaging

log = logging.getLogger(__name__)

#: Runs that the file keeps; three years of a daily source, a month of one that runs every half hour.
KEPT_RUNS = 1_500
#: Runs that did not end well and may have been cleared since: so many of the newest are looked at again.
LOOKED_AT_AGAIN = 20
#: How a line begins and ends: enough to sort the lines and to know their runs without parsing them.
_LINE = re.compile(r'\{"folder": "([^"\\]+)", "ended_at": "([^"\\]+)", .*\}')


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
    kept = _kept(_file(staging)) or KeptRuns([])
    return Runs(_fresh(staging, kept, folders_in(staging.runs)), kept)


def read_history(staging: SourceStaging) -> list[RunRow]:
    """Every run that is known, the one that ended first first."""
    return list(newest_first(staging))[::-1]


def remember(
    staging: SourceStaging,
    run_id: str,
    abandoned_before: datetime | None = None,
    folders: Collection[str] | None = None,
) -> Runs:
    """Add the lines of runs that are over and not in the file yet.

    :param run_id: the run that asks. If it has just ended again, its line is added, however old the run is.
    :param abandoned_before: a run that is not over and left no sign of life since then is taken for failed.
    :param folders: the folders of runs that are there; None: they are looked for.
    :returns: every run that is known.
    """
    path = _file(staging)
    kept = _kept(path) or KeptRuns([])
    known = set(kept.newest_first())
    found = folders_in(staging.runs) if folders is None else folders
    fresh = [_given_up(row, abandoned_before) for row in _fresh(staging, kept, found, folder_name(run_id))]
    runs = Runs(fresh, kept)
    new = [row for row in fresh if row.state != "running" and row not in known]
    if not new:
        return runs
    if path.protocol == "file" and len(kept) + len(new) <= KEPT_RUNS + KEPT_RUNS // 10:
        _append(path, new)
    else:
        ended_again = {row.folder for row in new}
        rows = [*(row for row in known if row.folder not in ended_again), *new]
        write_bytes(path, "\n".join(map(_line, _ordered(rows)[-KEPT_RUNS:])).encode())
    return runs


def _file(staging: SourceStaging) -> ObjectStoragePath:
    return staging.home / "history.jsonl"


def _fresh(staging: SourceStaging, kept: KeptRuns, found: Iterable[str], own: str = "") -> list[RunRow]:
    """The rows of the folders that the file does not know, or may know no longer."""
    folders = set(found)
    doubtful = {row.folder for row in islice(kept.newest_first(), LOOKED_AT_AGAIN) if row.state != "success"}
    return _ordered(_read_rows(staging, sorted((folders - kept.folders) | (folders & {own, *doubtful}))))


def _given_up(row: RunRow, abandoned_before: datetime | None) -> RunRow:
    if row.state != "running" or abandoned_before is None or datetime.fromisoformat(row.ended_at) >= abandoned_before:
        return row
    return replace(row, state="failed", problem="The run broke off, and no task says why")


def _append(path: ObjectStoragePath, rows: Iterable[RunRow]) -> None:
    """One write. Each line begins with the line break, so that it is whole even if the write before it broke off."""
    make_local_folder(Path(path.path).parent)
    with open_local(Path(path.path), "ab") as file:
        file.write("".join(f"\n{_line(row)}" for row in rows).encode())


def _line(row: RunRow) -> str:
    first = {"folder": row.folder, "ended_at": row.ended_at, "format": FORMAT}
    return json.dumps(first | asdict(row), ensure_ascii=False)


class KeptRuns:
    """The lines of the file, each parsed when it is asked for.

    :param lines: one JSON object each, in any order.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        found = [(line, match) for line in lines if (match := _LINE.fullmatch(line))]
        found.sort(key=lambda entry: (entry[1][2], entry[1][1]), reverse=True)
        self._newest_first = [line for line, _ in found]
        self._rows: list[RunRow | None] = []
        self.folders = {match[1] for _, match in found}

    def __len__(self) -> int:
        return len(self._newest_first)

    def newest_first(self) -> Iterator[RunRow]:
        """The rows, the run that ended last first, one for each run. A line that is not readable is left out: the page
        is worth more, and the run's folder, if it is still there, gives it again."""
        given = set()
        for index in range(len(self._newest_first)):
            if index == len(self._rows):
                self._rows.append(_row_of_line(self._newest_first[index]))
            if (row := self._rows[index]) is not None and row.folder not in given:
                given.add(row.folder)
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
    except (ValueError, KeyError, TypeError, UnknownFormatError) as error:
        log.warning("The report of run %s is not readable (%s)", run.home, type(error).__name__)
        return None


def _unreported(run: RunStaging, source: str) -> RunRow | None:
    """The line of a run without a report: it is under way, or failed before its last task."""
    records = read_records(run)
    return row_of_records(run, source, records) if records else None


def row_of_records(
    run: RunStaging, source: str, records: Sequence[Record], failures: list[Record] | None = None
) -> RunRow:
    """The line of a run as far as it got.

    :param records: of its tasks; one at least. :param failures: its failed pages, if they are known.
    """
    return row_of(
        build_report(run, source, str(records[0].get("run_id", "")), failures, records),
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
        data = json.loads(line)
        if data["format"] > FORMAT:
            raise ValueError("the line of a newer release")
        return RunRow.from_json(data)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("A line of the history is not readable (%s)", type(error).__name__)
        return None


def _read_kept(path: ObjectStoragePath) -> KeptRuns:
    return KeptRuns(read_bytes(path).decode().splitlines())


_reported = Remembered(_row_from_report, keep=5_000)
_kept = Remembered(_read_kept, keep=200)
