from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.planning.selection import (
    EXCLUDED_TREE,
    LABELS_UNKNOWN,
    NO_LABEL,
    NO_ROOT,
    PLACE_UNKNOWN,
    TOO_OLD,
    Selection,
    glob,
    marked,
    missing_roots,
)
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.schemas import INVENTORY
from tests.planning.test_plan import JULY, JUNE, page
from tests.proofs import examples

# 1 Home > 2 Guides > 3 Install > 4 Windows; 5 is a folder below Home that no listing shows; 6 is below it; 9 is a blog post.
TREE = {
    "1": ("Home", []),
    "2": ("Guides", ["1"]),
    "3": ("Install", ["1", "2"]),
    "4": ("Windows", ["1", "2", "3"]),
    "6": ("Old release", ["1", "5"]),
    "9": ("News", []),
}
TITLES = {page_id: title for page_id, (title, _) in TREE.items()} | {"5": "Attic"}


def rows(**fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages of the tree; ``fields`` by ``_<id>``."""
    return [
        page(page_id, title=title, ancestor_ids=above, ancestors=[TITLES[key] for key in above], parent_id=None)
        | fields.get(f"_{page_id}", {})
        for page_id, (title, above) in TREE.items()
    ]


def inventory(pages: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(pages, schema=INVENTORY)


def left_out(selection: Selection, pages: list[dict[str, Any]] | None = None) -> dict[str, str]:
    table = marked(inventory(rows() if pages is None else pages), selection)
    told = zip(table["page_id"].to_pylist(), table["left_out"].to_pylist(), strict=True)
    return {page_id: reason for page_id, reason in told if reason}


def in_doubt(selection: Selection, pages: list[dict[str, Any]]) -> dict[str, str]:
    table = marked(inventory(pages), selection)
    told = zip(table["page_id"].to_pylist(), table["in_doubt"].to_pylist(), strict=True)
    return {page_id: reason for page_id, reason in told if reason}


def test_without_any_rule_every_page_is_wanted() -> None:
    assert left_out(Selection()) == {}
    assert marked(INVENTORY.empty_table(), Selection(root_pages=("1",), exclude_titles=("x*",))).num_rows == 0


@pytest.mark.parametrize("root", ["2", "Guides", " guides "])
def test_a_page_tree_by_id_or_title(root: str) -> None:
    assert left_out(Selection(root_pages=(root,))) == dict.fromkeys(["1", "6", "9"], NO_ROOT)


@pytest.mark.parametrize("root", ["5", "attic"])
def test_a_folder_is_the_top_of_a_tree_like_a_page(root: str) -> None:
    assert left_out(Selection(root_pages=(root,))) == dict.fromkeys(["1", "2", "3", "4", "9"], NO_ROOT)
    assert left_out(Selection(exclude_root_pages=(root,))) == {"6": EXCLUDED_TREE}


def test_the_nearest_of_the_named_pages_decides() -> None:
    selection = Selection(root_pages=("Home", "4"), exclude_root_pages=("2",))
    assert left_out(selection) == {"2": EXCLUDED_TREE, "3": EXCLUDED_TREE, "9": NO_ROOT}


def test_what_is_not_known_above_a_named_page_does_not_matter() -> None:
    broken = {"ancestor_ids": ["3"], "ancestors": ["Install"], "broken_at": "2"}
    pages = rows(_4=broken)
    assert "4" not in left_out(Selection(root_pages=("3",)), pages)
    assert in_doubt(Selection(root_pages=("3",)), pages) == {}
    assert "4" not in left_out(Selection(root_pages=("2",)), pages)  # the page that cannot be read is the named one
    assert in_doubt(Selection(root_pages=("1",)), pages) == {"4": PLACE_UNKNOWN}
    assert in_doubt(Selection(exclude_root_pages=("1",)), pages) == {"4": PLACE_UNKNOWN}


def test_labels_leave_out_and_let_in() -> None:
    pages = rows(_2={"labels": ["draft", "guide"]}, _3={"labels": []})
    selection = Selection(include_labels=frozenset({"guide"}), exclude_labels=frozenset({"draft"}))
    assert left_out(selection, pages) == {"2": "label draft is excluded", "3": NO_LABEL}


def test_a_page_whose_labels_are_not_known_is_in_doubt_unless_a_known_one_decides() -> None:
    pages = rows(
        _2={"labels": ["guide"], "labels_known": False},
        _3={"labels": [], "labels_known": False},
        _4={"labels": ["draft"], "labels_known": False},
    )
    assert in_doubt(Selection(include_labels=frozenset({"guide"})), pages) == dict.fromkeys(["3", "4"], LABELS_UNKNOWN)
    excluded = Selection(exclude_labels=frozenset({"draft"}))
    assert in_doubt(excluded, pages) == dict.fromkeys(["2", "3"], LABELS_UNKNOWN)
    assert left_out(excluded, pages) == {"4": "label draft is excluded"}


def test_titles_by_pattern() -> None:
    selection = Selection(exclude_titles=("*RELEASE", "n?ws"))
    assert left_out(selection) == {
        "6": "title like *RELEASE is excluded",
        "9": "title like n?ws is excluded",
    }
    assert glob("a.b*")("A.B [c]")
    assert not glob("a.b")("axb")
    assert not glob("draft")("my draft")


def test_pages_that_are_too_old() -> None:
    pages = rows(_2={"modified_at": JULY})
    assert left_out(Selection(oldest=JULY), pages) == dict.fromkeys(["1", "3", "4", "6", "9"], TOO_OLD)


def test_names_page_trees_that_are_not_there() -> None:
    selection = Selection(root_pages=("Home", "77", "attic"), exclude_root_pages=("Gides", "5"))
    assert missing_roots(inventory(rows()), selection) == ["77", "Gides"]


def test_what_a_source_says_of_age_becomes_moments() -> None:
    source = Source(name="docs", space_key="PROD", max_age="30 days", exclude_labels=["Draft"])
    now = datetime(2026, 8, 1, tzinfo=UTC)
    selection = Selection.of(source, now, now - timedelta(days=1))
    assert selection.oldest == datetime(2026, 7, 2, tzinfo=UTC)
    assert selection.exclude_labels == {"draft"}
    assert selection.has_aged(datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert not selection.has_aged(JUNE)
    assert not Selection.of(source, now, None).has_aged(datetime(2026, 7, 1, 12, tzinfo=UTC))


_IDS = [str(number) for number in range(1, 9)]


@st.composite
def _forests(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Pages below one another; of some the way up is not known from one of their ancestors on."""
    paths: dict[str, tuple[list[str], str | None]] = {}
    for page_id in _IDS:
        parent = draw(st.sampled_from([None, *paths]))
        above, broken = ([], None) if parent is None else ([*paths[parent][0], parent], paths[parent][1])
        if above and draw(st.integers(0, 5)) == 0:
            cut = draw(st.integers(1, len(above)))
            above, broken = above[cut:], above[cut - 1]
        paths[page_id] = (above, broken)
    return [
        page(page_id, ancestor_ids=above, ancestors=[f"Page {key}" for key in above], broken_at=broken)
        for page_id, (above, broken) in paths.items()
    ]


@examples(100, 10_000)
@given(
    pages=_forests(),
    roots=st.sets(st.sampled_from(_IDS), max_size=2),
    excluded=st.sets(st.sampled_from(_IDS), max_size=2),
)
def test_trees_are_those_that_a_walk_up_from_each_page_finds(
    pages: list[dict[str, Any]], roots: set[str], excluded: set[str]
) -> None:
    roots -= excluded

    def walk(row: dict[str, Any]) -> tuple[str | None, str | None]:
        above = [*([row["broken_at"]] if row["broken_at"] else []), *row["ancestor_ids"], row["page_id"]]
        for key in reversed(above):
            if key in excluded:
                return EXCLUDED_TREE, None
            if key in roots:
                return None, None
        if row["broken_at"] and (roots or excluded):
            return None, PLACE_UNKNOWN
        return (NO_ROOT if roots else None), None

    selection = Selection(root_pages=tuple(roots), exclude_root_pages=tuple(excluded))
    table = pa.concat_tables([inventory(pages[:3]), inventory(pages[3:])])  # in two chunks
    found = marked(table, selection).to_pylist()
    assert [(row["left_out"], row["in_doubt"]) for row in found] == [walk(row) for row in pages]
