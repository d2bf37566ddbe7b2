"""Plan: inventory × manifest × window → which pages to fetch, delete, leave or skip, and why.

Pure: two tables in, one table out. Everything that needs the network (the sweep, the question why a page is missing)
has been answered before.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from confluence_to_twig.planning.audience import EVERYBODY
from confluence_to_twig.planning.comparison import Comparison, each_alone, joined
from confluence_to_twig.planning.decision import (
    LOADED_WITHOUT,
    UNCHANGED,
    Included,
    decide,
    included_page,
    is_hidden,
)
from confluence_to_twig.planning.files import FILE_ROWS, with_their_files
from confluence_to_twig.planning.selection import marked
from confluence_to_twig.planning.slim import plain
from confluence_to_twig.staging.schemas import PLAN, STRINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluence_to_twig.planning.decision import MarkedRow, Scope
    from confluence_to_twig.staging.rows import HeldRow

#: Columns of the inventory, and of the manifest, that decide.
_OF_PAGES = [
    "page_id", "space_id", "kind", "version", "title", "url", "ancestor_ids", "ancestors", "labels", "restricted",
    "restricted_by", "restriction_unknown", "labels_known", "broken_at", "modified_at", "attachments_digest", "comments_digest",
    "audience", "levels",
]  # fmt: skip
OF_MANIFEST = [
    "page_id", "space_id", "kind", "version", "title", "url", "ancestor_ids", "ancestors", "labels", "includes",
    "converter_version", "modified_at", "run_id", "audience",
]  # fmt: skip
#: Pages that are compared together.
_COMPARED_AT_ONCE = 20_000
#: Pages that are Python objects at the same time.
_DECIDED_AT_ONCE = 5_000
#: Pages that a run fetches for nothing but what they lack. Where that can never be had, a run stays short all the same.
RETRIED_AT_ONCE = 500


def plan(inventory: pa.Table, manifest: pa.Table, scope: Scope, files: pa.Table | None = None) -> pa.Table:
    """Decide for every page, and every file that is to be a document, of inventory or manifest.

    :param inventory: :data:`confluence_to_twig.staging.schemas.INVENTORY`.
    :param files: :data:`confluence_to_twig.planning.files.FILE_ROWS` of its pages; None: files are no documents.
    :param manifest: :data:`confluence_to_twig.staging.schemas.MANIFEST`, at least :data:`OF_MANIFEST`; may be
        slimmed (:mod:`confluence_to_twig.planning.slim`). Of a source with several data sources as
        :func:`confluence_to_twig.staging.audience_manifests.held_by_all` reads it.
    :returns: :data:`confluence_to_twig.staging.schemas.PLAN`, ordered by page id; pages to fetch carry their shard.
    """
    pages, manifest = marked(inventory.select(_OF_PAGES), scope.selection), _with_places(manifest)
    inventory = with_their_files(pages, FILE_ROWS.empty_table() if files is None else files)
    versions = _versions_of_included(inventory, manifest, scope)
    comparison, both = Comparison(scope), joined(inventory, manifest)
    parts = [
        _decided(_taken(inventory, some["seen"]), _taken(manifest, some["held"]), comparison, scope, versions)
        for some in (both.slice(start, _COMPARED_AT_ONCE) for start in range(0, both.num_rows, _COMPARED_AT_ONCE))
    ]
    planned = pa.concat_tables([PLAN.empty_table(), *parts])
    if scope.window.origin != "full":
        planned = _put_off(planned, scope.run_id)
    return _with_shards(planned, scope.shard_size)


def candidates_for_deletion(inventory: pa.Table, manifest: pa.Table) -> pa.Table:
    """The pages of the manifest that the sweep did not see: columns ``page_id``, ``space_id`` and ``kind``."""
    held = manifest.select(["page_id", "space_id", "kind"])
    seen = pc.is_in(held["page_id"], value_set=inventory["page_id"].combine_chunks())
    return held.filter(pc.invert(seen))


def counts_by_reason(planned: pa.Table) -> dict[str, dict[str, int]]:
    """How many pages a plan fetches, deletes, leaves and skips, by reason."""
    grouped = planned.group_by(["action", "reason"]).aggregate([([], "count_all")])
    counted: Counter[tuple[str, str]] = Counter()
    for row in grouped.to_pylist():
        counted[row["action"], _without_numbers(row["reason"])] += row["count_all"]
    table: dict[str, dict[str, int]] = {"fetch": {}, "delete": {}, "leave": {}, "skip": {}}
    for (action, reason), number in counted.most_common():
        table[action][reason] = number
    return table


def _with_places(manifest: pa.Table) -> pa.Table:
    """What decides of the manifest, and in which data sources its pages are: all in the source's own where nobody says."""
    if "held_in" not in manifest.column_names:
        own = each_alone(pa.repeat(EVERYBODY, manifest.num_rows))
        manifest = manifest.append_column("held_in", own)
    return manifest.select([*OF_MANIFEST, "held_in"])


