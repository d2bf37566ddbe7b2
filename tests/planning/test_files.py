from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from confluence_to_twig.planning.decision import (
    OUTSIDE,
    RESTRICTED,
    RESTRICTED_ABOVE,
    RESTRICTION_UNKNOWN,
    Scope,
)
from confluence_to_twig.planning.files import NOT_TOLD, file_rows
from confluence_to_twig.planning.plan import plan
from confluence_to_twig.planning.selection import AGED, Selection
from confluence_to_twig.staging.schemas import INVENTORY, MANIFEST
from tests.planning.test_plan import AUGUST, BACKFILL_JULY, EVERYTHING, FROM_JULY, JULY, JUNE, held, page

KINDS = ("page", "blogpost", "attachment")
GONE = "no longer attached to its page"


def file(file_id: str = "att9", **fields: Any) -> dict[str, Any]:
    told = {"version": 1, "media_type": "text/plain", "file_size": 7, "url": f"https://example.com/{file_id}"}
    return {"id": file_id, "title": f"{file_id}.txt", "modified_at": JULY} | told | fields


def held_file(file_id: str = "att9", **fields: Any) -> dict[str, Any]:
    place = {"ancestor_ids": ["1", "2"], "ancestors": ["Home", "Page 2"], "kind": "attachment"}
    told = {"title": f"{file_id}.txt", "url": f"https://example.com/{file_id}", "version": 1, "modified_at": JULY}
    return held(file_id, **(place | told | fields))


def planned(
    pages: list[dict[str, Any]],
    known: list[dict[str, Any]],
    missing: dict[str, str] | None = None,
    unreadable: dict[str, str] | None = None,
    **scope: Any,
) -> dict[str, tuple[str, str]]:
    """Action and reason by id, without what is left as it is."""
    inventory = pa.Table.from_pylist([{"files": []} | row for row in pages], schema=INVENTORY)
    manifest = pa.Table.from_pylist(known, schema=MANIFEST)
    files = [{"held_in": [""]} | row for row in known if row["kind"] == "attachment"]
    settings: dict[str, Any] = {"window": EVERYTHING, "sweep_complete": True, "converter_version": "1", "kinds": KINDS}
    settings |= {"missing": missing or {}} | scope
    rows = file_rows(inventory, files, missing or {}, unreadable or {})  # type: ignore[arg-type]
    found = plan(inventory, manifest, Scope(**settings), rows).to_pylist()
    return {row["page_id"]: (row["action"], row["reason"]) for row in found if row["reason"] != "unchanged"}


def test_a_file_is_compared_by_its_own_version_in_the_place_of_its_page() -> None:
    known = [held("2"), held_file()]
    assert planned([page("2", files=[file()])], known) == {}
    assert planned([page("2", version=4, files=[file()])], known) == {"2": ("fetch", "version 3 → 4")}
    assert planned([page("2", files=[file(version=2)])], known) == {"att9": ("fetch", "version 1 → 2")}
    moved = page("2", ancestor_ids=["7"], ancestors=["Other"], files=[file()])
    assert planned([moved], known) == dict.fromkeys(("2", "att9"), ("fetch", "moved"))
    labelled = page("2", labels=["new"], files=[file()])
    assert planned([labelled], known) == dict.fromkeys(("2", "att9"), ("fetch", "labels changed"))
    assert planned([page("2", files=[file(), file("att10")])], known) == {"att10": ("fetch", "new to Twig")}


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"restricted": True, "restricted_by": "2"}, (RESTRICTED, RESTRICTED_ABOVE)),
        ({"labels": ["draft"]}, ("label draft is excluded",) * 2),
        ({"title": "A draft"}, ("title like *draft is excluded",) * 2),
    ],
)
@pytest.mark.parametrize("files", [[file(title="Fine.txt")], None])
def test_what_leaves_the_page_out_leaves_its_files_out_whether_they_are_told_or_not(
    fields: dict[str, Any], reasons: tuple[str, str], files: Any
) -> None:
    wants = Selection(exclude_labels=frozenset({"draft"}), exclude_titles=("*draft",))
    row = page("2", files=files, **fields)
    both = {"2": ("delete", reasons[0]), "att9": ("delete", reasons[1])}
    assert planned([row], [held("2"), held_file()], selection=wants) == both
    if files:
        assert planned([row], [], selection=wants) == {key: ("skip", reason) for key, (_, reason) in both.items()}


