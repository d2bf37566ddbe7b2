"""What a viewer of the DAG is told of pages that are kept out or restricted: how many, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from confluence_to_twig.planning.decision import GONE
from confluence_to_twig.runs.discretion import WITHHELD, is_kept_out
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.web.discretion import Discretion
from tests.web.samples import NOW, SampleSource, as_table, page, planned

OPEN, SECRET = page(1), page(2)


@pytest.mark.parametrize(
    ("row", "kept_out"),
    [
        (planned("skip", "restricted", 1), True),
        (planned("skip", "label draft is excluded", 1), True),
        (planned("delete", "restricted by a page above it", 1, version=None), True),
        (planned("delete", "label draft is excluded", 1), True),
        (planned("delete", GONE, 1, version=None), True),
        (planned("fetch", "new to Twig", 1, restricted=True), True),
        (planned("leave", "unchanged", 1, restricted=True), True),
        (planned("delete", "trashed", 1, version=None, restricted=None), False),
        (planned("leave", "unchanged", 1, target="3f9a2c1b3f9a2c1b"), True),  # of few readers, by its space
        (planned("leave", "unchanged", 1, target=""), False),
        (planned("leave", "unchanged", 1), False),
        (planned("fetch", "new to Twig", 1, restricted=None), False),
    ],
)
def test_what_is_not_for_everybody(row: dict[str, Any], kept_out: bool) -> None:
    plan = as_table([row], PLAN)
    assert is_kept_out(plan).to_pylist() == [kept_out]
    if not row["restricted"]:  # an earlier release did not write it down
        assert is_kept_out(plan.drop_columns(["restricted"])).to_pylist() == [kept_out]


@pytest.fixture
def viewer(docs: SampleSource) -> Discretion:
    docs.run("manual__1", NOW, plan=[planned("leave", "unchanged", 1), planned("skip", "restricted", 2)])
    return Discretion(docs.staging, everything=False)


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        (f"Page 2 ({SECRET['url']}): load failed", True),
        (f"Look at {SECRET['url']}.", True),
        ("Page 2 (1002): its file is missing", True),
        (f"Page 1 ({OPEN['url']}), Page 2 ({SECRET['url']}) and 3 more", True),
        (f"Page 1 ({OPEN['url']}): load failed", False),
        (f"Another page ({SECRET['url']}0): load failed", False),
        ("1002 pages were left", False),
        ("", False),
    ],
)
def test_a_text_that_names_such_a_page_is_withheld(viewer: Discretion, text: str, withheld: bool) -> None:
    answer = {"problem": text, "seconds": 1.5, "open": [{"text": text}, None]}
    shown = WITHHELD if withheld else text
    assert viewer.of_answer(answer) == {"problem": shown, "seconds": 1.5, "open": [{"text": shown}, None]}


def test_a_page_that_is_restricted_now_is_not_named_by_an_older_run(docs: SampleSource) -> None:
    older = docs.run("manual__0", NOW - timedelta(days=1), plan=[planned("fetch", "new to Twig", 2)])
    docs.run("manual__1", NOW, plan=[planned("delete", "restricted", 2, version=None)])
    docs.run("manual__2", NOW + timedelta(days=1))
    viewer = Discretion(docs.staging, everything=False)
    assert viewer.of_rows([OPEN, SECRET]) == [OPEN]
    assert viewer.of_plan(as_table([planned("fetch", "new to Twig", 2)], PLAN)).num_rows == 0
    assert older.plan.exists()


def test_who_may_see_everything_does(docs: SampleSource) -> None:
    plan = [planned("skip", "restricted", 2)]
    docs.run("manual__1", NOW, plan=plan)
    editor = Discretion(docs.staging, everything=True)
    assert editor.of_plan(as_table(plan, PLAN)).num_rows == 1
    assert editor.of_rows([SECRET]) == [SECRET]
    assert editor.of_answer(SECRET["url"]) == SECRET["url"]


def test_without_a_plan_nothing_is_known_to_be_secret(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    assert Discretion(docs.staging, everything=False).of_rows([SECRET]) == [SECRET]
