"""A source over many spaces, in whole runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

import pytest

from sandbox.confluence import faults
from sandbox.confluence.sandbox import SYNC_EMAIL
from sandbox.seed import SeedPage, SeedSpace
from tests.dags.conftest import EVERY_TITLE, Site

INCLUDE = (
    '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ri:page ri:space-key="SMALL" '
    'ri:content-title="Alpha topic 1" /></ac:parameter></ac:structured-macro>'
)
LINK = '<p>See <ac:link><ri:page ri:space-key="OPS" ri:content-title="Handbook" /></ac:link>.</p>'
OPS = SeedSpace(
    "OPS",
    "Operations",
    "",
    (SeedPage("ops", "Handbook", "<p>Runbooks of the operations team.</p>"), SeedPage("calls", "On call", INCLUDE)),
)
HR = SeedSpace("HR", "People", "", (SeedPage("hr", "Leave", "<p>Ask for leave a week before.</p>" + LINK),))
OF_HR, OF_OPS = {"Leave"}, {"Handbook", "On call"}


@pytest.fixture
def many(site: Site) -> Site:
    """Three spaces, a personal one and an archived one."""
    for seed in (OPS, HR):
        site.confluence.add_space(seed)
    site.confluence.add_space(SeedSpace("~ada", "Ada", "", (SeedPage("ada", "Diary", "<p>Dear</p>"),), kind="personal"))
    site.confluence.add_space(SeedSpace("OLD", "Old", "", (SeedPage("old", "Past", "<p>Long ago</p>"),)))
    site.confluence.archive_space("OLD")
    site.prepared("many spaces")
    site.configure(retries=0, space_key=None, spaces=["*"], schedule="*/5 * * * *", lookback="90 days")
    return site


def rows(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in report["spaces"]}


def test_one_source_takes_every_space_and_keeps_each_in_step(many: Site) -> None:
    many.confluence.hide_space("HR", [SYNC_EMAIL], ["people-team"])
    report = many.run(full=True)
    assert report["state"] == "success"
    assert ["may read HR, or" in line for line in report["warnings"]] == [True]
    assert many.held_titles() == EVERY_TITLE | OF_HR | OF_OPS
    texts = {document.title: "".join(chunk.text for chunk in document.chunks) for document in many.held().values()}
    assert "about alpha-1-widgets" in texts["On call"]  # included from another space
    assert "/spaces/OPS/overview)" in texts["Leave"]  # one of two pages with that title
    assert {key: row["pages"] for key, row in rows(report).items()} == {"SMALL": 12, "OPS": 2, "HR": 1}
    # What changes, changes in its space: lanes find it, and a page that moves stays.
    many.confluence.edit("alpha-1", storage="<p>About new widgets.</p>")
    many.confluence.move_to_space("calls", "HR")
    many.confluence.add_space(SeedSpace("NEW", "New", "", (SeedPage("new", "Fresh", "<p>Fresh space.</p>"),)))
    report = many.run()
    assert {key: row["look"] for key, row in rows(report).items()} == {
        "SMALL": "lane",
        "OPS": "lane",
        "HR": "lane",
        "NEW": "sweep",
    }
    plan = many.plan(report)
    assert plan.pop("On call")[0] == "fetch"
    assert plan == {"Alpha topic 1": ("fetch", "version 1 → 2"), "Fresh": ("fetch", "new since the last run")}
    assert many.held_titles() == EVERY_TITLE | OF_HR | OF_OPS | {"Fresh"}
    report = many.run()
    assert report["result"]["changed"] == 0
    assert rows(report)["SMALL"]["why"] == "a glance at many spaces saw nothing new"


def test_a_space_that_does_not_answer_costs_only_its_own_pages(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    many.first_run(full=True)
    held = many.held_titles()
    many.confluence.trash("calls")
    many.confluence.trash("alpha-3")
    many.confluence.fail(faults.Refuse(404), rf"spaces/{many.confluence.space('OPS').id}/pages", times=None)
    report = many.run(full=True)
    assert report["state"] == "success"
    assert rows(report)["OPS"]["problem"]
    assert not rows(report)["OPS"]["complete"]
    assert any("pace OPS" in line for line in report["warnings"])
    assert many.plan(report) == {"Alpha topic 3": ("delete", "trashed")}
    assert many.held_titles() == held - {"Alpha topic 3"}
    many.confluence.faults.clear()
    assert many.run(full=True)["state"] == "failed"  # most of the text of this one space: somebody has to approve
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    many.run(full=True)
    assert many.held_titles() == held - {"Alpha topic 3", "On call"}


def test_a_space_that_vanishes_asks_although_it_is_little_of_the_source(
    many: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.first_run(full=True)
    held = many.held_titles()
    many.confluence.hide_space("HR")
    many.confluence.archive_space("OPS")
    report = many.run()
    assert report["state"] == "failed"
    assert "approval needed" in report["errors"][-1]["error"]
    assert many.held_titles() == held
    assert many.plan(report) == {
        "Leave": ("delete", "gone or no longer visible"),
        "On call": ("delete", "in a space that is not selected"),
        "Handbook": ("delete", "in a space that is not selected"),
    }
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    assert many.run()["state"] == "success"
    assert many.held_titles() == EVERY_TITLE


@pytest.mark.parametrize(
    "change",
    [
        lambda confluence: confluence.hide_space("OPS"),
        lambda confluence: confluence.archive_space("OPS"),
        lambda confluence: confluence.rename_space_key("OPS", "OPERATIONS"),
    ],
    ids=["vanished", "archived", "renamed"],
)
def test_a_space_that_changes_in_the_middle_of_a_run_loses_nothing(change: Callable[[Any], object], many: Site) -> None:
    many.first_run(full=True)
    held = many.held_titles()
    many.confluence.trash("alpha-3")
    met = many.confluence.when(rf"/spaces/{many.confluence.space('OPS').id}/pages", lambda: change(many.confluence))
    many.run(full=True)
    assert met.hits
    assert many.held_titles() | {"Alpha topic 3"} == held


def why_it_fires(many: Site) -> str:
    """What the trigger of the source's DAG fires for, restored as the triggerer restores it."""
    [asset] = many.dag().timetable.asset_condition.objects
    [watcher] = asset.watchers
    path, arguments = watcher.trigger.serialize()

    async def first_event() -> str:
        async for event in resolve_name(path)(**arguments).run():
            return str(event.payload["why"])
        raise AssertionError("it ended")

    return asyncio.run(asyncio.wait_for(first_event(), 120))


def test_an_edit_in_the_second_space_of_a_source_that_runs_on_change_starts_a_run_that_takes_it_to_twig(
    many: Site,
) -> None:
    many.configure(retries=0, space_key=None, spaces=["SMALL", "OPS"], on_change=True, poll_every="5 seconds")
    many.run(full=True)
    many.confluence.edit("ops", storage="<p>Runbooks, edited a moment ago.</p>")
    assert why_it_fires(many) == "pages are new or changed in OPS"
    assert many.plan(many.run()) == {"Handbook": ("fetch", "version 1 → 2")}
    texts = ["".join(chunk.text for chunk in document.chunks) for document in many.held().values()]
    assert any("edited a moment ago" in text for text in texts)
