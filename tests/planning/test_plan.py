from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning.audience import Audience
from confluence_to_twig.planning.decision import (
    KEPT_OUT,
    RESTRICTED_FURTHER,
    RESTRICTION_REASONS,
    STILL_THERE,
    UNTOLD,
    Scope,
)
from confluence_to_twig.planning.plan import RETRIED_AT_ONCE, candidates_for_deletion, counts_by_reason, plan
from confluence_to_twig.planning.selection import Selection
from confluence_to_twig.planning.window import Window
from confluence_to_twig.staging.schemas import INVENTORY, MANIFEST, STRINGS

NO_DRAFTS = Selection(exclude_labels=frozenset({"draft"}))
JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7, 8))
EVERYTHING = Window(None, None, "whole space")
FROM_JULY = Window(JULY, AUGUST, "data interval")
BACKFILL_JULY = Window(JULY, AUGUST, "backfill", strict=True)


def page(page_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "page_id": page_id,
        "space_id": "1",
        "kind": "page",
        "status": "current",
        "version": 3,
        "title": f"Page {page_id}",
        "url": f"https://example.com/{page_id}",
        "parent_id": "1",
        "parent_type": "page",
        "ancestor_ids": ["1"],
        "ancestors": ["Home"],
        "labels": ["guide"],
        "restricted": False,
        "restricted_by": None,
        "restriction_unknown": None,
        "labels_known": True,
        "broken_at": None,
        "author_id": "a",
        "created_at": JUNE,
        "modified_at": JUNE,
        "position": None,
        "audience": None,
        "levels": None,
    } | fields


def held(page_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "page_id": page_id,
        "space_id": "1",
        "kind": "page",
        "version": 3,
        "title": f"Page {page_id}",
        "url": f"https://example.com/{page_id}",
        "ancestor_ids": ["1"],
        "ancestors": ["Home"],
        "labels": ["guide"],
        "includes": [],
        "audience": None,
        "content_hash": "h",
        "converter_version": "1",
        "chunk_ids": [],
        "chunk_hashes": [],
        "chunk_count": 0,
        "modified_at": JUNE,
        "loaded_at": JUNE,
        "run_id": "r",
    } | fields


def decide(
    pages: list[dict[str, Any]], known: list[dict[str, Any]], window: Window = EVERYTHING, **scope: Any
) -> dict[str, tuple[str, str]]:
    settings = {"sweep_complete": True, "converter_version": "1"} | scope
    planned = plan(
        pa.Table.from_pylist(pages, schema=INVENTORY),
        pa.Table.from_pylist(known, schema=MANIFEST),
        Scope(window=window, **settings),
    )
    return {row["page_id"]: (row["action"], row["reason"]) for row in planned.to_pylist()}


def test_fetches_a_page_that_twig_does_not_hold() -> None:
    assert decide([page("7")], []) == {"7": ("fetch", "new to Twig")}


def test_leaves_a_page_that_did_not_change() -> None:
    assert decide([page("7")], [held("7")]) == {"7": ("leave", "unchanged")}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({"version": 4}, "version 3 → 4"),
        ({"title": "New name"}, "title changed"),
        ({"ancestor_ids": ["1", "2"], "ancestors": ["Home", "Guides"]}, "moved"),
        ({"ancestors": ["Start"]}, "parent renamed"),
        ({"labels": ["guide", "new"]}, "labels changed"),
        ({"url": "https://moved.example.com/7"}, "address changed"),
        ({"audience": "", "levels": []}, "other people may read it"),
        ({"modified_at": JULY}, "modified without a new version"),
    ],
)
def test_fetches_a_page_that_differs_and_says_in_what(now: dict[str, Any], reason: str) -> None:
    assert decide([page("7", **now)], [held("7")]) == {"7": ("fetch", reason)}


def test_the_order_of_labels_is_no_change() -> None:
    assert decide([page("7", labels=["a", "b"])], [held("7", labels=["b", "a"])])["7"][0] == "leave"


