"""The join decides as a look at every page would, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning import plan as planning
from confluence_to_twig.planning.audience import Audience, Level
from confluence_to_twig.planning.comparison import Comparison, joined
from confluence_to_twig.planning.decision import UNCHANGED, Decision, Included, Scope, decide
from confluence_to_twig.planning.files import FILE_ROWS, with_their_files
from confluence_to_twig.planning.plan import plan
from confluence_to_twig.planning.selection import Selection, marked
from confluence_to_twig.planning.slim import plain, slimmed
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.schemas import INVENTORY, MANIFEST, STRINGS
from tests.planning.test_plan import AUGUST, JULY, JUNE, held, page
from tests.proofs import examples

IDS = ["7", "8", "10", "007", "x", "99999999999999999999"]
TIMES = [JUNE, JULY, JULY - timedelta(microseconds=1), AUGUST]
LISTS = [[], ["1"], ["2"], ["1", "2"], ["12"], ["", "12"], ["1\x1f2"]]
DIGESTS = [None, "", "a", "b"]


def _usually(usual: Any, others: list[Any]) -> st.SearchStrategy[Any]:
    """The same on both sides most times, so that many pages are unchanged but for one thing."""
    return st.integers(0, 11).flatmap(lambda number: st.sampled_from(others) if number == 0 else st.just(usual))


_BOTH = {
    "space_id": _usually("1", ["2"]),
    "kind": _usually("page", ["page", "blogpost"]),
    "version": _usually(3, [2, 4]),
    "title": _usually("Title", ["Other", "Title "]),
    "url": _usually("https://example.com/a", ["https://example.com/b"]),
    "ancestor_ids": _usually(["1"], LISTS),
    "ancestors": _usually(["Home"], LISTS),
    "labels": _usually(["a", "b"], [[], ["b", "a"], ["a"], ["draft", "a"]]),
    "modified_at": _usually(JUNE, TIMES),
}
_PAGE = _BOTH | {
    "restricted": _usually(False, [True]),
    "restricted_by": _usually(None, ["1", "7"]),
    "restriction_unknown": _usually(None, ["", "404"]),
    "labels_known": _usually(True, [False]),
    "broken_at": _usually(None, ["1"]),
    "attachments_digest": st.sampled_from(DIGESTS),
    "comments_digest": st.sampled_from(DIGESTS),
    "audience": _usually("", [None, "a", "b", "c"]),
    "levels": st.sampled_from([None, [], [{"users": ["ada"], "groups": []}]]),
}
_HELD = _BOTH | {
    "includes": _usually([], [["7@3"], ["8@2"], ["comments@missing"], ["x@1", "7@3"]]),
    "converter_version": _usually("1", ["", "2"]),
    "audience": _usually("", [None, "a", "b"]),
    "held_in": _usually([""], [["a"], ["b"], ["", "a"], ["a", "b"]]),
}
_pages = st.dictionaries(st.sampled_from(IDS), st.fixed_dictionaries(_PAGE))
_held = st.dictionaries(st.sampled_from(IDS), st.fixed_dictionaries(_HELD))
_digests = st.dictionaries(st.sampled_from(IDS), st.sampled_from(["a", "b", "?"]))
_scopes = st.builds(
    Scope,
    window=st.sampled_from(
        [
            Window(None, None, "whole space"),
            Window(JULY, AUGUST, "data interval"),
            Window(None, JULY, "since"),
            Window(JULY, AUGUST, "backfill", strict=True),
            Window(None, None, "full"),
        ]
    ),
    sweep_complete=st.booleans(),
    converter_version=st.just("1"),
    kinds=st.sampled_from([("page",), ("page", "blogpost")]),
    restricted_pages=st.sampled_from(["skip", "include", "audiences"]),
    unproven=st.sampled_from([frozenset(), frozenset({"1"}), frozenset({"2"})]),
    selection=st.sampled_from(
        [
            Selection(),
            Selection(exclude_labels=frozenset({"draft", "other"})),
            Selection(root_pages=("1",), exclude_root_pages=("2",), include_labels=frozenset({"a"})),
            Selection(exclude_titles=("oth*",), oldest=JULY, young_before=JUNE),
        ]
    ),
    page_ids=st.sampled_from([frozenset(), frozenset({"7", "x"})]),
    force=st.booleans(),
    doubted=st.sampled_from([frozenset(), frozenset({"7"})]),
    left_outside=st.sampled_from([None, frozenset(), frozenset({"8"})]),
    missing=st.dictionaries(st.sampled_from(IDS), st.sampled_from(["trashed", "still there", "untold"])),
    shard_size=st.integers(1, 3),
    decorations=st.one_of(
        st.just({}),
        st.fixed_dictionaries({"attachments": _digests, "comments": _digests}),
        st.fixed_dictionaries({"comments": _digests}),
    ),
    to_render=st.sampled_from([frozenset(), frozenset({"8", "10"})]),
    routed=st.sampled_from([frozenset({""}), frozenset({"", "a"}), frozenset({"", "a", "b"})]),
    audiences=st.just({"": Audience(), "a": Audience.of([Level.of(["ada"])]), "b": Audience.of([Level.of(["bob"])])}),
)


def _is_not_for_everybody(page: Any) -> bool:
    return page["restricted"] or page["restriction_unknown"] is not None or page["audience"] not in (None, "")


def _route(decision: Decision) -> dict[str, Any]:
    """What is told of a page that stays as it is, unless something speaks against it, is null."""
    if decision.reason == UNCHANGED and not decision.leaves:
        return {"target": ANY, "leaves": ANY}
    return {"target": decision.target, "leaves": list(decision.leaves)}


def one_by_one(pages: dict[str, Any], known: dict[str, Any], scope: Scope) -> list[dict[str, Any]]:
    """The plan as a loop over all pages makes it."""
    versions = {
        page_id: Included(row["version"], None if row["audience"] is None else row["levels"])
        for page_id, row in pages.items()
        if not (row["restricted"] and scope.restricted_pages == "skip")
    }
    versions |= {
        page_id: Included(row["version"], scope.levels_of(row["audience"]))
        for page_id, row in known.items()
        if page_id not in pages and row["space_id"] in scope.unproven
    }
    table = marked(pa.Table.from_pylist(list(pages.values()), schema=INVENTORY), scope.selection)
    table = with_their_files(table, FILE_ROWS.empty_table())
    pages = {row["page_id"]: row for row in table.to_pylist()}
    rows: list[dict[str, Any]] = []
    for page_id in sorted(pages.keys() | known.keys(), key=lambda key: (int(key) if key.isdecimal() else 0, key)):
        seen, row = pages.get(page_id), known.get(page_id)
        decision = decide(seen, row, scope, versions)  # type: ignore[arg-type]
        fetched = sum(entry["action"] == "fetch" for entry in rows)
        either = seen or row or {}
        rows.append(
            {name: either[name] for name in ("page_id", "space_id", "kind", "title", "url", "modified_at")}
            | {"action": decision.action, "reason": decision.reason}
            | {"audience": seen and seen["audience"], "levels": seen and seen["levels"]}
            | _route(decision)
            | {"version": seen and seen["version"], "manifest_version": row and row["version"]}
            | {"manifest_run_id": row and row["run_id"]}
            | {"shard": fetched // scope.shard_size if decision.action == "fetch" else None}
            | {"restricted": seen and _is_not_for_everybody(seen)}
        )
    return rows


@examples(70, 20_000)
@given(pages=_pages, known=_held, scope=_scopes, at_once=st.integers(1, 7), slim=st.booleans())
def test_the_join_decides_as_a_loop_over_all_pages(
    pages: dict[str, Any], known: dict[str, Any], scope: Scope, at_once: int, slim: bool
) -> None:
    pages = {page_id: page(page_id, **row) for page_id, row in pages.items()}
    for row in pages.values():  # a title for each page above
        row["ancestors"] = [*row["ancestors"], *row["ancestor_ids"]][: len(row["ancestor_ids"])]
    known = {page_id: held(page_id, **row) for page_id, row in known.items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(planning, "_COMPARED_AT_ONCE", at_once)
        rows = list(known.values())
        places = pa.array([row["held_in"] for row in rows], STRINGS)
        manifest = pa.Table.from_pylist(rows, schema=MANIFEST).append_column("held_in", places)
        planned = plan(
            pa.Table.from_pylist(list(pages.values()), schema=INVENTORY),
            slimmed(manifest) if slim else manifest,
            scope,
        )
    planned.validate(full=True)
    assert planned.to_pylist() == one_by_one(pages, known, scope)


def test_unchanged_pages_are_found_without_a_look_at_each() -> None:
    inventory = pa.Table.from_pylist([page("7"), page("8", title="new")], schema=INVENTORY)
    [pages] = marked(inventory, Selection()).combine_chunks().to_batches()
    known = pa.RecordBatch.from_pylist([held("7"), held("8")], schema=MANIFEST)
    known = known.append_column("held_in", pa.array([[""], [""]], STRINGS))
    comparison = Comparison(Scope(Window(None, None, "whole space"), sweep_complete=True, converter_version="1"))
    assert comparison.unchanged(pages, known).to_pylist() == [True, False]


def test_of_two_rows_of_a_page_the_last_one_counts() -> None:
    pages = pa.Table.from_pylist([page("7"), page("8"), page("7", version=4)], schema=INVENTORY)
    assert joined(pages, MANIFEST.empty_table()).to_pylist() == [
        {"page_id": "7", "seen": 2, "held": None},
        {"page_id": "8", "seen": 1, "held": None},
    ]


def test_times_are_compared_to_the_microsecond() -> None:
    moment = datetime(2026, 6, 1, 0, 0, 0, 1, tzinfo=UTC)
    planned = plan(
        pa.Table.from_pylist([page("7", modified_at=moment)], schema=INVENTORY),
        pa.Table.from_pylist([held("7")], schema=MANIFEST),
        Scope(Window(None, None, "whole space"), sweep_complete=True, converter_version="1"),
    )
    assert planned["reason"].to_pylist() == ["modified without a new version"]


def test_a_slimmed_table_is_the_same_when_it_is_looked_at() -> None:
    rows = [held("7"), held("8", ancestors=[], ancestor_ids=[]), held("9", ancestors=["Home", "Home"])]
    table = pa.Table.from_pylist(rows, schema=MANIFEST).slice(1)
    [batch] = slimmed(table).combine_chunks().to_batches()
    assert plain(batch).to_pylist() == table.to_pylist()
    assert plain(batch.take(pa.array([1, None, 0]))).to_pylist()[0]["ancestors"] == ["Home", "Home"]