def test_the_title_and_the_age_of_a_file_do_not_matter() -> None:
    wants = Selection(exclude_titles=("att*",), oldest=JULY, young_before=JUNE)
    old = file(modified_at=JUNE - timedelta(days=900))
    assert planned([page("2", modified_at=JULY, files=[old])], [], selection=wants) == {
        "2": ("fetch", "new to Twig"),
        "att9": ("fetch", "new to Twig"),
    }
    aged = page("2", modified_at=JUNE, files=[file(modified_at=AUGUST)])
    assert planned([aged], [held("2"), held_file()], selection=wants) == {
        "2": ("delete", AGED),
        "att9": ("delete", AGED),
    }


def test_a_window_and_chosen_pages_mean_the_page() -> None:
    pages = [page("2", files=[file()]), page("3", modified_at=JULY, files=[file("att8", modified_at=JUNE)])]
    fetched = dict.fromkeys(("3", "att8"), ("fetch", "new to Twig"))
    left = dict.fromkeys(("2", "att9"), ("leave", OUTSIDE))
    assert planned(pages, [], window=BACKFILL_JULY) == fetched | left
    assert planned(pages, [], window=FROM_JULY, left_outside=frozenset({"2"})) == fetched | left
    assert planned(pages, [held("3")], window=FROM_JULY, left_outside=frozenset({"2"}))["att8"][0] == "fetch"
    chosen = planned(pages, [], page_ids=frozenset({"2"}))
    assert {key for key, (action, _) in chosen.items() if action == "fetch"} == {"2", "att9"}


def test_a_file_goes_only_when_it_is_proven_to_be_gone() -> None:
    known = [held("2"), held_file()]
    for files in ([], None):
        assert planned([page("2", files=files)], known) == {"att9": ("leave", f"kept: {NOT_TOLD}")}
        assert planned([page("2", files=files)], known, {"att9": GONE}) == {"att9": ("delete", GONE)}
    assert planned([], known, {"2": "trashed", "att9": "trashed"}) == dict.fromkeys(
        ("2", "att9"), ("delete", "trashed")
    )
    incomplete = planned([page("2")], known, {"att9": GONE}, sweep_complete=False)
    assert incomplete["att9"][0] == "leave"


def test_a_file_that_cannot_be_read_is_no_document() -> None:
    rows = [page("2", files=[file()])]
    assert planned(rows, [held("2")], unreadable={"att9": "broken"}) == {"att9": ("skip", "broken")}
    assert planned(rows, [held("2"), held_file()], unreadable={"att9": "broken"}) == {"att9": ("delete", "broken")}


def test_an_unknown_restriction_of_the_page_keeps_the_files_that_are_there_and_lets_none_in() -> None:
    rows = [page("2", restriction_unknown="403", files=[file(), file("att10")])]
    assert planned(rows, [held("2"), held_file()]) == {
        "2": ("leave", f"kept: {RESTRICTION_UNKNOWN}"),
        "att9": ("leave", f"kept: {RESTRICTION_UNKNOWN}"),
        "att10": ("skip", RESTRICTION_UNKNOWN),
    }
    gone = planned(rows, [held("2"), held_file()], doubted=frozenset({"2"}))
    assert {key for key, (action, _) in gone.items() if action == "delete"} == {"2", "att9"}


def test_a_file_without_address_and_time_has_those_of_its_page() -> None:
    inventory = pa.Table.from_pylist([page("2", files=[file(url="", modified_at=None)])], schema=INVENTORY)
    [row] = file_rows(inventory, [], {}, {}).to_pylist()
    assert (row["url"], row["modified_at"]) == ("https://example.com/2", JUNE)
    assert (row["kind"], row["parent_id"], row["ancestor_ids"]) == ("attachment", "2", ["1", "2"])


def test_switching_off_removes_files() -> None:
    rows = [page("2", files=None)]
    inventory = pa.Table.from_pylist(rows, schema=INVENTORY)
    manifest = pa.Table.from_pylist([held("2"), held_file()], schema=MANIFEST)
    scope = Scope(window=EVERYTHING, sweep_complete=True, converter_version="1")
    found = {row["page_id"]: row["action"] for row in plan(inventory, manifest, scope).to_pylist()}
    assert found == {"2": "leave", "att9": "delete"}
