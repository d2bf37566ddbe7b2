"""The page "Confluence → Twig" in the real UI."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.sources.source import Source
from confluence_to_twig.web.overview import source_row
from sandbox.run import LocalAirflow
from tests.browser.barriers import barriers
from tests.browser.broken import HOUR, SITUATIONS, Situation
from tests.browser.samples import COMMAND, HOSTILE, QUESTION
from tests.web.samples import NOW, SampleSource

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
TABS = ("history", "plan", "quarantine", "warnings", "playground")
#: What is there when a tab is.
READY = {
    "history": ".chart svg",
    "plan": "table.stacks",
    "quarantine": ".trouble",
    "warnings": ".findings",
    "playground": "form.ask",
}
WIDTH = "document.documentElement.scrollWidth"


def opened(page: Any, airflow: LocalAirflow, place: str = "") -> Any:
    """Open a place of the page by itself, and wait until it is there."""
    page.goto("about:blank")  # else a new place behind the # is not a new visit
    page.goto(f"{airflow.api.base_url}/confluence-to-twig/{place}")
    page.locator("h1, .notice").first.wait_for()
    return page


def framed(page: Any, airflow: LocalAirflow, place: str = "") -> Any:
    """Open a place of the page inside Airflow's UI; returns the frame."""
    path = f"confluence-to-twig/{place}" if place else ""
    page.goto(f"{airflow.api.base_url}/plugin/confluence-to-twig/{path}".rstrip("/"))
    frame = page.frame_locator("iframe")
    frame.locator("h1, .notice").first.wait_for()
    return frame


def row(page: Any, name: str) -> Any:
    return page.locator("table.sources tbody tr", has=page.get_by_role("link", name=name, exact=True))


def test_the_navigation_leads_to_every_source_and_a_reload_keeps_place_and_theme(
    page: Any, airflow: LocalAirflow
) -> None:
    page.goto(airflow.api.base_url)
    label = page.get_by_role("link", name="Twig sync")
    assert label.evaluate(
        "link => [...link.querySelectorAll('*')].every(one => one.scrollWidth <= one.clientWidth + 1)"
    )
    label.click()
    frame = page.frame_locator("iframe")
    frame.locator("table.sources tbody tr").first.wait_for()
    names = frame.locator("table.sources a.open").all_inner_texts()
    assert names == ["product-docs", "wiki", "handbook", "files", "everything", "pending", "told-apart"]
    frame.get_by_role("link", name="wiki", exact=True).click()
    frame.get_by_role("tab", name="Plan").click()
    frame.get_by_role("button", name="Skip 1").click()
    frame.get_by_text("1 page kept out of Twig or restricted is not named here").wait_for()
    frame.get_by_role("tab", name="Warnings").click()
    frame.get_by_text("Old chart").wait_for()
    assert page.url.endswith("#/wiki/warnings")
    root = frame.locator("html")
    assert root.get_attribute("data-theme") == "light"
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.wait_for_function("document.querySelector('iframe').contentDocument.documentElement.dataset.theme === 'dark'")
    page.reload()
    frame.get_by_text("Old chart").wait_for()
    assert root.get_attribute("data-theme") == "dark"


def test_downloads_and_links_leave_the_frame_and_the_dag_has_a_tab_that_leads_back(
    page: Any, airflow: LocalAirflow
) -> None:
    frame = framed(page, airflow, "#/wiki/plan")
    confluence = "https://example.atlassian.net/wiki/spaces/PROD/pages/1001"
    with page.context.expect_page(), page.context.expect_event("request", lambda request: request.url == confluence):
        frame.get_by_role("link", name=HOSTILE).click()
    frame.get_by_label("Outcome").select_option("quarantined")
    expect(frame.locator("tbody tr")).to_have_count(1)
    expect(frame.locator("tbody tr")).to_contain_text("quarantined")
    frame.get_by_text("What the words mean").click()
    frame.get_by_text("the tab Quarantine says why").wait_for()
    with page.expect_download() as saved:
        frame.get_by_role("link", name="Download as CSV").click()
    assert saved.value.suggested_filename == "plan-wiki-scheduled__0.csv"
    _, *rows = saved.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert ["quarantined" in row for row in rows] == [True]
    frame.get_by_role("link", name="DAG", exact=True).click()
    page.wait_for_url("**/dags/confluence_to_twig__wiki")
    page.get_by_role("link", name="Confluence → Twig").last.click()
    frame.get_by_role("heading", name="wiki", level=1).wait_for()
    frame.get_by_role("tab", name="Plan").click()
    frame.locator("table.stacks").wait_for()
    assert frame.get_by_text("All sources").count() == 0


