"""What must never take a page out of Twig: one odd answer, a lost token, empty bodies, a space that does not answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from confluence_to_twig.staging.files import read_json, write_json
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from sandbox.confluence import faults
from sandbox.seed import SeedPage
from tests.dags.conftest import EVERY_TITLE, Site


@pytest.fixture
def folder(site: Site) -> Site:
    """The small space with two more pages below a folder."""
    site.confluence.add_page("SMALL", SeedPage("folder", "Folder", "", kind="folder"), parent="home")
    for name in ("one", "two"):
        site.confluence.add_page("SMALL", SeedPage(name, f"In folder {name}", f"<p>{name}</p>"), parent="folder")
    site.prepared("small space with a folder")
    return site


@pytest.mark.parametrize(("route", "status"), [("/folders/{folder}", 404), ("content/{folder}/restriction", 404)])
def test_a_folder_that_cannot_be_read_costs_no_page(folder: Site, route: str, status: int) -> None:
    folder.first_run()
    held = folder.held_titles()
    assert {"In folder one", "In folder two"} <= held
    folder.confluence.add_page("SMALL", SeedPage("three", "In folder three", "<p>3</p>"), parent="folder")
    folder.confluence.edit("one", storage="<p>edited</p>")
    identity = folder.confluence.id_of("folder")
    if "restriction" in route:
        folder.confluence.fail(faults.Rewrite(lambda page: _without(page, identity)), "content/search", times=None)
    folder.confluence.fail(faults.Refuse(status), route.format(folder=identity), times=None)
    report = folder.run()
    assert report["state"] == "success"
    assert folder.held_titles() == held
    assert report["sweep_complete"]
    assert any(identity in warning and "3 pages depend" in warning for warning in report["warnings"])
    folder.confluence.faults.clear()
    assert folder.run()["result"]["changed"] == 2
    assert folder.held_titles() == held | {"In folder three"}


def _without(page: dict[str, Any], identity: str) -> dict[str, Any]:
    return page | {"results": [item for item in page["results"] if item["id"] != identity]}


def test_the_admin_may_decide_that_folders_without_an_answer_restrict_nobody(folder: Site) -> None:
    identity = folder.confluence.id_of("folder")
    folder.confluence.fail(faults.Rewrite(lambda page: _without(page, identity)), "content/search", times=None)
    folder.confluence.fail(faults.Refuse(404), f"content/{identity}/restriction", times=None)
    folder.run()
    assert folder.held_titles() == EVERY_TITLE
    folder.configure(unreadable_parents="include")
    folder.run()
    assert folder.held_titles() == EVERY_TITLE | {"In folder one", "In folder two"}


def test_a_restriction_that_stays_unknown_for_days_takes_the_page_out(site: Site) -> None:
    site.first_run()
    identity = site.confluence.id_of("alpha-1")
    site.confluence.fail(faults.Rewrite(lambda page: _without(page, identity)), "content/search", times=None)
    site.confluence.fail(faults.Refuse(404), f"content/{identity}/restriction", times=None)
    for _ in range(2):
        site.run()
    assert site.held_titles() == EVERY_TITLE
    path = SourceStaging(staging_root(), "small").home / "sweeps.json"
    memory = read_json(path)
    memory["doubts"][identity]["since"] = "2026-01-01T00:00:00+00:00"
    write_json(path, memory)
    report = site.run()
    assert site.plan(report) == {"Alpha topic 1": ("delete", "its restriction could not be read for days")}
    assert site.held_titles() == EVERY_TITLE - {"Alpha topic 1"}


def test_a_token_that_is_lost_after_validate_deletes_nothing(site: Site) -> None:
    """On a site that is open to the public the rest of the run is answered as to an anonymous visitor."""
    site.configure(restricted_pages="include")
    site.confluence.restrict("alpha", users=["712020:somebody"])
    site.run()
    held = site.held_titles()

    def as_anonymous(user: dict[str, Any]) -> dict[str, Any]:
        return {"type": "anonymous", "displayName": "Anonymous"}

    hidden = site.confluence.id_of("beta-1")
    for route in (r"/spaces/\d+/pages", r"/api/v2/pages\?"):
        site.confluence.fail(faults.Rewrite(lambda page: _without(page, hidden)), route, times=None)
    site.confluence.fail(faults.Rewrite(as_anonymous), "user/current", skip=1, times=None)
    report = site.run()
    assert report["state"] == "failed"
    assert "401 Unauthorized" in report["errors"][-1]["error"]
    assert site.held_titles() == held


def _emptied(page: dict[str, Any]) -> dict[str, Any]:
    for item in page.get("results", ()):
        if "storage" in (item.get("body") or {}):
            item["body"]["storage"]["value"] = ""
    return page


def test_bodies_that_all_come_back_empty_cost_no_text(site: Site) -> None:
    site.first_run()
    held = site.held()
    site.confluence.fail(faults.Rewrite(_emptied), "body-format=storage", times=None)
    report = site.run(force=True)
    assert report["state"] == "success"
    assert site.held() == held
    assert any("12 pages came back empty in the very version that had text" in line for line in report["warnings"])
    site.confluence.faults.clear()
    assert site.run(force=True)["result"]["changed"] == 0


def test_a_page_that_somebody_emptied_is_emptied_in_twig(site: Site) -> None:
    site.first_run()
    site.confluence.edit("alpha-1", storage="")
    assert site.run()["state"] == "success"
    (emptied,) = (document for document in site.held().values() if document.title == "Alpha topic 1")
    assert not emptied.chunks


def test_many_emptied_pages_ask_and_are_sent_after_the_approval(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.first_run()
    held = site.held()
    for page in (*(f"alpha-{n}" for n in range(1, 5)), *(f"beta-{n}" for n in range(1, 5))):
        site.confluence.edit(page, storage="")
    report = site.run()
    assert report["state"] == "failed"
    assert "much of the text of 8 pages" in report["errors"][-1]["error"]
    assert site.held() == held
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    report = site.run()
    assert report["state"] == "success"
    assert report["result"]["changed"] == 8
    assert sum(1 for document in site.held().values() if not document.chunks) == 8


def test_restricted_pages_go_at_once_while_the_rest_waits(site: Site) -> None:
    site.first_run()
    site.confluence.restrict("alpha", users=["712020:somebody"])
    for number in range(1, 5):
        site.confluence.trash(f"beta-{number}")
    site.confluence.trash("beta")
    report = site.run()
    assert report["state"] == "failed"
    assert "would lose 5 of 7 pages" in report["errors"][-1]["error"]
    assert site.held_titles() == {title for title in EVERY_TITLE if not title.startswith("Alpha")}


def test_a_space_that_cannot_be_found_any_more_asks_before_its_pages_go(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.first_run()
    site.confluence.fail(faults.Rewrite(lambda page: page | {"results": []}), r"/api/v2/spaces(\?|$)", times=None)
    report = site.run()
    assert report["state"] == "success"  # its pages can still be seen, so that nothing is deleted
    assert site.held_titles() == EVERY_TITLE
    assert any("Twig still answers from 12 pages of it" in line for line in report["warnings"])
    for route in ("pages", "blogposts"):
        site.confluence.fail(faults.Rewrite(lambda page: page | {"results": []}), rf"/api/v2/{route}\?", times=None)
    report = site.run()
    assert report["state"] == "failed"
    assert "would lose 12 of 12 pages" in report["errors"][-1]["error"]
    assert site.held_titles() == EVERY_TITLE
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    assert site.run()["state"] == "success"
    assert site.held_titles() == set()


def test_a_lookback_loses_nothing_that_a_missed_run_would_have_seen(site: Site) -> None:
    site.configure(lookback="90 days")
    now = datetime(2026, 8, 1, tzinfo=UTC)
    site.run(now)
    assert "Alpha topic 1" not in site.held_titles()
    held = site.held_titles()
    site.confluence.add_page(
        "SMALL", SeedPage("missed", "Made while nothing ran", "<p>x</p>", modified_at=datetime(2026, 1, 2, tzinfo=UTC))
    )
    site.confluence.restrict("alpha-2", users=["712020:somebody"])
    report = site.run(datetime(2026, 8, 2, tzinfo=UTC))
    assert site.plan(report)["Made while nothing ran"] == ("fetch", "new since the last run")
    assert site.held_titles() == held | {"Made while nothing ran"}
    site.confluence.unrestrict("alpha-2")
    report = site.run(datetime(2026, 8, 3, tzinfo=UTC))
    assert site.plan(report)["Alpha topic 2"] == ("fetch", "new since the last run")


def test_a_page_id_that_does_not_exist_is_named(site: Site) -> None:
    report = site.run(page_ids=["999999", site.confluence.id_of("alpha-1")])
    assert report["state"] == "success"
    assert any("no page with the id 999999" in line for line in report["warnings"])
    assert site.held_titles() == {"Alpha topic 1"}


def test_a_renamed_space_key_renews_the_citations_and_sends_no_text(site: Site) -> None:
    site.first_run()

    def renamed(page: dict[str, Any]) -> dict[str, Any]:
        for item in page.get("results", ()):
            item["_links"]["webui"] = item["_links"]["webui"].replace("/SMALL/", "/LITTLE/")
        return page

    site.confluence.fail(faults.Rewrite(renamed), r"/(spaces/\d+/)?(pages|blogposts)\?", times=None)
    report = site.run()
    assert report["plan"]["fetch"] == {"address changed": 12}
    assert report["state"] == "success"
    assert all("/LITTLE/" in document.url for document in site.held().values())
    assert site.run()["result"]["changed"] == 0
