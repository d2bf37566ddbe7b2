"""What became of each page of a plan: told by the files that the run's tasks left, without a word from Confluence or Twig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.errors import PipelineError
from confluence_to_twig.staging.cached import Remembered
from confluence_to_twig.staging.files import files_in, read_json
from confluence_to_twig.staging.layout import folder_name
from confluence_to_twig.staging.manifest_reader import ManifestReader
from confluence_to_twig.staging.parquet import read_table

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from confluence_to_twig.staging.layout import RunStaging, SourceStaging

#: In the order in which the page lists them: what needs somebody first.
OUTCOMES = (
    "refused", "quarantined", "held back", "not fetched", "kept in Twig", "not done",
    "waiting", "fetched", "converted", "loaded", "deleted", "kept out", "left",
)  # fmt: skip


@dataclass(frozen=True)
class RunState:
    """How far a run is. :param over: none of its tasks works any more. :param dry: it was a dry run."""

    over: bool
    dry: bool


def with_outcomes(plan: pa.Table, run: RunStaging, staging: SourceStaging, state: RunState) -> pa.Table:
    """A plan with the column ``outcome``.

    ``loaded`` says that Twig was given the page by this run, or had it like that already. ``held back``: load kept it, as
    Twig would lose text. ``kept in Twig``: a deletion that nobody approved, or that another run made needless.
    ``not fetched``: it was gone when the run asked for it, or the run ended before. ``not done``: a dry run.
    """
    if not plan.num_rows:
        return plan.append_column("outcome", pa.array([], pa.string()))
    ids, action = plan["page_id"], plan["action"]
    fetch, delete = pc.equal(action, "fetch"), pc.equal(action, "delete")
    failed, refused = _quarantined(run)
    converted = _within(ids, _ids_in(run, "documents"))
    held = ManifestReader(staging, ["page_id", "version", "run_id"]).read()
    version = held["version"].take(pc.index_in(ids, value_set=held["page_id"].combine_chunks()))
    older = pc.fill_null(pc.less(version, plan["version"]), fill_value=False)
    kept_back = pc.or_(older, _within(ids, _held_back(run, held)))
    loaded = pc.and_(converted, pa.scalar(_is_done(run, "load")))
    gone = pc.and_(pc.is_null(version), pa.scalar(_is_done(run, "prune")))
    unfinished = ("not fetched", "kept in Twig") if state.over else ("waiting", "waiting")
    cases = [
        (pc.equal(action, "skip"), "kept out"),
        (pc.equal(action, "leave"), "left"),
        (pa.chunked_array([pa.repeat(state.dry, plan.num_rows)]), "not done"),
        (pc.and_(fetch, _within(ids, refused)), "refused"),
        (pc.and_(fetch, _within(ids, failed)), "quarantined"),
        (pc.and_(fetch, pc.and_(loaded, kept_back)), "held back"),
        (pc.and_(fetch, loaded), "loaded"),
        (pc.and_(fetch, converted), "converted"),
        (pc.and_(fetch, _within(ids, _ids_in(run, "pages"))), "fetched"),
        (fetch, unfinished[0]),
        (pc.and_(delete, gone), "deleted"),
    ]
    conditions = pa.StructArray.from_arrays(
        [condition.combine_chunks() for condition, _ in cases], names=[str(number) for number in range(len(cases))]
    )
    outcome = pc.case_when(conditions, *(pa.scalar(word) for _, word in cases), pa.scalar(unfinished[1]))
    return plan.append_column("outcome", outcome)


def count_outcomes(table: pa.Table) -> dict[str, int]:
    """Outcome → pages, in the order of :data:`OUTCOMES`, without those that no page has."""
    counted = {row["values"]: row["counts"] for row in pc.value_counts(table["outcome"]).to_pylist()}
    return {outcome: counted[outcome] for outcome in OUTCOMES if outcome in counted}


def _within(ids: pa.ChunkedArray, wanted: list[str]) -> pa.ChunkedArray:
    return pc.is_in(ids, value_set=pa.array(wanted, pa.string()))


def _ids_in(run: RunStaging, kind: str) -> list[str]:
    folder = run.home / kind
    return [id_ for name in files_in(folder) if name.endswith(".parquet") for id_ in _page_ids(folder / name) or ()]


def _quarantined(run: RunStaging) -> tuple[list[str], list[str]]:
    """The pages that failed before Twig saw them, and those that Twig refused."""
    folder, failed, refused = run.home / "quarantine", list[str](), list[str]()
    for name in files_in(folder):
        if name.endswith(".parquet"):
            (refused if name.startswith("load-") else failed).extend(_page_ids(folder / name) or ())
    return failed, refused


def _held_back(run: RunStaging, held: pa.Table) -> list[str]:
    """The pages that load asked about, without those that were sent after all."""
    try:
        asked = [str(entry["page_id"]) for entry in read_json(run.held_back)["shrunk"]]
    except FileNotFoundError:
        return []
    rows = held.filter(pc.is_in(held["page_id"], value_set=pa.array(asked, pa.string()))).to_pylist()
    sent = {row["page_id"] for row in rows if folder_name(row["run_id"]) == run.home.name}
    return [page_id for page_id in asked if page_id not in sent]


def _is_done(run: RunStaging, task: str) -> bool:
    try:
        record: dict[str, Any] = read_json(run.home / "report" / f"{task}.json")
    except (FileNotFoundError, ValueError, PipelineError):
        return False
    return record.get("state") == "success"


def _read_ids(path: ObjectStoragePath) -> list[str]:
    ids: list[str] = read_table(path, ["page_id"])["page_id"].to_pylist()
    return ids


_page_ids = Remembered(_read_ids, keep=500)