def test_a_row_says_it_all_in_words(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow)
    wiki = row(page, "wiki").inner_text()
    for words in (
        "Needs a look",
        "WIKI",
        "50K",
        "250K",
        "3 hours ago",
        "12 changed, 3 removed, 1 failed",
        "2 pages waiting",
    ):
        assert words in wiki
    assert "behind" in wiki
    handbook = row(page, "handbook").inner_text()
    for words in ("Failed", "Not yet", "401 Unauthorized", "Expired", "Paused"):
        assert words in handbook
    assert "Never ran" in row(page, "pending").inner_text()
    assert "1 mistake in the sources file" in page.locator(".banner").inner_text()


def test_large_numbers_are_exact_on_demand(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow)
    assert row(page, "wiki").locator(".figures").get_attribute("title") == "50,000 pages → 250,000 chunks"


def test_a_source_opens_from_the_keyboard(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow)
    page.locator("a.open", has_text="wiki").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="wiki", level=1).wait_for()
    page.get_by_role("tab", name="History").focus()
    for tab in ("Plan", "Quarantine", "Warnings", "Playground", "History"):
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"
        assert page.evaluate("document.activeElement.id") == f"tab-{tab.lower()}"


def test_charts_are_read_with_the_arrow_keys(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/history")
    charts = page.locator(".chart-group")
    charts.locator("svg").nth(3).wait_for()
    told = page.locator(".told")
    assert "50,000 pages → 250,000 chunks (12 changed, 3 removed, 1 failed)" in told.inner_text()
    charts.focus()
    page.keyboard.press("ArrowLeft")
    assert "49,999 pages" in told.inner_text()
    assert "49,999 pages" in page.locator("#announcer").inner_text()
    page.get_by_role("button", name="All 251").click()
    charts.focus()
    page.keyboard.press("Home")
    assert "Twig is busy" in told.inner_text()
    assert page.locator(".chart.pages .failure").get_attribute("d").count("M") == 5


def test_no_label_of_a_chart_is_cut_or_fractional(page: Any, airflow: LocalAirflow) -> None:
    def history(route: Any) -> None:
        answer = route.fetch().json()
        for number, run in enumerate(answer["runs"]):
            run |= {"pages": number % 2, "seconds": 4_000.0 + number, "changed": number % 2, "removed": 0}
        route.fulfill(json=answer)

    page.route("**/history", history)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        opened(page, airflow, "#/wiki/history")
        page.locator(".chart svg").nth(3).wait_for()
        boxes = page.locator(".chart svg .axis").evaluate_all(
            "all => all.map(one => { const box = one.getBBox(), svg = one.ownerSVGElement;"
            " return [one.textContent, box.x, box.x + box.width, +svg.getAttribute('width')]; })"
        )
        assert [text for text, left, right, room in boxes if left < 0 or right > room] == []
        values = page.locator(".chart.pages .axis.value").all_text_contents()
        assert values
        assert all(value.isdigit() for value in values)


def test_the_timeline_has_a_row_for_each_event_and_a_filter(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/history")
    rows = page.locator(".timeline tbody tr")
    expect(rows).to_have_count(50)
    assert rows.first.inner_text().split("\t")[3:6] == ["12", "3", "1"]
    page.get_by_role("button", name="Show 50 more").click()
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Approvals and changes 3").click()
    expect(rows).to_have_count(3)
    for number, words in enumerate(("ada approved the deletion of 60 of 80", "Converter 1 → 2", "changed: lookback")):
        expect(rows.nth(number)).to_contain_text(words)
    page.get_by_role("button", name="Failures 5").click()
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("Twig is busy")
    run = "../dags/confluence_to_twig__wiki/runs/scheduled__50"
    expect(rows.first.get_by_role("link", name="Run")).to_have_attribute("href", run)
    expect(rows.first.get_by_role("link", name="Log")).to_have_attribute("href", f"{run}/tasks/load")
    rows.first.get_by_role("link", name="Plan").click()
    page.get_by_text("No plan of this run").wait_for()


def test_the_plan_is_filtered_searched_and_paged(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/plan")
    rows = page.locator("table.stacks tbody tr")
    rows.first.wait_for()
    assert rows.count() == 100
    assert "1–100 of 49,999" in page.locator(".pager").inner_text()
    page.get_by_role("button", name="Last", exact=True).click()
    page.get_by_text("49,901–49,999 of 49,999").wait_for()
    page.get_by_role("button", name="Delete 1").click()
    page.get_by_text("in the trash").last.wait_for()
    assert rows.count() == 1
    page.get_by_role("button", name="All 50,000").click()
    expect(rows).to_have_count(100)
    page.get_by_label("Search in the plan").fill("page 00042")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Page 00042")
    page.get_by_label("Search in the plan").fill("no such page")
    page.get_by_text("No page fits").wait_for()


def test_a_run_whose_plan_is_gone_says_so_and_another_can_be_chosen(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/plan?run=scheduled__9")
    page.get_by_text("No plan of this run").wait_for()
    option = page.get_by_label("Run").locator("option", has_text="sync").first
    option.wait_for(state="attached")
    page.get_by_label("Run").select_option(option.get_attribute("value"))
    page.locator("table.stacks").wait_for()
    assert "run=scheduled__0" in page.url


def test_titles_are_text_whatever_they_look_like(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/plan")
    page.get_by_role("link", name=HOSTILE).wait_for()
    opened(page, airflow, "#/wiki/quarantine").get_by_text(f"bad {HOSTILE}").wait_for()
    opened(page, airflow, "#/wiki/playground")
    page.get_by_label("Question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".passage").nth(1).wait_for()
    assert page.locator("main img").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0


def test_shows_troubled_pages_with_their_reasons(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/warnings").get_by_text("91 % of its words were found again").wait_for()
    text = page.get_by_role("tabpanel").inner_text()
    for words in ("The API token expires in 9 days", "Unknown macros: chart", "not well-formed XML"):
        assert words in text
    assert page.get_by_role("tab", name="Quarantine").inner_text().split() == ["Quarantine", "1"]


def test_the_verdict_of_the_quality_gate_is_shown_with_its_rules(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki")
    facts = page.locator("dl.facts")
    expect(facts.get_by_text("Not good", exact=True)).to_have_class("care")
    reasons = " ".join(page.locator(".banner").all_inner_texts())
    assert "The last sync is not good enough: 85.0% of the pages asked for are cited" in reasons
    facts.get_by_role("link", name="1 of 3 rules broken").click()
    rows = page.locator("table.quality tbody tr")
    expect(rows).to_have_count(3)
    assert [[cell.strip() for cell in row.split("\t")] for row in rows.all_inner_texts()] == [
        ["Pages that could not be synced", "0 %", "at most 1 %", "Holds"],
        ["Pages asked for that Twig cites", "85 %", "at least 90 %", "Broken"],
        ["Time that a known change has been waiting", "not measured", "at most 24 h", "Holds"],
    ]


@pytest.mark.usefixtures("elsewhere")
def test_the_playground_shows_passages_and_what_they_cite(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/wiki/playground")
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Ask Twig").click()
    passage = page.locator(".passage", has_text="Install the gateway").first
    passage.wait_for()
    assert "Docs › Start › Install the gateway › Mount" in passage.inner_text()
    assert passage.locator("td").all_inner_texts() == ["red", "reset the gateway | wait"]
    assert passage.locator("pre").inner_text() == COMMAND
    assert passage.locator("s").inner_text() == "not with OFF"
    assert {mark.lower() for mark in passage.locator("mark").all_inner_texts()} == {"reset", "gateway"}
    with page.context.expect_page() as tab:
        passage.locator("h3 a").click()
    tab.value.wait_for_url("**/spaces/WIKI/pages/1#Mount")


def test_the_agent_of_the_connection_answers_above_the_passages(page: Any, airflow: LocalAirflow) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, airflow, "#/wiki/playground")
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Ask Twig").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_role("heading", name="Answer of the agent agent_sandbox")).to_be_visible()
    expect(answer).to_contain_text("reset the gateway")
    expect(answer.locator(".cited a").first).to_have_attribute("href", re.compile("/spaces/WIKI/pages/"))
    expect(page.get_by_text("They are parts of pages, not an answer")).to_be_visible()
    assert page.evaluate(WIDTH) <= 390


def test_an_agent_that_cannot_be_asked_leaves_the_passages(page: Any, airflow: LocalAirflow) -> None:
    remedy = {"summary": "404: Twig has no agent 'x'", "remedy": "Correct 'Agent id' in the Twig connection."}
    page.route("**/answer", lambda route: route.fulfill(status=502, json={"detail": remedy}))
    opened(page, airflow, "#/wiki/playground")
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Ask Twig").click()
    expect(page.get_by_role("alert")).to_contain_text("Correct 'Agent id' in the Twig connection.")
    expect(page.locator(".passage").first).to_be_visible()
    page.problems.clear()  # the browser logs every answer that is not 2xx


@pytest.mark.parametrize(
    ("source", "words"),
    [("files", "delivered as files"), ("pending", "Nothing is in Twig yet")],
)
def test_the_playground_says_why_it_cannot_ask(page: Any, airflow: LocalAirflow, source: str, words: str) -> None:
    opened(page, airflow, f"#/{source}/playground")
    page.get_by_label("Question").fill("anything")
    page.get_by_role("button", name="Ask Twig").click()
    page.get_by_role("alert").get_by_text(words).wait_for()
    page.problems.clear()  # the browser logs every answer that is not 2xx


def test_a_source_is_added_by_pasting_what_the_page_makes(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow)
    page.get_by_role("link", name="Add a source").click()
    page.get_by_role("button", name="List the spaces it sees").click()
    page.get_by_text("synced by product-docs, everything, told-apart").wait_for()
    page.get_by_role("button", name="PROD").click()
    expect(page.get_by_label("Space key")).to_have_value("PROD")
    page.get_by_label("Name").fill("wiki")
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("There is a source named wiki already").wait_for()
    page.get_by_label("Name").fill("more-docs")
    page.get_by_label("Further fields").fill("exclude_labels: [draft]")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".snippet")).to_have_text(
        "- name: more-docs\n  space_key: PROD\n  exclude_labels:\n  - draft\n", use_inner_text=False
    )
    page.get_by_label("Confluence connection").fill("nowhere")
    page.get_by_role("button", name="List the spaces it sees").click()
    page.get_by_text("There is no connection nowhere").wait_for()
    page.problems.clear()  # the browser logs every answer that is not 2xx


def test_a_dag_that_is_not_ours_gets_a_friendly_note(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "?dag_id=some_other_dag")
    page.get_by_role("heading", name="Not a Confluence → Twig source").wait_for()
    assert page.get_by_role("link", name="Show all sources").is_visible()


def test_an_unknown_source_says_so(page: Any, airflow: LocalAirflow) -> None:
    opened(page, airflow, "#/no-such-source").get_by_text('There is no source "no-such-source"').wait_for()


def test_without_a_choice_the_system_decides(page: Any, airflow: LocalAirflow) -> None:
    page.emulate_media(color_scheme="dark")
    assert opened(page, airflow).locator("html").get_attribute("data-theme") == "dark"


def test_fits_a_narrow_screen(page: Any, airflow: LocalAirflow) -> None:
    page.set_viewport_size({"width": 340, "height": 700})
    opened(page, airflow)
    widths = {"overview": page.evaluate(WIDTH)}
    opened(page, airflow, "#/+add")
    widths["add"] = page.evaluate(WIDTH)
    opened(page, airflow, "#/wiki")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.locator(READY[tab]).first.wait_for()
        widths[tab] = page.evaluate(WIDTH)
    assert max(widths.values()) <= 340, widths


def test_the_end_of_a_session_leads_to_the_sign_in(page: Any, airflow: LocalAirflow) -> None:
    page.route("**/api/**", lambda route: route.fulfill(status=401, json={"detail": "Not authenticated"}))
    opened(page, airflow)
    assert page.get_by_role("alert").get_by_role("link", name="Sign in").get_attribute("href") == "../auth/login"
    page.problems.clear()


def test_tries_again_when_airflow_did_not_answer(page: Any, airflow: LocalAirflow) -> None:
    page.route("**/api/sources", lambda route: route.abort())
    opened(page, airflow).get_by_text("Airflow does not answer").wait_for()
    page.unroute("**/api/sources")
    page.get_by_role("button", name="Try again").click()
    page.locator("table.sources").wait_for()
    page.problems.clear()


def test_shows_staging_when_airflow_knows_nothing(page: Any, airflow: LocalAirflow) -> None:
    page.route("**/api/v2/**", lambda route: route.fulfill(status=500, json={"detail": "database is down"}))
    opened(page, airflow)
    assert "Airflow's REST API does not answer" in page.locator("main").inner_text()
    assert "Needs a look" in row(page, "wiki").inner_text()
    page.problems.clear()


def test_no_source_at_all_is_explained(page: Any, airflow: LocalAirflow) -> None:
    nothing = {"sources": [], "mistakes": 0, "now": "2026-11-22T00:00:00+00:00"}
    page.route("**/api/sources", lambda route: route.fulfill(json=nothing))
    opened(page, airflow).get_by_role("heading", name="No source yet").wait_for()


def test_a_brake_that_waits_leads_to_the_question(page: Any, airflow: LocalAirflow) -> None:
    instance = {"dag_id": "confluence_to_twig__wiki", "dag_run_id": "manual__1", "task_id": "prune"}
    detail = {"task_instance": instance, "subject": "Delete 55 of 249 pages of wiki from Twig?"}
    waiting = {"hitl_details": [detail], "total_entries": 1}
    page.route("**/hitlDetails**", lambda route: route.fulfill(json=waiting))
    opened(page, airflow)
    assert "Needs approval" in row(page, "wiki").inner_text()
    opened(page, airflow, "#/wiki")
    link = page.get_by_role("link", name="Look and decide")
    expected = "../dags/confluence_to_twig__wiki/runs/manual__1/tasks/prune/required_actions"
    assert link.get_attribute("href") == expected
    assert "Delete 55 of 249 pages of wiki from Twig?" in page.locator(".banner").first.inner_text()
    see = page.get_by_role("link", name="See the pages").get_attribute("href")
    assert see == "#/wiki/plan?run=manual__1&action=delete"


def test_axe_finds_no_serious_barrier(page: Any, airflow: LocalAirflow) -> None:
    found: dict[str, list[str]] = {}

    def check(place: str) -> None:
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            page.locator(f"html[data-theme={theme}]").wait_for()
            found.update(barriers(page, f"{place} in the {theme}", colours_only=theme == "dark"))

    for place in ("", "?dag_id=other", "#/handbook", "#/+add"):
        opened(page, airflow, place)
        check(place)
    opened(page, airflow, "#/wiki")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.locator(READY[tab]).first.wait_for()
        if tab == "plan":
            page.get_by_text("What the words mean").click()
        if tab == "playground":
            page.get_by_label("Question").fill(QUESTION)
            page.keyboard.press("Enter")
            page.locator(".passage").first.wait_for()
        check(tab)
    assert found == {}


RUN = {"dag_id": "confluence_to_twig__wiki", "dag_run_id": "scheduled__9", "run_type": "scheduled", "conf": {}}
LATER, LONG_AGO = "2099-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"
GOOD = {"state": "active", "reasons": []}
EMPTY = {"last": None, "newest": None, "synced_at": None, "standing": {"state": "pending", "reasons": []}}


#: What staging says, failed and succeeded runs that Airflow tells of → the state, and what is said. Two that follow one another differ in it.
TOLD: list[tuple[dict[str, Any], list[Any], list[Any], str, str]] = [
    ({}, [], [], "Active", ""),
    ({}, [RUN | {"end_date": LATER}], [], "Failed", "none of its tasks could write down why"),
    ({}, [RUN | {"end_date": LONG_AGO}], [], "Active", ""),
    ({}, [], [RUN | {"end_date": LATER}], "Needs a look", "does not see what the last run wrote"),
    ({}, [RUN | {"end_date": LATER, "run_type": "backfill"}], [], "Active", ""),
    (EMPTY, [], [RUN | {"end_date": LONG_AGO}], "Needs a look", "CONFLUENCE_TWIG_STAGING"),
    ({}, [RUN | {"end_date": LATER, "conf": {"dry_run": True}}], [], "Active", ""),
    (EMPTY, [RUN | {"end_date": LONG_AGO}], [], "Failed", "CONFLUENCE_TWIG_STAGING"),
    (EMPTY, [], [], "Pending", ""),
]


def test_what_airflow_and_staging_say_together_is_never_called_active_when_it_is_not(
    page: Any, airflow: LocalAirflow
) -> None:
    told = {"case": TOLD[0]}

    def sources(route: Any) -> None:
        answer = route.fetch().json()
        changed = {"standing": GOOD} | told["case"][0]
        answer["sources"] = [it | changed for it in answer["sources"] if it["name"] == "wiki"]
        route.fulfill(json=answer)

    def runs(route: Any) -> None:
        _, failed, succeeded, _, _ = told["case"]
        found = (
            failed if "state=failed" in route.request.url else succeeded if "state=success" in route.request.url else []
        )
        route.fulfill(json={"dag_runs": found, "total_entries": len(found)})

    page.route("**/api/sources", sources)
    page.route("**/dags/~/dagRuns?*", runs)
    opened(page, airflow, "#/wiki").get_by_role("heading", name="wiki", level=1).wait_for()
    state, banners = page.locator("header .state").first, page.locator(".banner")
    for case in TOLD:
        if told["case"] != case:
            told["case"] = case
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # somebody comes back to the page
        *_, word, said = case
        expect(state).to_have_text(re.compile(f"^{word}"))
        expect(banners).to_contain_text([said] if said else [])
        assert (banners.count() > 0) is bool(said)
    page.problems.clear()


def test_tabs_follow_when_another_run_ends(clocked_page: Any, airflow: LocalAirflow) -> None:
    """Header, charts and lists are of the same moment."""
    page, later = clocked_page, {"failed": False}

    def trouble(route: Any) -> None:
        answer = route.fetch().json()
        answer["warnings"] = ["Seen later"] if later["failed"] else []
        route.fulfill(json=answer)

    def sources(route: Any) -> None:
        answer = route.fetch().json()
        for it in answer["sources"]:
            if it["name"] == "wiki" and later["failed"]:
                it["newest"]["folder"] = "scheduled__later"
        route.fulfill(json=answer)

    page.route("**/trouble", trouble)
    page.route("**/api/sources", sources)
    page.clock.install()
    opened(page, airflow, "#/wiki/warnings")
    page.get_by_role("heading", name="Conversions worth a look").wait_for()
    later["failed"] = True
    page.clock.run_for(61_000)
    page.get_by_text("Seen later").wait_for()


def test_a_source_is_never_called_active_when_something_is_broken(
    page: Any, airflow: LocalAirflow, tmp_path: Path
) -> None:
    def told(situation: Situation) -> dict[str, Any]:
        source = SampleSource(str(tmp_path / situation.name), "docs")
        situation.make(source)
        row = source_row(Source(name="docs", space_key="PROD"), source.staging, NOW + 10 * HOUR)
        return row | {"airflow_answers": True, "live": situation.live}

    assert len(SITUATIONS) >= 30
    rows = [told(situation) for situation in [*SITUATIONS, Situation("all is well", "active", "", ({},))]]
    opened(page, airflow)
    states = page.evaluate(
        "rows => import('./static/status.js').then(({ stateOf }) => rows.map((row) => stateOf(row, row.live)))",
        json.loads(json.dumps(rows)),
    )
    assert states.pop()["state"] == "active"
    seen = {
        situation.name: (state["state"], state["reasons"][0]["summary"] if situation.words else "")
        for situation, state in zip(SITUATIONS, states, strict=True)
    }
    assert {name: state for name, (state, _) in seen.items()} == {it.name: it.state for it in SITUATIONS}
    assert [it.name for it in SITUATIONS if it.words not in seen[it.name][1]] == []


def test_a_thousand_runs_and_fifty_sources_open_at_once(page: Any, airflow: LocalAirflow) -> None:
    """Under two seconds on an idle machine; four times that on one that is at work."""

    def sources(route: Any) -> None:
        answer = route.fetch().json()
        wiki = next(it for it in answer["sources"] if it["name"] == "wiki")
        answer["sources"] = [wiki, *(wiki | {"name": f"wiki-{number}"} for number in range(49))]
        route.fulfill(json=answer)

    def history(route: Any) -> None:
        answer = route.fetch().json()
        answer["runs"] = (answer["runs"] * 4)[:1_000]
        route.fulfill(json=answer)

    page.route("**/api/sources", sources)
    page.route("**/history", history)
    opened(page, airflow, "?warm")
    began = time.monotonic()
    opened(page, airflow)
    page.locator("table.sources tbody tr").nth(49).wait_for()
    listed = time.monotonic()
    page.locator("a.open").first.click()
    page.locator(".chart svg").nth(3).wait_for()
    page.locator(".timeline tbody tr").nth(49).wait_for()
    charts = time.monotonic()
    assert page.get_by_role("button", name="Syncs 1,000").count() == 1
    assert max(listed - began, charts - listed) < 8.0
