"""What a run does not do, or not all of, and what it says then: bad pages, the brake, wrong tokens, unknown spaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.confluence import SYNC_TOKEN
from tests.dags.conftest import EVERY_TITLE, Site


def test_a_bad_page_turns_the_run_red_while_all_others_are_loaded(site: Site) -> None:
    site.twig.twig.refuse_documents([site.confluence.id_of("beta-4")], "content_policy", "not allowed here")
    report = site.run()
    assert report["state"] == "failed"
    assert site.held_titles() == EVERY_TITLE - {"Beta topic 4"}
    assert [failure["title"] for failure in report["failures"]] == ["Beta topic 4"]
    assert "not allowed here" in report["failures"][0]["error"]
    assert "1 failed" in report["summary"]
    site.twig.twig.accept_documents()
    healed = site.run()
    assert healed["state"] == "success"
    assert site.plan(healed) == {"Beta topic 4": ("fetch", "new to Twig")}
    assert site.held_titles() == EVERY_TITLE


def test_the_mass_delete_brake_deletes_nothing_but_lets_changes_through(site: Site) -> None:
    site.first_run()
    site.configure(brake_pages=3, brake_share=0.2)
    for number in range(1, 4):
        site.confluence.trash(f"alpha-{number}")
    site.confluence.edit("beta-1", storage="<p>Changed meanwhile.</p>")
    report = site.run()
    assert report["state"] == "failed"
    assert {"Alpha topic 1", "Alpha topic 2", "Alpha topic 3"} <= site.held_titles()
    assert report["figures"]["changed"] == 1
    assert "approval needed" in report["errors"][0]["error"]


def test_approved_deletions_go_through_the_brake(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.first_run()
    site.configure(brake_pages=3, brake_share=0.2)
    for number in range(1, 4):
        site.confluence.trash(f"alpha-{number}")
    monkeypatch.setenv("CONFLUENCE_TWIG_APPROVE_DELETIONS", "yes")
    report = site.run()
    assert report["state"] == "success"
    assert report["result"]["removed"] == 3


def test_a_wrong_token_fails_at_once_with_the_help_and_after_a_new_one_the_next_run_catches_up(
    site: Site, reconnect: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    site.first_run()
    held = site.held()
    reconnect(password="not-the-right-token")
    site.confluence.edit("alpha-1", storage="<p>Rewritten while nobody could look.</p>")
    site.confluence.trash("alpha-2")
    report = site.run()
    assert report["state"] == "failed"
    error = report["errors"][0]["error"]
    assert "401 Unauthorized" in error
    assert "token" in error
    assert "not-the-right-token" not in json.dumps(report, default=str) + caplog.text
    assert report["tasks"].keys() == {"validate"}
    tries = [ti.try_number for ti in report["dag_run"].get_task_instances() if ti.task_id == "validate"]
    assert tries == [1]
    assert site.held() == held

    reconnect(password=SYNC_TOKEN)
    report = site.run()
    assert report["state"] == "success"
    assert site.plan(report) == {
        "Alpha topic 1": ("fetch", "version 1 → 2"),
        "Alpha topic 2": ("delete", "trashed"),
    }


def test_an_unknown_space_is_named_with_near_matches(site: Site) -> None:
    site.configure(space_key="small")
    report = site.run()
    assert report["state"] == "failed"
    assert 'Space not found: "small"' in report["errors"][0]["error"]
    assert "SMALL" in report["errors"][0]["error"]


def test_an_empty_space_is_a_warning_and_no_silent_success(site: Site) -> None:
    from sandbox.seed import SeedSpace

    site.confluence.add_space(SeedSpace("EMPTY", "Empty", "", ()))
    site.configure(space_key="EMPTY")
    report = site.run()
    assert report["state"] == "success"
    assert any("no page" in warning for warning in report["warnings"])


def test_an_incomplete_sweep_deletes_nothing_and_warns(site: Site) -> None:
    from sandbox.confluence import Rewrite

    def spoil(page: dict[str, Any]) -> dict[str, Any]:
        for item in page["results"]:
            if item["title"] == "Handbook":
                item["version"] = {"number": 1, "createdAt": "yesterday"}
        return page

    site.first_run()
    site.confluence.trash("alpha-1")
    site.confluence.fail(Rewrite(spoil), r"/spaces/\d+/pages", times=None)
    report = site.run()
    assert report["sweep_complete"] is False
    assert site.plan(report) == {}
    assert {"Alpha topic 1", "Handbook"} <= site.held_titles()
    assert any("not complete" in warning for warning in report["warnings"])