def test_fetches_what_an_older_converter_made() -> None:
    assert decide([page("7")], [held("7")], converter_version="2") == {"7": ("fetch", "converter upgraded")}


def test_fetches_a_page_of_which_the_manifest_is_in_doubt() -> None:
    assert decide([page("7")], [held("7", converter_version="")])["7"] == (
        "fetch",
        "Twig may not hold it as it should",
    )


def test_fetches_a_page_whose_included_page_changed_or_vanished() -> None:
    included = held("8", includes=["7@3"])
    assert decide([page("7"), page("8")], [held("7"), included])["8"] == ("leave", "unchanged")
    assert decide([page("7", version=4), page("8")], [held("7"), included])["8"] == (
        "fetch",
        "an included page changed",
    )
    assert decide([page("8")], [included])["8"] == ("fetch", "an included page changed")


def test_fetches_a_page_again_that_was_loaded_without_something() -> None:
    assert decide([page("8")], [held("8", includes=["comments@missing", "names of people@missing"])])["8"] == (
        "fetch",
        "loaded without comments, names of people",
    )


def test_of_many_pages_that_only_lack_something_a_run_takes_some_and_the_next_one_others() -> None:
    count = RETRIED_AT_ONCE + 200
    pages = [page(str(number)) for number in range(1, count + 1)]
    known = [held(row["page_id"], includes=["comments@missing"]) for row in pages]
    taken = []
    for run_id in ("a", "b"):
        decided = decide(pages, known, run_id=run_id)
        taken.append({page_id for page_id, (action, _) in decided.items() if action == "fetch"})
        assert set(decided.values()) == {
            ("fetch", "loaded without comments"),
            ("leave", "loaded without comments: its turn comes in a later run"),
        }
    assert [len(some) for some in taken] == [RETRIED_AT_ONCE] * 2
    assert taken[0] != taken[1]
    everything = decide(pages, known, Window(None, None, "full"))
    assert set(everything.values()) == {("fetch", "loaded without comments")}


def test_fetches_a_page_whose_included_page_became_restricted() -> None:
    decided = decide([page("7", restricted=True), page("8")], [held("8", includes=["7@3"])])
    assert decided["8"] == ("fetch", "an included page changed")


def test_force_fetches_what_is_in_scope_and_no_more() -> None:
    pages = [page("7", modified_at=JULY), page("8", modified_at=JUNE)]
    decided = decide(pages, [held("7", modified_at=JULY), held("8")], FROM_JULY, force=True)
    assert decided == {"7": ("fetch", "forced"), "8": ("leave", "unchanged")}


def test_a_new_page_outside_the_window_is_left() -> None:
    decided = decide([page("7", modified_at=JUNE), page("8", modified_at=JULY)], [], FROM_JULY)
    assert decided == {"7": ("leave", "outside the window"), "8": ("fetch", "new to Twig")}


def test_the_window_is_half_open() -> None:
    decided = decide([page("7", modified_at=AUGUST)], [], FROM_JULY)
    assert decided["7"] == ("leave", "outside the window")


def test_keeps_held_pages_in_step_outside_the_window_since_moves_and_labels_leave_the_time_alone() -> None:
    moved = page("7", ancestor_ids=["1", "2"], ancestors=["Home", "Guides"], modified_at=JUNE)
    assert decide([moved], [held("7")], FROM_JULY) == {"7": ("fetch", "moved")}


def test_a_backfill_touches_nothing_outside_its_own_interval() -> None:
    pages = [page("7", version=4, modified_at=JUNE), page("8", version=4, modified_at=JULY)]
    decided = decide(pages, [held("7"), held("8")], BACKFILL_JULY)
    assert decided == {"7": ("leave", "outside the window"), "8": ("fetch", "version 3 → 4")}


