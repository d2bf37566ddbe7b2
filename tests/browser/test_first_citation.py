"""From a real run to the first citation: what somebody sees who has just started the project."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.run import LocalAirflow

DAG = "confluence_to_twig__product-docs"


def test_a_finished_run_is_active_and_up_to_date(page: Any, synced: LocalAirflow) -> None:
    page.goto(f"{synced.api.base_url}/confluence-to-twig/")
    row = page.locator("table.sources tbody tr").first
    row.get_by_text("Up to date").wait_for()
    assert "Active" in row.inner_text()
    assert "PROD · Product Documentation" in row.inner_text()


def test_every_step_of_the_newest_run_is_done_or_was_not_needed(page: Any, synced: LocalAirflow) -> None:
    page.goto(f"{synced.api.base_url}/confluence-to-twig/#/product-docs")
    steps = page.locator(".steps li")
    steps.last.wait_for()
    assert [step.splitlines() for step in steps.all_inner_texts()] == [
        *([task, "done"] for task in ("validate", "discover", "extract", "transform", "load")),
        ["prune", "skipped"],
        ["verify", "done"],
    ]


def test_a_question_leads_to_the_confluence_page(page: Any, synced: LocalAirflow) -> None:
    page.goto(f"{synced.api.base_url}/confluence-to-twig/#/product-docs/playground")
    page.get_by_label("Question").fill("What do I do when a gateway is offline?")
    page.get_by_role("button", name="Ask Twig").click()
    citation = page.locator(".passage h3 a").first
    citation.wait_for()
    title = citation.inner_text().partition(" ›")[0].partition("↗")[0].strip()
    with page.context.expect_page() as tab:
        citation.click()
    tab.value.get_by_role("heading", name=title, level=1).wait_for()
    assert tab.value.url.startswith(f"http://127.0.0.1:{synced.ports['confluence']}/wiki/spaces/PROD/pages/")


@pytest.mark.parametrize("task", ["load", "verify"])
def test_a_task_links_to_the_space_and_the_data_source(synced: LocalAirflow, task: str) -> None:
    run = synced.api.runs(DAG, "success")[0]
    links = synced.api.call("GET", f"dags/{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/{task}/links")["extra_links"]
    assert links["Confluence space"] == f"http://127.0.0.1:{synced.ports['confluence']}/wiki/spaces/PROD"
    assert links["Twig data source"].startswith(f"http://127.0.0.1:{synced.ports['twig']}/?source=")
