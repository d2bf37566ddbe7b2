"""The tab *Spaces* of a source with 500 of them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.run import LocalAirflow
from tests.browser.barriers import violations
from tests.browser.test_page import WIDTH, opened

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


def opened_tab(page: Any, airflow: LocalAirflow) -> Any:
    opened(page, airflow, "#/everything/spaces")
    page.locator("table.stacks tbody tr").first.wait_for()
    return page


def keys(page: Any) -> list[str]:
    return [text.split("\n")[0] for text in page.locator("table.stacks tbody th").all_inner_texts()]


def group(page: Any, name: str) -> Any:
    return page.get_by_role("group", name="Which spaces").get_by_role("button", name=name)


def test_what_needs_attention_comes_first_and_the_rest_is_a_filter_away(page: Any, airflow: LocalAirflow) -> None:
    opened_tab(page, airflow)
    assert keys(page)[:6] == ["S042", "S444", "S301", "S400", "S017", "S230"]
    assert len(keys(page)) == 100
    first = page.locator("table.stacks tbody tr").first.inner_text()
    assert "Not seen in full" in first
    assert "503 Service Unavailable" in first
    assert "500 spaces in the run that ended 3 hours ago; 2 not seen in full" in page.locator(".lead").inner_text()
    group(page, "Quiet").click()
    expect(group(page, "Quiet")).to_have_attribute("aria-pressed", "true")
    assert keys(page)[0] == "S000"
    page.get_by_role("button", name="Show all").click()
    assert len(keys(page)) == 494
    page.get_by_label("Search in the spaces").fill("team 3")
    assert keys(page) == ["S003", "S030", "S033", "S036", "S039", *(f"S{number}" for number in range(300, 400, 3))]
    page.get_by_label("Search in the spaces").fill("no such space")
    expect(page.get_by_text("No space fits")).to_be_visible()
    group(page, "With deletions").click()
    page.get_by_label("Search in the spaces").fill("")
    assert keys(page) == ["S301"]
    assert "2 trashed" in page.locator("table.stacks tbody tr").first.inner_text()


def test_it_is_readable_on_a_phone_and_axe_finds_nothing(page: Any, airflow: LocalAirflow) -> None:
    opened_tab(page, airflow)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDTH) <= width
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.locator(f"html[data-theme={theme}]").wait_for()
            found = violations(page, colours_only=theme == "dark")
            assert [(it["id"], [node["html"][:120] for node in it["nodes"][:3]]) for it in found] == []
