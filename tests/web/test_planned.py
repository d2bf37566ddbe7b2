from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from confluence_to_twig.runs.history import newest_first
from confluence_to_twig.staging.schemas import PLAN
from confluence_to_twig.web.discretion import Discretion
from confluence_to_twig.web.planned import Filter, RunPlan, apply, prepare, runs_with_a_plan
from tests.web.samples import NOW, SampleSource, as_table, planned

PLANNED = [
    planned("leave", "unchanged", 1, title="Alarms"),
    planned("fetch", "version 3 → 4", 2, title="Zebra"),
    planned("fetch", "version 1 → 2", 3, title="alarm <b>policies</b>"),
    planned("delete", "trashed", 4, title="Old", version=None),
    planned("skip", "restricted", 5, title="Secret plans"),
]


ALL = Filter()


def plan_of(docs: SampleSource, *, everything: bool = True) -> RunPlan | None:
    row = next(iter(runs_with_a_plan(docs.staging, newest_first(docs.staging))), None)
    return row and RunPlan(docs.staging, row, Discretion(docs.staging, everything=everything))


def shown(
    docs: SampleSource, wanted: Filter = ALL, offset: int = 0, limit: int = 10, *, everything: bool = True
) -> Any:
    plan = plan_of(docs, everything=everything)
    return plan and plan.page(wanted, offset=offset, limit=limit)


def titles(found: Any) -> list[str]:
    return [row["title"] for row in found["rows"]]


def test_a_run_without_a_plan_has_none(docs: SampleSource) -> None:
    docs.run("manual__1", NOW)
    assert shown(docs) is None


def test_shows_what_happens_before_what_stays(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert [row["action"] for row in shown(docs)["rows"]] == ["fetch", "fetch", "delete", "skip", "leave"]


def test_counts_the_whole_plan_whatever_is_shown(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    found = shown(docs, Filter(action="delete"))
    assert found["total"] == 1
    assert found["counts"]["fetch"] == {"version changed": 2}
    assert found["counts"]["skip"] == {"restricted": 1}


def test_gathers_version_changes_under_one_reason(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert titles(shown(docs, Filter(reason="version changed"))) == ["Zebra", "alarm <b>policies</b>"]


def test_searches_titles_in_any_case(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert titles(shown(docs, Filter(search="ALARM"))) == ["alarm <b>policies</b>", "Alarms"]


def test_searches_text_and_not_patterns(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert titles(shown(docs, Filter(search="<b>"))) == ["alarm <b>policies</b>"]
    assert titles(shown(docs, Filter(search="."))) == []


def test_finds_a_page_by_its_whole_id(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert titles(shown(docs, Filter(search="1004"))) == ["Old"]


def test_counts_what_a_viewer_may_not_see_and_is_no_oracle_for_its_title(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    everything = shown(docs, everything=False)
    assert (everything["total"], everything["withheld"]) == (4, 1)
    assert plan_of(docs, everything=False).whole(ALL)["title"].to_pylist() == titles(everything)  # type: ignore[union-attr]
    assert everything["counts"]["skip"] == {"restricted": 1}
    for search in ("Secret plans", "1005", "nothing like it"):
        found = shown(docs, Filter(action="skip", search=search), everything=False)
        assert (found["rows"], found["total"], found["withheld"]) == ([], 0, 1)


def test_pages_through_without_gap_or_overlap(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=[planned("fetch", "new to Twig", number) for number in range(25)])
    pages = [titles(shown(docs, offset=offset, limit=10)) for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert len({title for page in pages for title in page}) == 25


def test_filters_by_what_became_of_a_page(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    found = shown(docs, Filter(outcome="not fetched"))
    assert titles(found) == ["Zebra", "alarm <b>policies</b>"]
    assert found["outcomes"] == {"not fetched": 2, "kept in Twig": 1, "kept out": 1, "left": 1}


def test_a_plan_made_anew_is_read_anew(docs: SampleSource) -> None:
    docs.run("manual__1", NOW, plan=PLANNED)
    assert shown(docs)["total"] == 5
    docs.run("manual__1", NOW, plan=PLANNED[:2])
    assert shown(docs)["total"] == 2
    assert shown(docs)["counts"]["delete"] == {}


@given(st.lists(st.sampled_from(PLANNED), max_size=20), st.text("aAlLé <b>1", max_size=3))
def test_a_search_finds_exactly_the_titles_that_contain_it(rows: list[dict[str, Any]], search: str) -> None:
    found = apply(prepare(as_table(rows, PLAN)), Filter(search=search))
    wanted = [row for row in rows if search.lower() in row["title"].lower() or search == row["page_id"]]
    assert found.num_rows == len(wanted)