@pytest.mark.parametrize(
    ("pages", "known", "scope"),
    [
        ([], [held("7")], {"missing": {"7": "trashed"}}),
        ([page("7", restricted=True, modified_at=JULY)], [held("7")], {}),
        ([page("7", labels=["draft"], modified_at=JULY)], [held("7")], {"selection": NO_DRAFTS}),
        ([page("7", restriction_unknown="404", modified_at=JULY)], [held("7")], {"doubted": frozenset({"7"})}),
        ([], [held("7", kind="blogpost")], {"kinds": ("page",)}),
    ],
    ids=["trashed", "restricted", "excluded", "doubted", "kind"],
)
def test_a_backfill_deletes_nothing(pages: list[Any], known: list[Any], scope: dict[str, Any]) -> None:
    assert decide(pages, known, **scope)["7"][0] == "delete"
    assert decide(pages, known, BACKFILL_JULY, **scope)["7"] == ("leave", "kept: a backfill deletes nothing")


def test_a_page_that_no_run_has_seen_is_in_scope_whenever_it_was_modified() -> None:
    pages = [page("7", modified_at=JUNE), page("8", modified_at=JUNE)]
    decided = decide(pages, [], FROM_JULY, left_outside={"7"})
    assert decided == {"7": ("leave", "outside the window"), "8": ("fetch", "new since the last run")}
    assert {action for action, _ in decide(pages, [], BACKFILL_JULY, left_outside=set()).values()} == {"leave"}


def test_a_page_whose_restriction_nobody_tells_stays_where_it_is() -> None:
    unknown = {"restriction_unknown": "the restriction of 1 cannot be read: 404"}
    pages = [page("7", **unknown), page("8", version=9, **unknown)]
    decided = decide(pages, [held("8")])
    assert decided == {
        "7": ("skip", "its restriction cannot be read"),
        "8": ("leave", "kept: its restriction cannot be read"),
    }
    assert decide(pages, [held("8")], doubted=frozenset({"8"}))["8"] == (
        "delete",
        "its restriction could not be read for days",
    )
    assert decide(pages, [], restricted_pages="include")["7"][0] == "fetch"


def test_a_restriction_above_is_told_apart_from_one_of_its_own() -> None:
    pages = [page("7", restricted=True, restricted_by="7"), page("8", restricted=True, restricted_by="1")]
    assert decide(pages, [held("7"), held("8")]) == {
        "7": ("delete", "restricted"),
        "8": ("delete", "restricted by a page above it"),
    }


def test_a_page_whose_labels_cannot_be_read_is_not_taken_for_one_without_labels() -> None:
    pages = [page("7", labels=[], labels_known=False), page("8", labels=[], labels_known=False)]
    assert decide(pages, [held("8")])["8"] == ("leave", "kept: its labels cannot be read")
    assert decide(pages, [])["7"] == ("fetch", "new to Twig")
    assert decide(pages, [], selection=NO_DRAFTS)["7"] == ("skip", "its labels cannot be read")


def test_ancestors_that_could_not_be_read_are_no_move() -> None:
    assert decide([page("7", ancestor_ids=[], ancestors=[], broken_at="1")], [held("7")])["7"] == ("leave", "unchanged")


def test_never_replaces_a_newer_version_with_an_older_one() -> None:
    assert decide([page("7", version=3)], [held("7", version=5)])["7"][0] == "leave"


@pytest.mark.parametrize("reason", ["trashed", "archived", "moved to another space", "gone or no longer visible"])
def test_deletes_what_is_gone_with_the_reason(reason: str) -> None:
    assert decide([], [held("7")], missing={"7": reason}) == {"7": ("delete", reason)}


def test_deletes_nothing_when_the_sweep_is_incomplete() -> None:
    pages = [page("8", restricted=True), page("9", labels=["draft"])]
    decided = decide(
        pages,
        [held("7"), held("8"), held("9"), held("10", kind="blogpost")],
        sweep_complete=False,
        missing={"7": "trashed"},
        selection=NO_DRAFTS,
        kinds=("page",),
    )
    assert {action for action, _ in decided.values()} == {"leave"}


