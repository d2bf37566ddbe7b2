from __future__ import annotations

from typing import Any

import pyarrow as pa

from confluence_to_twig.planning.audience import EVERYBODY, Audience, Level
from confluence_to_twig.planning.page_audiences import with_audiences
from confluence_to_twig.staging.schemas import INVENTORY
from tests.planning.test_plan import page

STAFF, ADA = Level.of(groups=["staff"]), Level.of(["ada"])


def restriction(of: str, level: Level) -> dict[str, Any]:
    return {"id": of, **level.to_row()}


def told(pages: list[dict[str, Any]], spaces: dict[str, Level | None]) -> dict[str, tuple[Any, Any]]:
    table, audiences = with_audiences(pa.Table.from_pylist(pages, schema=INVENTORY), spaces)
    assert table.schema == INVENTORY
    rows = table.to_pylist()
    assert audiences.keys() == {row["audience"] for row in rows} - {None}
    return {row["page_id"]: (row["audience"], row["levels"]) for row in rows}


def test_the_readers_of_a_page_pass_its_space_and_every_restriction() -> None:
    pages = [
        page("1", restrictions=[]),
        page("2", restrictions=[restriction("1", STAFF), restriction("2", ADA)]),
        page("3", restrictions=[restriction("3", ADA)], space_id="2"),
        page("4", restrictions=[], space_id="2"),
    ]
    both = Audience.of([STAFF, ADA])
    assert told(pages, {"1": None, "2": STAFF}) == {
        "1": (EVERYBODY, []),
        "2": (both.key, both.to_rows()),
        "3": (both.key, both.to_rows()),
        "4": (Audience.of([STAFF]).key, [STAFF.to_row()]),
    }


def test_a_page_of_which_not_all_is_known_has_no_audience() -> None:
    pages = [
        page("1", restrictions=None),
        page("2", restrictions=[restriction("1", ADA)], restriction_unknown="404"),
        page("3", restrictions=[], space_id="9"),
    ]
    assert told(pages, {"1": STAFF}) == {
        "1": (None, None),
        "2": (None, Audience.of([ADA, STAFF]).to_rows()),
        "3": (None, None),
    }


def test_an_inventory_without_pages_has_no_audience() -> None:
    assert told([], {}) == {}
