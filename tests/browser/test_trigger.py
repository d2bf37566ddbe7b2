"""A run by hand, and a run that must ask: the trigger form, the run's way to green, the brake and its approval."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from confluence_to_twig.runs.params import form as params
from confluence_to_twig.twig.client import TwigClient
from confluence_to_twig.twig.settings import TwigSettings
from sandbox.run import LocalAirflow
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG
from tests.browser.forms import close, group
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)

DAG = "confluence_to_twig__product-docs"
RUN_MS = 300_000
#: More than a fifth of the sample space, and more than the twenty pages below which nobody is asked.
TRASHED = 60


@pytest.fixture
def ui(synced: LocalAirflow, shared_ui: Any) -> Iterator[Any]:
    """The DAG's page in Airflow's UI, or where the test before has gone, without an open form."""
    yield shared_ui
    close(shared_ui)


def trigger_form(ui: Any, airflow: LocalAirflow) -> Any:
    """*Trigger* on the DAG's page."""
    if ui.url != (url := f"{airflow.api.base_url}/dags/{DAG}"):
        ui.goto(url)
    ui.get_by_role("button", name="Trigger").first.click()
    return ui.get_by_role("dialog").first


def trigger(ui: Any, dialog: Any) -> str:
    """Press *Trigger* in the form; returns the run that Airflow says it started."""
    with ui.expect_response(lambda answer: answer.url.endswith("/dagRuns") and answer.request.method == "POST") as said:
        dialog.get_by_role("button", name="Trigger").click()
    assert said.value.ok, said.value.text()
    return str(said.value.json()["dag_run_id"])


def ended(ui: Any, airflow: LocalAirflow, run_id: str) -> str:
    """Wait for the run's end; returns its state. Airflow's UI asks again and again, so it is closed meanwhile."""
    ui.goto("about:blank")
    until(lambda: airflow.api.run_state(DAG, run_id) in {"success", "failed"}, RUN_MS / 1_000)
    return airflow.api.run_state(DAG, run_id)


def report(airflow: LocalAirflow, run_id: str) -> dict[str, Any]:
    with airflow.staging("product-docs").run(run_id).report.open("r") as file:
        return dict(json.load(file))


def held(airflow: LocalAirflow) -> set[str]:
    """Ids of the pages that Twig holds."""
    settings = TwigSettings.from_fields(
        f"http://127.0.0.1:{airflow.ports['twig']}", DEFAULT_KEY, {"org_id": DEFAULT_ORG}
    )
    with TwigClient(settings) as client:
        (spec,) = [found for found in client.list_data_sources(search="product-docs") if found.name == "product-docs"]
        return {document.id for document in client.list_documents(spec.id)}


def test_the_form_groups_its_fields_and_explains_each(ui: Any, synced: LocalAirflow) -> None:
    dialog = trigger_form(ui, synced)
    for section in ("Which pages", "What to do"):
        dialog.get_by_role("button", name=section).click()
        fields = [param for param in params().values() if param.schema["section"] == section]
        assert fields
        for field in fields:
            explained = field.description or field.schema["description_md"]
            beginning = re.split("[:.]", explained)[0]  # the rest may be Markdown
            assert beginning in group(dialog, field.schema["title"]).inner_text()


def test_a_day_that_does_not_exist_never_gets_into_the_form(ui: Any, synced: LocalAirflow) -> None:
    since = chosen(ui, trigger_form(ui, synced), "2026/13/45")
    assert "Select date and time" in since.inner_text()


def test_a_time_that_is_none_is_refused_with_the_name_of_the_field(ui: Any, synced: LocalAirflow) -> None:
    before = len(synced.api.runs(DAG))
    dialog = trigger_form(ui, synced)
    dialog.get_by_role("button", name="Advanced Options").click()
    dialog.locator(".view-lines, .cm-content").first.click()
    ui.keyboard.press("ControlOrMeta+a")
    ui.keyboard.insert_text('{"since": "yesterday"}')
    ui.keyboard.press("ControlOrMeta+Shift+End")  # what the editor has closed by itself
    ui.keyboard.press("Delete")
    dialog.get_by_role("button", name="Trigger").click()
    dialog.get_by_text("Invalid input for param since: 'yesterday' is not a 'date-time'").wait_for()
    assert len(synced.api.runs(DAG)) == before