def test_a_space_that_was_not_seen_keeps_its_pages_and_what_others_include_of_them() -> None:
    known = [
        held("7", space_id="2"),
        held("8", space_id="1"),
        held("9", space_id="1", includes=["7@3"]),
        held("10", space_id=None),
    ]
    pages = [page("9"), page("11", space_id="2", labels=["draft"])]
    decided = decide(
        pages,
        [*known, held("11", space_id="2")],
        unproven=frozenset({"2"}),
        missing={"8": "trashed"},
        selection=NO_DRAFTS,
    )
    assert decided == {
        "7": ("leave", "kept: the sweep was not complete"),
        "8": ("delete", "trashed"),
        "9": ("leave", "unchanged"),
        "10": ("leave", "kept: the sweep was not complete"),  # nobody wrote down in which space it is
        "11": ("leave", "kept: the sweep was not complete"),
    }


@pytest.mark.parametrize("missing", [{}, {"7": STILL_THERE}, {"7": UNTOLD}])
def test_deletes_nothing_that_confluence_still_has_or_that_nobody_asked_about(missing: dict[str, str]) -> None:
    assert decide([], [held("7")], missing=missing)["7"][0] == "leave"


def test_skips_restricted_pages_and_deletes_those_that_became_restricted() -> None:
    decided = decide([page("7", restricted=True), page("8", restricted=True)], [held("8")])
    assert decided == {"7": ("skip", "restricted"), "8": ("delete", "restricted")}


def test_includes_restricted_pages_when_told_to() -> None:
    assert decide([page("7", restricted=True)], [], restricted_pages="include")["7"][0] == "fetch"


def test_keeps_excluded_labels_out_and_takes_them_out() -> None:
    pages = [page("7", labels=["draft"]), page("8", labels=["draft", "guide"])]
    decided = decide(pages, [held("8")], selection=NO_DRAFTS)
    assert decided == {"7": ("skip", "label draft is excluded"), "8": ("delete", "label draft is excluded")}


def test_a_page_that_passes_max_age_is_told_apart_from_one_that_a_shorter_max_age_leaves_out() -> None:
    pages = [page("7", modified_at=JUNE), page("8", modified_at=JULY), page("9", modified_at=AUGUST)]
    selection = Selection(oldest=AUGUST, young_before=JULY)
    assert decide(pages, [held("7"), held("8", modified_at=JULY)], selection=selection) == {
        "7": ("delete", "older than max_age"),
        "8": ("delete", "passed max_age"),
        "9": ("fetch", "new to Twig"),
    }
    assert decide(pages, [], selection=selection)["8"] == ("skip", "older than max_age")


def test_a_page_whose_place_in_the_tree_is_not_known_stays_where_it_is() -> None:
    pages = [page(page_id, ancestor_ids=[], ancestors=[], broken_at="5") for page_id in ("7", "8")]
    assert decide(pages, [held("8")], selection=Selection(root_pages=("1",))) == {
        "7": ("skip", "its place in the page tree cannot be read"),
        "8": ("leave", "kept: its place in the page tree cannot be read"),
    }


def test_a_page_that_comes_into_the_selection_is_fetched_whenever_it_was_modified() -> None:
    decided = decide([page("7", modified_at=JUNE)], [], FROM_JULY, left_outside=frozenset(), selection=NO_DRAFTS)
    assert decided["7"] == ("fetch", "new since the last run")


def test_deletes_a_kind_of_content_that_is_no_longer_synced() -> None:
    decided = decide([], [held("7", kind="blogpost")], kinds=("page",))
    assert decided == {"7": ("delete", "blogposts are no longer synced")}


def test_asked_for_single_pages_it_touches_no_other_page() -> None:
    pages = [page("7", version=4, modified_at=JUNE), page("8", version=4)]
    decided = decide(
        pages, [held("7"), held("8"), held("9")], FROM_JULY, page_ids=frozenset({"7"}), missing={"9": "trashed"}
    )
    assert decided == {
        "7": ("fetch", "version 3 → 4"),
        "8": ("leave", "not asked for"),
        "9": ("leave", "not asked for"),
    }


