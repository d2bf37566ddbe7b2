"""Buttons that start runs: with the viewer's own rights, and seen to work without a reload."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox.run import LocalAirflow
from tests.browser.test_page import opened

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=20_000)


def unpaused(page: Any) -> None:
    """Let the page believe that every DAG runs."""

    def dags(route: Any) -> None:
        answer = route.fetch().json()
        for dag in answer["dags"]:
            dag["is_paused"] = False
        route.fulfill(json=answer)

    page.route("**/api/v2/dags?*", dags)


def asked_for(page: Any) -> list[dict[str, Any]]:
    """Catch what would start a run."""
    bodies: list[dict[str, Any]] = []

    def start(route: Any) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        bodies.append(json.loads(route.request.post_data))
        route.fulfill(json={"dag_run_id": "manual__new", "state": "queued"})

    page.route("**/dags/confluence_to_twig__wiki/dagRuns", start)
    return bodies


@pytest.mark.parametrize(("button", "conf"), [("Sync now", {}), ("Dry run", {"dry_run": True})])
def test_a_button_starts_a_run_and_leads_to_it(
    page: Any, airflow: LocalAirflow, button: str, conf: dict[str, Any]
) -> None:
    unpaused(page)
    bodies = asked_for(page)
    opened(page, airflow, "#/wiki")
    page.get_by_role("button", name=button).click()
    link = page.get_by_role("link", name="Open it")
    link.wait_for()
    assert str(link.get_attribute("href")).endswith("dags/confluence_to_twig__wiki/runs/manual__new")
    assert bodies == [{"logical_date": None, "conf": conf}]


def test_pages_in_quarantine_are_processed_again(page: Any, airflow: LocalAirflow) -> None:
    unpaused(page)
    bodies = asked_for(page)
    opened(page, airflow, "#/wiki/quarantine")
    page.get_by_role("button", name="Process this page again").click()
    page.get_by_role("link", name="Open it").wait_for()
    assert bodies == [{"logical_date": None, "conf": {"page_ids": ["1001"], "force": True}}]


def test_what_verify_found_is_acknowledged(page: Any, airflow: LocalAirflow) -> None:
    def trouble(route: Any) -> None:
        finding = {"text": "Page 7: no search cites it", "page_id": "7", "url": "", "since": None, "proven": False}
        route.fulfill(json=route.fetch().json() | {"open": [finding]})

    unpaused(page)
    bodies = asked_for(page)
    page.route("**/trouble", trouble)
    opened(page, airflow, "#/wiki/warnings")
    page.get_by_text("Page 7: no search cites it").wait_for()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("link", name="Open it").wait_for()
    assert bodies == [{"logical_date": None, "conf": {"acknowledge": True}}]


def test_a_button_that_cannot_work_says_why(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki")
    button = page.get_by_role("button", name="Sync now")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute(
        "title", "The DAG is paused. Unpause it in Airflow first: a run of a paused DAG only waits."
    )


def test_who_may_only_look_may_not_start_runs(page: Any, airflow: LocalAirflow) -> None:
    def no_right(route: Any) -> None:
        route.fulfill(json=route.fetch().json() | {"may_ask": False})

    unpaused(page)
    page.route("**/api/sources/confluence_to_twig__wiki", no_right)
    opened(page, airflow, "#/wiki")
    button = page.get_by_role("button", name="Dry run")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", re.compile("right to trigger"))


def test_a_refusal_of_airflow_is_said_beside_the_button(page: Any, airflow: LocalAirflow) -> None:
    unpaused(page)
    page.route(
        "**/dags/confluence_to_twig__wiki/dagRuns",
        lambda route: route.fulfill(status=403, json={"detail": "Forbidden"}),
    )
    opened(page, airflow, "#/wiki")
    page.get_by_role("button", name="Sync now").click()
    page.locator(".started").get_by_text("You may not do this It needs the right to trigger").wait_for()
    page.problems.clear()


def test_a_dry_run_started_here_appears_without_a_reload(page: Any, synced: LocalAirflow) -> None:
    opened(page, synced, "#/product-docs/history")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("link", name="Open it").wait_for()
    page.locator(".told").get_by_text("dry run", exact=True).wait_for(timeout=240_000)
    assert page.locator("header .state").first.inner_text() == "Active"
