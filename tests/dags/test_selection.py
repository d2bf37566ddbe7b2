"""Which pages a source takes, over whole runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confluence_to_twig.tasks import discover as discover_module
from tests.dags.conftest import EVERY_TITLE, Site

OUT = "below none of the root pages"
#: Of the eight topics: most of the text of the source.
TOPICS = {title for title in EVERY_TITLE if "topic" in title}


def test_pages_come_into_the_selection_and_leave_it(site: Site) -> None:
    site.configure(retries=0, lookback="90 days", root_pages=["Alpha"], exclude_titles=["*topic 4"])
    site.confluence.label("alpha-2", "draft")
    report = site.run(full=True)
    assert site.held_titles() == {"Alpha", *(f"Alpha topic {number}" for number in (1, 2, 3))}
    assert report["plan"]["skip"] == {OUT: 7, "title like *topic 4 is excluded": 1}
    # Moved in and out, long before the lookback; and the source is edited.
    site.confluence.move("beta-1", "alpha-1")
    site.confluence.move("alpha-3", "beta")
    site.configure(
        retries=0,
        lookback="90 days",
        root_pages=["Alpha", site.confluence.id_of("beta-2")],
        exclude_titles=["*topic 4"],
        exclude_labels=["draft"],
    )
    assert site.plan(site.run()) == {
        "Alpha topic 2": ("delete", "label draft is excluded"),
        "Alpha topic 3": ("delete", OUT),
        "Beta topic 1": ("fetch", "new since the last run"),
        "Beta topic 2": ("fetch", "new since the last run"),
        "Alpha topic 4": ("skip", "title like *topic 4 is excluded"),
        **dict.fromkeys(["Handbook", "Beta", "Beta topic 3", "Beta topic 4", "Release news"], ("skip", OUT)),
    }
    assert site.held_titles() == {"Alpha", "Alpha topic 1", "Beta topic 1", "Beta topic 2"}


def test_a_page_tree_that_is_not_there_ends_the_run_before_anything_is_deleted(site: Site) -> None:
    site.configure(retries=0, exclude_root_pages=["Beta"])
    site.run()
    held = site.held_titles()
    site.confluence.edit("beta", title="Beta, renamed")
    report = site.run()
    assert report["state"] == "failed"
    assert "has no page and no folder 'Beta'" in report["errors"][0]["error"]
    assert site.held_titles() == held


def only_topics_are_old(site: Site) -> float:
    """Days that no page is older than."""
    for ref in ("home", "alpha", "beta", "news"):
        site.confluence.edit(ref, storage=f"<p>The {ref} page, written anew.</p>")
    return (datetime.now(UTC) - datetime(2026, 1, 15, tzinfo=UTC) + timedelta(hours=1)) / timedelta(days=1)


def let_time_pass(monkeypatch: pytest.MonkeyPatch, passed: timedelta) -> None:
    """The clock that discover plans by goes on."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + passed

    monkeypatch.setattr(discover_module, "datetime", Later)


def test_pages_that_pass_max_age_go_without_a_question_also_when_discover_is_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.configure(retries=0, max_age=only_topics_are_old(site))
    assert site.run(full=True)["state"] == "success"
    assert site.held_titles() == EVERY_TITLE
    let_time_pass(monkeypatch, timedelta(days=120))
    discover = discover_module.discover

    def tried_twice(*arguments: Any) -> Any:
        discover(*arguments)  # the worker was lost before it could say so
        return discover(*arguments)

    monkeypatch.setattr(discover_module, "discover", tried_twice)
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == dict.fromkeys(TOPICS, ("delete", "passed max_age"))
    assert site.held_titles() == EVERY_TITLE - TOPICS


def test_a_shortened_max_age_asks_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    days = only_topics_are_old(site)
    site.configure(retries=0, max_age=days)
    site.run(full=True)
    site.configure(retries=0, max_age=days - 120)
    report = site.run()
    assert report["state"] == "failed"
    assert "approval needed" in report["errors"][-1]["error"]
    assert site.plan(report) == dict.fromkeys(TOPICS, ("delete", "older than max_age"))
    assert site.held_titles() == EVERY_TITLE
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    assert site.run()["state"] == "success"
    assert site.held_titles() == EVERY_TITLE - TOPICS
    monkeypatch.delenv("CONFLUENCE_TWIG_APPROVE_DELETIONS")
    assert site.run()["state"] == "success"