@pytest.mark.parametrize(("known", "force", "reason"), [([], False, "new to Twig"), ([held("7")], True, "forced")])
def test_pages_that_were_asked_for_are_in_scope_whenever_they_were_modified(
    known: list[dict[str, Any]], force: bool, reason: str
) -> None:
    asked = page("7", modified_at=JUNE)
    assert not FROM_JULY.contains(JUNE)
    decided = decide([asked], known, FROM_JULY, page_ids=frozenset({"7"}), force=force, left_outside={"7"})
    assert decided == {"7": ("fetch", reason)}


def test_gives_every_page_to_fetch_one_shard_and_fills_shards_in_order() -> None:
    planned = plan(
        pa.Table.from_pylist([page(str(number)) for number in range(1, 8)], schema=INVENTORY),
        MANIFEST.empty_table(),
        Scope(EVERYTHING, sweep_complete=True, converter_version="1", shard_size=3),
    )
    assert planned["shard"].to_pylist() == [0, 0, 0, 1, 1, 1, 2]


def test_counts_reasons_with_versions_folded_together() -> None:
    planned = plan(
        pa.Table.from_pylist([page("7", version=4), page("8", version=9), page("9")], schema=INVENTORY),
        pa.Table.from_pylist([held("7"), held("8")], schema=MANIFEST),
        Scope(EVERYTHING, sweep_complete=True, converter_version="1"),
    )
    assert counts_by_reason(planned)["fetch"] == {"version changed": 2, "new to Twig": 1}


def test_candidates_for_deletion_are_the_held_pages_that_were_not_seen() -> None:
    missing = candidates_for_deletion(
        pa.Table.from_pylist([page("7")], schema=INVENTORY),
        pa.Table.from_pylist([held("7"), held("9", kind="blogpost")], schema=MANIFEST),
    )
    assert missing.to_pylist() == [{"page_id": "9", "space_id": "1", "kind": "blogpost"}]


@given(
    seen=st.dictionaries(st.integers(1, 30), st.tuples(st.integers(1, 4), st.booleans()), max_size=20),
    known=st.dictionaries(st.integers(1, 30), st.integers(1, 4), max_size=20),
    complete=st.booleans(),
)
def test_every_page_is_decided_exactly_once_and_only_seen_pages_are_fetched(
    seen: dict[int, tuple[int, bool]], known: dict[int, int], complete: bool
) -> None:
    decided = decide(
        [page(str(number), version=version, restricted=restricted) for number, (version, restricted) in seen.items()],
        [held(str(number), version=version) for number, version in known.items()],
        sweep_complete=complete,
        missing={str(number): "trashed" for number in known.keys() - seen.keys()},
    )
    assert decided.keys() == {str(number) for number in seen.keys() | known.keys()}
    for page_id, (action, reason) in decided.items():
        number = int(page_id)
        if action == "fetch":
            assert number in seen
            assert known.get(number, 0) < seen[number][0], reason
        if action == "delete":
            assert complete
            assert number in known


@pytest.mark.parametrize(
    ("told", "known", "reason"),
    [
        ({"comments_digest": "b"}, {"comments": {"7": "a"}}, "comments changed"),
        ({"attachments_digest": ""}, {"attachments": {"7": "a"}}, "attachments changed"),
        ({"attachments_digest": "a"}, {"attachments": {}}, "attachments changed"),
        (
            {"attachments_digest": "b", "comments_digest": "b"},
            {"attachments": {"7": "a"}, "comments": {"7": "a"}},
            "attachments and comments changed",
        ),
    ],
)
def test_fetches_a_page_whose_comments_or_attachments_changed(
    told: dict[str, str], known: dict[str, dict[str, str]], reason: str
) -> None:
    assert decide([page("7", **told)], [held("7")], decorations=known) == {"7": ("fetch", reason)}


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"comments_digest": "a"}, {"comments": {"7": "a"}}),
        ({"comments_digest": ""}, {"comments": {}}),
        ({"comments_digest": None}, {"comments": {"7": "a"}}),  # search did not tell
        ({"comments_digest": "a"}, {}),  # nobody noted what it was loaded with
    ],
)
def test_what_is_not_known_to_have_changed_is_left(
    told: dict[str, str | None], known: dict[str, dict[str, str]]
) -> None:
    assert decide([page("7", **told)], [held("7")], decorations=known) == {"7": ("leave", "unchanged")}