def test_a_run_with_a_time_and_one_page_goes_green_and_did_only_that(ui: Any, synced: LocalAirflow) -> None:
    wanted = sorted(held(synced), key=int)[0]
    dialog = trigger_form(ui, synced)
    assert "Nov 01, 2026 00:00" in chosen(ui, dialog, "2026/11/01").inner_text()
    dialog.get_by_role("textbox", name="Enter each string on a new line").fill(wanted)
    dialog.get_by_role("button", name="What to do").click()
    group(dialog, "Process again").locator("[data-part=control]").click()
    run_id = trigger(ui, dialog)
    assert ended(ui, synced, run_id) == "success"
    ui.goto(f"{synced.api.base_url}/dags/{DAG}/runs/{run_id}")
    badge = ui.get_by_test_id("header-card").get_by_test_id("state-badge")
    badge.filter(has_text="Success").wait_for()
    done = report(synced, run_id)
    assert done["params"] == {
        "full": False,
        "since": "2026-11-01T00:00:00.000Z",
        "page_ids": [wanted],
        "force": True,
        "dry_run": False,
    }
    assert done["window"]["start"].startswith("2026-11-01")


def chosen(ui: Any, dialog: Any, day: str) -> Any:
    """Type a day into *Modified since*; returns the field."""
    if not dialog.get_by_text("Modified since", exact=True).is_visible():
        dialog.get_by_role("button", name="Which pages").click()
    since = group(dialog, "Modified since")
    since.get_by_text("Select date and time").click()
    box = ui.get_by_role("textbox", name="Modified since")
    box.fill(day)
    box.press("Enter")
    ui.keyboard.press("Escape")
    box.wait_for(state="hidden")
    return since


@pytest.fixture
def trashed(synced: LocalAirflow) -> Iterator[set[str]]:
    """More than a fifth of what Twig holds goes into Confluence's trash, and comes back after the test."""
    victims = sorted(held(synced), key=int)[-TRASHED:]
    control = f"http://127.0.0.1:{synced.ports['confluence']}/_sandbox/changes"
    requests.post(control, json=[{"change": "trash", "page": page} for page in victims], timeout=30).raise_for_status()
    yield set(victims)
    back = [{"change": "restore", "page": page} for page in victims]
    requests.post(control, json=back, timeout=30).raise_for_status()


def test_many_deletions_are_approved_with_the_mouse(ui: Any, synced: LocalAirflow, trashed: set[str]) -> None:
    before = held(synced)
    run_id = trigger(ui, trigger_form(ui, synced))
    question = f"Delete {len(trashed)} of {len(before)} pages of product-docs from Twig?"
    ui.goto(f"{synced.api.base_url}/confluence-to-twig/#/product-docs")
    ui.get_by_role("link", name="Look and decide").wait_for(timeout=RUN_MS)
    assert held(synced) == before
    ui.goto(f"{synced.api.base_url}/required_actions")
    ui.get_by_role("row").filter(has_text=run_id).get_by_role("link", name=re.compile("^Delete ")).click()
    ui.get_by_text(question).first.wait_for()
    ui.get_by_text("None of it has been deleted; everything else of this run is done.").wait_for()
    ui.get_by_text(f"{len(trashed)} × trashed").wait_for()
    ui.get_by_role("link", name="See the pages that would go").wait_for()
    ui.get_by_role("button", name="Delete them").click()
    assert ended(ui, synced, run_id) == "success"
    assert held(synced) == before - trashed
    assert report(synced, run_id)["result"]["removed"] == len(trashed)