def _versions_of_included(inventory: pa.Table, manifest: pa.Table, scope: Scope) -> dict[str, Included]:
    """What may be inside others, by page id, of the pages that others include.

    A page that may not be in Twig may not be inside another one either: its includer is converted again without it.
    """
    included = {included_page(entry)[0] for entry in pc.unique(pc.list_flatten(manifest["includes"])).to_pylist()}
    wanted = pc.is_in(inventory["page_id"], value_set=pa.array(list(included), pa.string()))
    rows = inventory.select(["page_id", "version", "restricted", "audience", "levels"]).filter(wanted).to_pylist()
    seen = {
        row["page_id"]: Included(row["version"], None if row["audience"] is None else row["levels"])
        for row in rows
        if not is_hidden(row["restricted"], scope)
    }
    if not scope.unproven:
        return seen
    # Of a space that was not seen nothing has changed as far as anybody knows.
    unseen = pc.and_(
        pc.is_in(
            manifest["page_id"], value_set=pa.array(sorted(included - {row["page_id"] for row in rows}), pa.string())
        ),
        pc.is_in(manifest["space_id"], value_set=pa.array(sorted(scope.unproven), pa.string())),
    )
    kept = manifest.select(["page_id", "version", "audience"]).filter(unseen).to_pylist()
    return {row["page_id"]: Included(row["version"], scope.levels_of(row["audience"])) for row in kept} | seen


def _taken(table: pa.Table, numbers: pa.ChunkedArray) -> pa.RecordBatch:
    """Rows by number, at least one; a row of nulls for null."""
    first, size = numbers[0].as_py(), len(numbers)
    in_a_row = first is not None and numbers.null_count == 0 and _are_numbers_from(numbers, first)
    taken = table.slice(first, size) if in_a_row else table.take(numbers)
    [batch] = taken.combine_chunks().to_batches()
    return plain(batch)


def _are_numbers_from(numbers: pa.ChunkedArray, first: int) -> bool:
    return bool(np.array_equal(numbers.to_numpy(), np.arange(first, first + len(numbers))))


def _decided(
    pages: pa.RecordBatch, known: pa.RecordBatch, comparison: Comparison, scope: Scope, versions: Mapping[str, Included]
) -> pa.Table:
    """The plan of some pages: each has a row in both tables, one of them may be of nulls."""
    differs = pc.invert(comparison.unchanged(pages, known))
    seen = cast("Iterator[MarkedRow | None]", _rows(pages.filter(differs)))
    held = cast("Iterator[HeldRow | None]", _rows(known.filter(differs)))
    decisions = [decide(page, row, scope, versions) for page, row in zip(seen, held, strict=True)]
    size, newest = pages.num_rows, {"version": pages["version"], "manifest_version": known["version"]}
    either = {
        name: pc.coalesce(pages[name], known[name])
        for name in ("page_id", "space_id", "kind", "title", "url", "modified_at")
    }
    outcome = {
        name: pc.replace_with_mask(pa.repeat(usual, size), differs, pa.array(told, pa.string()))
        for name, usual, told in (
            ("action", "leave", [decision.action for decision in decisions]),
            ("reason", UNCHANGED, [decision.reason for decision in decisions]),
        )
    }
    readers = {"audience": pages["audience"], "levels": pages["levels"]}
    # Arrow replaces no lists by a mask.
    numbers = pc.subtract(pc.cumulative_sum(pc.cast(differs, pa.int32())), 1)
    numbers = pc.if_else(differs, numbers, pa.scalar(None, pa.int32()))
    routes = {
        "target": pa.array([decision.target for decision in decisions], pa.string()).take(numbers),
        "leaves": pa.array([list(decision.leaves) for decision in decisions], STRINGS).take(numbers),
    }
    columns = either | newest | outcome | readers | routes
    columns |= {"manifest_run_id": known["run_id"], "shard": pa.nulls(size, pa.int32())}
    hidden = pc.or_kleene(pages["restricted"], pc.is_valid(pages["restriction_unknown"]))
    columns["restricted"] = pc.or_kleene(hidden, pc.not_equal(pc.fill_null(pages["audience"], EVERYBODY), EVERYBODY))
    return pa.table([columns[name] for name in PLAN.names], schema=PLAN)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | None]:
    """The rows; None for a row of nulls."""
    for start in range(0, batch.num_rows, _DECIDED_AT_ONCE):
        for row in batch.slice(start, _DECIDED_AT_ONCE).to_pylist():
            yield None if row["page_id"] is None else row


def _put_off(planned: pa.Table, run_id: str) -> pa.Table:
    """Leave pages that only lack something for later runs, where there are many: each run takes others."""
    lacking = pc.and_(pc.equal(planned["action"], "fetch"), pc.starts_with(planned["reason"], LOADED_WITHOUT))
    waiting = planned["page_id"].filter(lacking).to_pylist()
    waiting.sort(key=lambda page_id: zlib.crc32(f"{run_id} {page_id}".encode()))
    if len(waiting) <= RETRIED_AT_ONCE:
        return planned
    later = pc.is_in(planned["page_id"], value_set=pa.array(waiting[RETRIED_AT_ONCE:], pa.string()))
    told = pc.binary_join_element_wise(planned["reason"], "its turn comes in a later run", ": ")
    return _replaced(
        planned, action=pc.if_else(later, "leave", planned["action"]), reason=pc.if_else(later, told, planned["reason"])
    )


def _with_shards(planned: pa.Table, shard_size: int) -> pa.Table:
    fetched = pc.equal(planned["action"], "fetch")
    place = pc.subtract(pc.cumulative_sum(pc.cast(fetched, pa.int64())), 1)
    shard = pc.cast(pc.divide(place, shard_size), pa.int32())
    return _replaced(planned, shard=pc.if_else(fetched, shard, pa.scalar(None, pa.int32())))


def _replaced(table: pa.Table, **columns: pa.ChunkedArray) -> pa.Table:
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    return table


def _without_numbers(reason: str) -> str:
    return "version changed" if reason.startswith("version ") else reason
