"""Setting up with the mouse: connections of both types, their own fields, and what the Test button says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from confluence_to_twig.confluence.api.connection_form import CONNECTION_TYPE as CONFLUENCE
from confluence_to_twig.twig.connection_form import CONNECTION_TYPE as TWIG
from sandbox import confluence
from sandbox.run import LocalAirflow
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG
from tests.browser.forms import close, fill, form, group

#: Airflow tests a connection while the click waits for it.
TEST_MS = 60_000


@pytest.fixture(scope="module")
def ui_of_connections(airflow: LocalAirflow, shared_ui: Any) -> Any:
    return opened(shared_ui, airflow)


@pytest.fixture
def connections(ui_of_connections: Any) -> Iterator[Any]:
    """The list of connections in Airflow's UI, without an open form before the test and after it."""
    yield ui_of_connections
    close(ui_of_connections)


def opened(ui: Any, airflow: LocalAirflow) -> Any:
    ui.goto(f"{airflow.api.base_url}/connections")
    ui.get_by_role("button", name="Add Connection").wait_for()
    return ui


def assert_explained(dialog: Any, conn_type: dict[str, Any]) -> None:
    """The form shows the fields of its type, no others, and says what each is for."""
    shown = dialog.inner_text()
    behaviour = conn_type["ui-field-behaviour"]
    assert set(behaviour["relabeling"].values()) <= set(shown.splitlines())
    assert not {"Host", "Schema", "Port", *(hidden.title() for hidden in behaviour["hidden-fields"])} & set(
        shown.splitlines()
    )
    dialog.get_by_role("button", name="Extra Fields", exact=True).click()
    for field in conn_type["conn-fields"].values():
        assert field["description"] in group(dialog, field["label"]).inner_text()
    dialog.get_by_role("button", name="Standard Fields", exact=True).click()  # one part is open at a time


def fill_confluence(dialog: Any, airflow: LocalAirflow, token: str, space_key: str) -> None:
    site = f"http://127.0.0.1:{airflow.ports['confluence']}"
    fields = {"Domain": site, "E-mail": confluence.SYNC_EMAIL, "API token": token}
    fill(dialog, fields, {"Space key": space_key, "Gateway": site})


def edit(ui: Any, conn_id: str) -> Any:
    ui.get_by_role("row").filter(has_text=conn_id).get_by_role("button", name="Edit Connection").click()
    return ui.get_by_role("dialog")


def answer_of(ui: Any, conn_id: str) -> str:
    """Press Test and read what comes up, once the answer to another test is gone."""
    notice = ui.get_by_role("region", name="Notifications").get_by_role("status").filter(has_text="Test Connection")
    notice.wait_for(state="detached")
    ui.get_by_role("row").filter(has_text=conn_id).get_by_role("button", name="Test Connection").click()
    notice.wait_for(timeout=TEST_MS)
    ui.mouse.move(0, 0)  # away from the button, whose hint lies over its neighbours
    return str(notice.inner_text())


def test_a_form_explains_its_fields_and_a_new_confluence_connection_counts_the_pages_of_its_space(
    connections: Any, airflow: LocalAirflow
) -> None:
    dialog = form(connections, "site-a", "Confluence")
    assert_explained(dialog, CONFLUENCE)
    fill_confluence(dialog, airflow, confluence.SYNC_TOKEN, "PROD")
    assert "Connection successful, found 258 pages" in answer_of(connections, "site-a")


def test_after_an_expiry_a_new_token_in_the_connection_is_all_it_takes(connections: Any, airflow: LocalAirflow) -> None:
    fill_confluence(form(connections, "site-b", "Confluence"), airflow, "expired-token", "PROD")
    said = answer_of(connections, "site-b")
    assert "401 Unauthorized" in said
    assert "Verify the e-mail, create a new API token" in said
    assert "paste it into the connection" in said
    dialog = edit(connections, "site-b")
    dialog.get_by_label("API token").fill(confluence.SYNC_TOKEN)
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
    assert "Connection successful, found 258 pages" in answer_of(connections, "site-b")


def test_a_wrong_space_key_names_the_one_that_was_meant(connections: Any, airflow: LocalAirflow) -> None:
    fill_confluence(form(connections, "site-c", "Confluence"), airflow, confluence.SYNC_TOKEN, "prod")
    said = answer_of(connections, "site-c")
    assert 'Space not found: "prod"' in said
    assert 'The key is case-sensitive. Did you mean "PROD" (Product Documentation)?' in said


def test_a_form_explains_its_fields_and_a_new_twig_connection_says_what_it_found(
    connections: Any, airflow: LocalAirflow
) -> None:
    dialog = form(connections, "twig-a", "Twig")
    assert_explained(dialog, TWIG)
    fields = {"API address": f"http://127.0.0.1:{airflow.ports['twig']}", "API key": "twigsk_test_wrong"}
    fill(dialog, fields, {"Organisation id": DEFAULT_ORG})
    assert "401 Unauthorized" in answer_of(connections, "twig-a")
    dialog = edit(connections, "twig-a")
    dialog.get_by_label("API key").fill(DEFAULT_KEY)
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
    assert re.search(r"Connection successful, found \d+ data source", answer_of(connections, "twig-a"))
