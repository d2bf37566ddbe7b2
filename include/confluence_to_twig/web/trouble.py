"""Trouble with single pages: those that are quarantined, and those whose conversion may have lost something."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.runs.report import assemble, read_records
from confluence_to_twig.runs.verify_memory import read_verify_memory
from confluence_to_twig.staging.audience_manifests import read_all
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import files_in, read_json
from confluence_to_twig.staging.layout import RunStaging
from confluence_to_twig.staging.parquet import iter_rows, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.runs.run_row import RunRow
    from confluence_to_twig.staging.layout import SourceStaging
    from confluence_to_twig.twig.finding import Finding

log = logging.getLogger(__name__)

Row = dict[str, Any]

#: A page with a lower share of its words in the Markdown is listed.
ENOUGH_COVERAGE = 0.98
#: How many of the newest runs are read.
RUNS_LOOKED_INTO = 30
_DOCUMENT_COLUMNS = [
    "page_id",
    "title",
    "url",
    "version",
    "converter_version",
    "coverage",
    "tolerant",
    "unknown_macros",
    "left_out",
]


def quarantined(staging: SourceStaging, history: Iterable[RunRow]) -> list[Row]:
    """The pages that failed in one of the newest runs and were not loaded since, newest failure first.

    :param history: the source's runs, newest first.
    :returns: rows of :data:`confluence_to_twig.staging.schemas.QUARANTINE` with the run's folder as ``run``.
    """
    held = _held(staging, "version")
    found = _newest_by_page(_rows(staging, history, "quarantine", _failures))
    return [row for row in found if (held.get(row["page_id"]) or (-1,))[0] < row["version"]]


def conversion_warnings(staging: SourceStaging, history: Iterable[RunRow]) -> list[Row]:
    """The pages in Twig whose conversion left something out, met unknown macros or was not well-formed XML.

    :param history: the source's runs, newest first.
    :returns: page_id, title, url, version, coverage (0 to 1), tolerant, unknown_macros, left_out and the run's folder as ``run``;
        lowest coverage first.
    """
    held = _held(staging, "version", "converter_version")
    found = _newest_by_page(_rows(staging, history, "documents", _warned))
    current = [row for row in found if held.get(row["page_id"]) == (row["version"], row.pop("converter_version"))]
    return sorted(current, key=lambda row: (row["coverage"], row["title"]))


def run_warnings(staging: SourceStaging, folder: str) -> list[str]:
    """The warnings of a run's tasks, also of a run that has no report yet; without what verify found, which
    :func:`open_findings` gives."""
    run = RunStaging(staging.runs / folder)
    try:
        report = read_json(run.report)
    except FileNotFoundError:
        report = assemble(staging.source, "", read_records(run))
    found = {str(finding) for finding in read_verify_memory(staging).findings}
    return [text for warning in report["warnings"] if (text := str(warning)) not in found]


def open_findings(staging: SourceStaging) -> list[Row]:
    """What verify found, is still so, and nobody has acknowledged: text, page_id, url, since and proven of each."""
    return [_shown(finding) for finding in read_verify_memory(staging).findings if not finding.acknowledged]


def _shown(finding: Finding) -> Row:
    return {
        "text": str(finding),
        "page_id": finding.page_id,
        "url": finding.url,
        "since": finding.since and finding.since.isoformat(),
        "proven": finding.is_proven,
    }


def needs_a_look(table: pa.Table) -> pa.Table:
    """The rows of a documents table that give reason for a warning."""
    poor = pc.less(table["coverage"], ENOUGH_COVERAGE)
    unknown = pc.greater(pc.list_value_length(table["unknown_macros"]), 0)
    wanted = pc.or_(pc.or_(poor, unknown), table["tolerant"])
    if "left_out" in table.column_names:  # runs before this column was there have none
        lacking = pc.fill_null(pc.greater(pc.list_value_length(table["left_out"]), 0), fill_value=False)
        wanted = pc.or_(wanted, lacking)
    return table.filter(wanted)


def _rows(staging: SourceStaging, history: Iterable[RunRow], kind: str, read: Remembered[list[Row]]) -> Iterator[Row]:
    for run in islice(history, RUNS_LOOKED_INTO):
        folder = staging.runs / run.folder / kind
        for name in files_in(folder):
            if name.endswith(".parquet"):
                yield from (row | {"run": run.folder} for row in read(folder / name) or ())


def _newest_by_page(rows: Iterable[Row]) -> list[Row]:
    """One row for each page: the first, which is the newest."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["page_id"], row)
    return list(first.values())


def _held(staging: SourceStaging, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Page id → these columns of the manifest."""
    table = read_all(staging, ["page_id", *columns])
    values = zip(*(table[column].to_pylist() for column in columns), strict=True)
    return dict(zip(table["page_id"].to_pylist(), values, strict=True))


def _read_failures(path: ObjectStoragePath) -> list[Row]:
    return list(iter_rows(path))


def _read_warned(path: ObjectStoragePath) -> list[Row]:
    rows: list[Row] = needs_a_look(read_table(path, _DOCUMENT_COLUMNS)).to_pylist()
    return rows


_failures = Remembered(_read_failures, keep=200)
_warned = Remembered(_read_warned, keep=500)


def last_look(staging: SourceStaging) -> dict[str, Any] | None:
    """What `confluence-to-twig doctor` found when it looked last; None: it never did, or its file cannot be read."""
    try:
        return read_json(staging.doctor)
    except FileNotFoundError:
        return None
    except (ValueError, OSError, PipelineError):
        log.warning("%s cannot be read", staging.doctor, exc_info=True)
        return None