def test_fetches_a_page_that_has_to_be_rendered_again() -> None:
    assert decide([page("7"), page("8")], [held("7"), held("8")], to_render={"8"}) == {
        "7": ("leave", "unchanged"),
        "8": ("fetch", "rendered again"),
    }


# Audiences

STAFF = [{"users": [], "groups": ["staff"]}]
KEYS = {"staff": Audience.from_rows(STAFF)}  # type: ignore[arg-type]


def routes(
    pages: list[dict[str, Any]], known: list[dict[str, Any]], **scope: Any
) -> dict[str, tuple[str, str, str | None, list[str] | None]]:
    """Action, reason, target and what is left, by page id, of a source with audiences."""
    settings = {"sweep_complete": True, "converter_version": "1", "routed": {"", "staff"}, "audiences": KEYS} | scope
    places = pa.array([row["held_in"] for row in known], STRINGS)
    planned = plan(
        pa.Table.from_pylist(pages, schema=INVENTORY),
        pa.Table.from_pylist(known, schema=MANIFEST).append_column("held_in", places),
        Scope(EVERYTHING, restricted_pages="audiences", **settings),
    )
    return {row["page_id"]: (row["action"], row["reason"], row["target"], row["leaves"]) for row in planned.to_pylist()}


def test_a_page_that_others_may_read_now_leaves_where_it_is() -> None:
    seen = [page("7", audience="staff", levels=STAFF), page("8", audience="", levels=[])]
    known = [held("7", audience="", held_in=[""]), held("8", audience="", held_in=[""])]
    assert routes(seen, known)["7"] == ("fetch", "moved to another audience", "staff", [""])
    assert routes(seen, known)["8"][:2] == ("leave", "unchanged")


@pytest.mark.parametrize("odd", [{"labels_known": False}, {"version": 2}, {"version": 4}])
def test_nothing_keeps_a_page_where_it_may_not_be(odd: dict[str, Any]) -> None:
    seen = [page("7", audience="staff", levels=STAFF, **odd)]
    action, _, target, leaves = routes(seen, [held("7", audience="", held_in=[""])], sweep_complete=False)["7"]
    assert (action, target, leaves) == ("fetch", "staff", [""])


def test_a_page_in_two_places_stays_in_its_own() -> None:
    known = [held("7", audience="staff", held_in=["", "staff"])]
    assert routes([page("7", audience="staff", levels=STAFF)], known)["7"] == ("leave", "unchanged", "staff", [""])


def test_an_audience_without_a_data_source_is_kept_out_at_once() -> None:
    seen = [page(key, audience="legal", levels=[{"users": [], "groups": ["legal"]}]) for key in "78"]
    found = routes(seen, [held("7", held_in=[""])])
    assert (found["7"][:2], found["8"][:2]) == (("delete", KEPT_OUT), ("skip", KEPT_OUT))
    assert KEPT_OUT in RESTRICTION_REASONS


def test_a_page_of_doubtful_readers_stays_only_where_all_pass_what_is_told() -> None:
    doubtful = page("7", restriction_unknown="404", audience=None, levels=STAFF)
    kept = ("leave", "kept: its restriction cannot be read")
    assert routes([doubtful], [held("7", held_in=["staff"])])["7"][:2] == kept
    assert routes([doubtful], [held("7", held_in=[""])])["7"][:2] == ("delete", RESTRICTED_FURTHER)
    assert routes([doubtful], [])["7"][:2] == ("skip", "its restriction cannot be read")


def test_a_page_is_made_again_without_the_text_that_not_all_of_its_readers_may_read() -> None:
    seen = [page("7", audience="", levels=[]), page("8", audience="staff", levels=STAFF)]
    known = [
        held("7", audience="", held_in=[""], includes=["8@3"]),
        held("8", audience="staff", held_in=["staff"]),
    ]
    assert routes(seen, known)["7"][:2] == ("fetch", "an included page changed")
