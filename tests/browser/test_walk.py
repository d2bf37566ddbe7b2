"""``docs/walk.md``, step by step: the wheel in a plain Airflow, and a browser that does what stands there.

The steps build on one another, in this order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import confluence
from tests.browser.conftest import new_context
from tests.browser.plain_airflow import WALK, plain_airflow
from tests.browser.walk import DAG_ID, NAME, SPACE, Walk
from tests.whole_airflow import ended_at_once

#: A plain Airflow takes half a minute to start, and each sync most of one; a busy machine takes several times that.
#: A step that failed half-way cannot be taken again.
pytestmark = [pytest.mark.timeout(900), pytest.mark.flaky(reruns=0)]
#: For what a page shows; Playwright's own five seconds are for a machine that does nothing else.
PATIENCE_MS = 60_000
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


@pytest.fixture(scope="module")
def walk(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """One browser profile for the whole walk."""
    with ended_at_once(), plain_airflow(tmp_path_factory.mktemp("plain")) as airflow:
        context = new_context(browser)
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield Walk(airflow, context.new_page())
        expect.set_options(timeout=None)
        context.close()


def test_1_the_wheel_alone_gives_the_page_which_says_how_to_go_on(walk: Walk) -> None:
    frame = walk.look_for_sources()
    expect(frame.get_by_role("heading", name="No source yet")).to_be_visible()
    assert walk.airflow.api.import_errors() == []


def test_2_both_connections_are_made_by_their_forms_and_tested(walk: Walk) -> None:
    first, second = walk.connect()
    assert "Connection successful" in first
    assert "Connection successful" in second


def test_3_a_source_is_added_by_pasting_what_the_page_makes(walk: Walk) -> None:
    lines = walk.choose_the_space()
    assert lines == f"- name: {NAME}\n  space_key: {SPACE}\n"
    walk.paste(lines)
    row = walk.frame.locator("table.sources tbody tr")
    expect(row).to_contain_text("Never ran")
    expect(row).to_contain_text("Paused")


def test_4_the_first_sync_starts_by_itself_and_makes_the_source_active(walk: Walk) -> None:
    walk.unpause()
    frame = walk.state_of_the_source("Active")
    expect(frame.get_by_title("5 pages → 5 chunks", exact=True)).to_be_visible()
    assert [run["state"] for run in walk.airflow.api.runs(DAG_ID)] == ["success"]


def test_5_a_broken_token_fails_the_next_sync_and_the_page_says_why(walk: Walk) -> None:
    walk.enter_token("not-the-token")
    walk.sync_now()
    frame = walk.state_of_the_source("Failed")
    banner = frame.get_by_role("group", name="Why the last run failed")
    expect(banner).to_contain_text("401 Unauthorized")
    expect(banner).to_contain_text("paste it into the connection")
    expect(frame.get_by_title("5 pages → 5 chunks", exact=True)).to_be_visible()


def test_6_the_right_token_is_all_it_takes(walk: Walk) -> None:
    walk.enter_token(confluence.SYNC_TOKEN)
    walk.sync_now()
    frame = walk.state_of_the_source("Active")
    expect(frame.get_by_role("group", name="Why the last run failed")).to_have_count(0)
    expect(frame.get_by_role("button", name="Failures 1")).to_be_visible()


def test_7_and_8_a_question_leads_to_the_confluence_page(walk: Walk) -> None:
    citation = walk.ask()
    expect(citation).to_contain_text("Vault access")
    tab = walk.follow(citation)
    expect(tab.get_by_role("heading", name="Vault access", level=1)).to_be_visible()
    assert tab.url.startswith(f"{walk.airflow.site}/wiki/spaces/{SPACE}/pages/")


def test_the_page_has_a_heading_for_each_step() -> None:
    steps = [line for line in WALK.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert [step.split(".")[0] for step in steps] == [f"## {number}" for number in range(1, 9)]
