"""The sample's audiences: who asks for some of them gets citations of what those may read, and of nothing else."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

import pytest

from confluence_to_twig.sources.source import Source
from sandbox.run import LocalAirflow, run_source
from sandbox.serving import CONTROL_PREFIX
from tests.browser.test_page import WIDTH

SOURCE = Source(
    name="told-apart",
    space_key="PROD",
    restricted_pages="audiences",
    everyone_groups=["confluence-users"],
    kept_out_titles="editors",
)
#: Something of it stands in each of the data sources.
QUESTION = "What do the security incident response and the price list of 2027 say?"


@pytest.fixture(scope="module")
def told_apart(airflow: LocalAirflow) -> LocalAirflow:
    """Airflow and both sandboxes after one run of the sample space with audiences."""
    assert run_source(airflow, SOURCE)
    return airflow


def test_an_answer_cites_only_what_the_chosen_audiences_may_read(page: Any, told_apart: LocalAirflow) -> None:
    held = _held(told_apart)
    own, *others = held
    assert own == SOURCE.data_source_name
    assert others
    page.goto(f"{told_apart.api.base_url}/confluence-to-twig/#/{SOURCE.name}/playground")
    boxes = page.locator(".audiences label")
    boxes.first.wait_for()
    assert sorted(boxes.locator("span:first-of-type").all_inner_texts()) == sorted(held)
    seen = _cited(page, {own})
    assert seen
    assert seen <= held[own]
    for other in others:
        cited = _cited(page, {other})
        assert cited
        assert cited <= held[other]
    both = _cited(page, {*held})
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDTH) <= width
    assert both <= set().union(*held.values())
    assert both - held[own]  # what only few may read answers it best
    assert not seen & set().union(*(held[other] for other in others))


def _held(airflow: LocalAirflow) -> dict[str, set[str]]:
    """Data source of the source → titles of the pages that it holds, as the sandbox Twig tells them; everybody's first."""
    base = f"http://127.0.0.1:{airflow.ports['twig']}{CONTROL_PREFIX}/data-specs"
    with urlopen(base) as answer:
        found_specs = {spec["name"]: spec["id"] for spec in json.load(answer)}
    specs = {name: spec_id for name, spec_id in found_specs.items() if name.startswith(SOURCE.data_source_name)}
    found: dict[str, set[str]] = {}
    for name in sorted(specs):
        with urlopen(f"{base}/{specs[name]}/documents") as answer:
            found[name] = {document["title"] for document in json.load(answer)}
    return found


def _cited(page: Any, chosen: set[str]) -> set[str]:
    """Ask for some audiences; the titles of the pages that the answer cites."""
    for label in page.locator(".audiences label").all():
        label.locator("input").set_checked(label.locator("span").first.inner_text() in chosen)
    page.get_by_label("Question").fill(QUESTION)
    with page.expect_response(lambda answer: answer.url.endswith("/ask")):
        page.get_by_role("button", name="Ask Twig").click()
    page.locator(".ask button:enabled").wait_for()
    return {
        text.partition(" ›")[0].partition("↗")[0].strip() for text in page.locator(".passage h3 a").all_inner_texts()
    }
