"""Discover: look at the space, compare it with the manifest, write the plan."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.confluence.api.client import ConfluenceClient
from confluence_to_twig.confluence.api.hook import ConfluenceHook
from confluence_to_twig.confluence.sweep.missing import explain_missing_of
from confluence_to_twig.content import CONVERTER_VERSION
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.memory import give_memory_back
from confluence_to_twig.planning.decision import OUTSIDE, Scope
from confluence_to_twig.planning.files import files_held, ids_told, page_of
from confluence_to_twig.planning.plan import OF_MANIFEST, candidates_for_deletion, counts_by_reason, plan
from confluence_to_twig.planning.selection import Selection, missing_roots
from confluence_to_twig.planning.slim import slimmed
from confluence_to_twig.planning.window import Window
from confluence_to_twig.runs.held_decorations import (
    NOTHING,
    HeldDecorations,
    read_held_decorations,
    write_held_decorations,
)
from confluence_to_twig.runs.record import Record, recorded
from confluence_to_twig.runs.run_spaces import read_run_spaces
from confluence_to_twig.runs.sweep_memory import SweepMemory, read_sweep_memory, write_sweep_memory
from confluence_to_twig.staging.audience_manifests import held_by_all
from confluence_to_twig.staging.files import folders_in, remove_folder
from confluence_to_twig.staging.parquet import TABLE_OPTIONS, ParquetWriter
from confluence_to_twig.staging.rows import ATTACHMENT_KIND
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.tasks.file_planning import kinds_of, missing_files, plan_files, write_files
from confluence_to_twig.tasks.idle import is_load_idle
from confluence_to_twig.tasks.looks import look_at_each, report_looks
from confluence_to_twig.tasks.routing import route
from confluence_to_twig.tasks.shared_staging import require_shared
from confluence_to_twig.tasks.twig_target import settle_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluence_to_twig.runs.run import Run
    from confluence_to_twig.runs.run_spaces import RunSpaces
    from confluence_to_twig.tasks.looks import Looks
    from confluence_to_twig.tasks.routing import Routes

log = logging.getLogger(__name__)


class Discovered(NamedTuple):
    """What is to be done.

    :param shards: one ``{"shard": 0, "first": 1, "last": 500}`` for each slice of the pages to fetch (none in a dry run).
    :param is_idle: load and prune have nothing to do either.
    """

    shards: list[dict[str, int]]
    is_idle: bool


def discover(run: Run, validated: Mapping[str, Any]) -> Discovered:
    """Write ``inventory/<space id>.parquet`` and ``plan.parquet``."""
    with recorded(run) as record:
        require_shared(run)
        _clear(run)
        spaces = read_run_spaces(run, validated)
        hook = ConfluenceHook(run.source.confluence_conn_id)
        with hook.client(validated["sign_in"]) as client, record.traffic("confluence", client):
            # Before the sweep: what another run loads meanwhile is then not in the manifest, and not taken for gone.
            settle_manifests(run, record)
            manifest = slimmed(held_by_all(run.source_staging, OF_MANIFEST))
            held_ids = frozenset(manifest["page_id"].to_pylist()) if run.source.root_pages else frozenset()
            looks = look_at_each(run, client, spaces.selected, record, held_ids)
            looks, routes = route(run, client, looks, manifest, record)
            if routes.opened and not run.params.dry_run:
                settle_manifests(run, record, only=routes.opened)
                manifest = slimmed(held_by_all(run.source_staging, OF_MANIFEST))
            manifest = _fitted(run, validated, looks, manifest)
            missing = _missing(run, client, spaces, looks, manifest)
            files = plan_files(run, looks.table, manifest, missing)
            proof = client.workers.submit(ConfluenceClient.prove_again, client)
            memory = _remembered(run, looks, manifest)
            held = _held_decorations(run, manifest)
            scope = _scope(run, validated, looks, missing, memory, held, routes)
            give_memory_back()
            planned = plan(looks.table, manifest, scope, files)
            proof.result()
            record.figures["requests"] = client.requests_made
            del manifest  # the plan has what is needed of it
            give_memory_back()
        report_looks(looks, record, many=bool(run.source.spaces))
        _require_roots(run, looks, scope)
        looks.write(run)
        write_files(run, files, planned)
        with ParquetWriter(run.staging.plan, PLAN, options=TABLE_OPTIONS) as writer:
            writer.write_table(planned)
        _remember(run, validated, looks, planned, memory)
        _name_what_is_not_there(run, planned, record)
        if run.source.spaces:
            record.details["spaces"] = looks.rows(planned)
        what = "pages" if files is None else "pages and files"
        return Discovered(_shards(run, planned, record, what), is_load_idle(run, planned, looks.table, held))


def _is_regular(run: Run, validated: Mapping[str, Any]) -> bool:
    return not run.params.page_ids and not Window.from_json(validated["window"]).strict


def _fitted(run: Run, validated: Mapping[str, Any], looks: Looks, manifest: pa.Table) -> pa.Table:
    """The manifest; empty when so many pages call for another layout of the files than they have."""
    regular = not looks.unproven and _is_regular(run, validated)
    if run.source.delivery != "files" or not regular or run.params.dry_run:
        return manifest
    from confluence_to_twig.tasks.file_target import fit_targets

    files = pa.array(sorted(ids_told(looks.table)), pa.string())
    ids = pa.chunked_array([*looks.table["page_id"].chunks, *manifest["page_id"].chunks, files], pa.string())
    return manifest.slice(0, 0) if fit_targets(run, pc.count_distinct(ids).as_py()) else manifest


def _held_decorations(run: Run, manifest: pa.Table) -> HeldDecorations:
    """What the documents in Twig were made with. Written down at once for a source that has loaded nothing yet: what a
    first run loads before it fails is then known to be unnoted."""
    held = read_held_decorations(run.source_staging)
    if manifest.num_rows or run.params.dry_run:
        return held
    write_held_decorations(run.source_staging, NOTHING)
    return NOTHING


def _remembered(run: Run, looks: Looks, manifest: pa.Table) -> SweepMemory:
    """What the sweeps before found, and what those of this run add to the doubts."""
    memory = read_sweep_memory(run.source_staging)
    if not looks.swept or run.source.restricted_pages == "include":
        return memory
    swept = pc.is_in(looks.table["space_id"], value_set=pa.array(sorted(looks.swept), pa.string()))
    doubtful = looks.table.filter(pc.and_(swept, pc.is_valid(looks.table["restriction_unknown"])))["page_id"]
    homes = pa.array(sorted({page_of(row) for row in files_held(manifest)}), pa.string())
    held = pc.is_in(doubtful, pa.concat_arrays([*manifest["page_id"].chunks, homes]))
    not_swept = looks.table["page_id"].filter(pc.invert(swept)).to_pylist() if memory.doubts else ()
    return memory.doubting(doubtful.filter(held).to_pylist(), run.run_id, datetime.now(UTC), not_asked=not_swept)


def _remember(run: Run, validated: Mapping[str, Any], looks: Looks, planned: pa.Table, memory: SweepMemory) -> None:
    """Only what a regular run saw of whole spaces counts for the runs after it."""
    proven = {space.id for space in looks.looked} - looks.unproven
    if run.params.dry_run or not _is_regular(run, validated) or (looks.unproven and not proven):
        return
    left = (pc.field("reason") == OUTSIDE) & pc.field("manifest_version").is_null()
    outside = planned.filter(left & (pc.field("kind") != ATTACHMENT_KIND))
    left_outside = set(outside["page_id"].to_pylist())
    if looks.unproven:
        seen = looks.table.filter(pc.is_in(looks.table["space_id"], value_set=pa.array(sorted(proven), pa.string())))
        left_outside |= (memory.left_outside or frozenset()) - set(seen["page_id"].to_pylist())
    after = replace(memory, left_outside=frozenset(left_outside))
    write_sweep_memory(run.source_staging, after.planned(run.run_id, datetime.now(UTC)))


def _require_roots(run: Run, looks: Looks, scope: Scope) -> None:
    """Go on only with page trees that are there: without one, its pages would be deleted, or those excluded be sent."""
    if looks.unproven or not looks.table.num_rows:
        return
    if missing := missing_roots(looks.table, scope.selection):
        raise PermanentError(
            f"{_named(run)} has no page and no folder {', '.join(map(repr, missing))} that this account "
            "can see, which root_pages or exclude_root_pages names",
            "Was it renamed, moved or deleted? Correct the source: an id stays the same when a title changes. Until then "
            "nothing is sent and nothing deleted.",
        )


def _name_what_is_not_there(run: Run, planned: pa.Table, record: Record) -> None:
    wanted = run.params.page_ids
    if unknown := wanted and sorted(set(wanted) - set(planned["page_id"].to_pylist())):
        record.warn(
            f"{_named(run)} has no page with the id {', '.join(unknown)} that this account can see, and "
            "Twig holds none either. The id is the number in a page's address."
        )


def _named(run: Run) -> str:
    return f"Space {run.source.space_key}" if run.source.space_key else f"None of the spaces {run.source.spaces_text}"


def _scope(
    run: Run,
    validated: Mapping[str, Any],
    looks: Looks,
    missing: Mapping[str, str],
    memory: SweepMemory,
    held: HeldDecorations,
    routes: Routes,
) -> Scope:
    now = datetime.now(UTC)
    known = {"attachments": held.attachments, "comments": held.comments}
    render_again = run.source.render_again if run.source.render_macros else None
    return Scope(
        window=Window.from_json(validated["window"]),
        sweep_complete=bool(run.source.spaces) or not looks.unproven,
        unproven=looks.unproven,
        converter_version=CONVERTER_VERSION,
        kinds=kinds_of(run.source),
        restricted_pages=run.source.restricted_pages,
        selection=Selection.of(run.source, now, memory.planned_until(run.run_id)),
        page_ids=frozenset(run.params.page_ids),
        force=run.params.force,
        doubted=memory.doubted(now),
        left_outside=memory.left_outside,
        missing=missing,
        shard_size=run.source.shard_size,
        decorations={kind: digests for kind, digests in known.items() if digests is not None},
        to_render=held.to_render(now, render_again),
        run_id=run.run_id,
        routed=routes.routed,
        audiences=routes.audiences,
    )


def _missing(run: Run, client: ConfluenceClient, spaces: RunSpaces, looks: Looks, manifest: pa.Table) -> dict[str, str]:
    """Why pages of the manifest were not seen. Not asked of spaces that were not seen in full: nothing of them goes."""
    candidates = candidates_for_deletion(looks.table, manifest)
    if looks.unproven:
        unproven = pc.is_in(candidates["space_id"], value_set=pa.array(sorted(looks.unproven), pa.string()))
        kept = pc.or_(unproven, pc.is_null(candidates["space_id"]))
        candidates = candidates.filter(pc.invert(kept)) if run.source.spaces else candidates.slice(0, 0)
    reasons: dict[str, str] = {}
    for kind in run.source.content:
        ids = candidates.filter(pc.field("kind") == kind)["page_id"].to_pylist()
        reasons |= explain_missing_of(client, ids, kind, spaces.places)
    if run.source.attachments == "documents":
        reasons |= missing_files(client, looks.table, manifest, candidates, reasons, spaces.places)
    return reasons


def _shards(run: Run, planned: pa.Table, record: Record, what: str) -> list[dict[str, int]]:
    reasons = counts_by_reason(planned)
    record.details["plan"] = reasons
    record.details["converter"] = CONVERTER_VERSION
    for action, counted in reasons.items():
        record.figures[f"to_{action}"] = sum(counted.values())
        for reason, number in counted.items():
            log.info("%s %s %s: %s", action, f"{number:,}", what, reason)
    if not reasons["fetch"] and not reasons["delete"]:
        log.info("Nothing to do: Twig holds every page in scope in its newest version")
    to_fetch, size = sum(reasons["fetch"].values()), run.source.shard_size
    if run.params.dry_run:
        log.info("Dry run: nothing is fetched, sent or deleted")
        return []
    return [
        {"shard": number, "first": first + 1, "last": min(first + size, to_fetch)}
        for number, first in enumerate(range(0, to_fetch, size))
    ]


def _clear(run: Run) -> None:
    """A second try of discover makes a new plan: files of the old one must not be taken for its results."""
    for folder in {"inventory", "pages", "documents", "chunks", "quarantine"} & set(folders_in(run.staging.home)):
        remove_folder(run.staging.home / folder)
