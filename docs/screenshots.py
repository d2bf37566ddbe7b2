"""``make screenshots``: the pictures of README and docs, taken from the real UI on the way of somebody with a mouse.

From ``make run`` to the first citation: connect and test, trigger, watch, look at the page, ask, follow the citation;
then a mass deletion that waits for approval. The pictures of ``walk.md`` are taken in an Airflow that has the wheel alone.
Everything runs in folders of its own and is stopped at the end.

``make screenshots`` takes all; ``python docs/screenshots.py walk``, ``tour`` or ``many`` takes a part.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import sync_playwright

from sandbox.airflow_home import PROJECT
from sandbox.processes import free_port
from sandbox.run import LocalAirflow, local_airflow, run_source
from sandbox import confluence
from confluence_to_twig.sources.source import SOURCES_VARIABLE, Source, load_sources
from tests.browser.forms import form, group
from tests.browser.plain_airflow import plain_airflow
from tests.browser.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

IMAGES = Path(__file__).with_name("images")
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 800}
SETTLING_MS = 2_500
PATIENCE_MS = 240_000
QUESTION_FOR_FEW = "What do the security incident response and the price list of 2027 say?"
QUESTION = "How long does a gateway keep readings while it is offline?"


def main() -> int:
    """Start everything, sync, take the pictures, stop everything."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed: apt-get install chromium")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport=SIZE, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        for part in sys.argv[1:] or PARTS:
            PARTS[part](Camera(page))
        browser.close()
    return 0


def tour(camera: Camera) -> None:
    """In the Airflow of ``make run``."""
    with tempfile.TemporaryDirectory() as place:
        _synced(camera, Path(place), PROJECT / "include" / "sources.yaml", Tour.walk)


def walk(camera: Camera) -> None:
    """The steps of ``walk.md``, as its tests take them."""
    with tempfile.TemporaryDirectory() as place, plain_airflow(Path(place)) as airflow:
        way = Walk(airflow, camera.page)
        way.look_for_sources()
        camera.take("walk-empty", height=420)
        way.connect()
        camera.take("walk-connections", height=460, settling_ms=400)
        lines = way.choose_the_space()
        camera.show(".snippet")
        camera.take("walk-snippet", height=1120)
        way.paste(lines)
        way.unpause()
        way.state_of_the_source("Active")
        camera.take("walk-synced")
        way.enter_token("not-the-token")
        way.sync_now()
        way.state_of_the_source("Failed")
        camera.take("walk-failed")
        way.enter_token(confluence.SYNC_TOKEN)
        way.sync_now()
        way.state_of_the_source("Active")
        camera.show(".timeline")
        camera.take("walk-mended")
        citation = way.ask()
        camera.take("walk-answer", height=1120)
        tab = way.follow(citation)
        camera.take_tab(tab, "walk-citation", height=420)


def many(camera: Camera) -> None:
    """A source over all spaces of the sandbox, whose pages go to a data source for each audience."""
    lines = 'spaces: ["*"]\n    everyone_groups: [confluence-users]\n    kept_out_titles: editors'
    text = (PROJECT / "include" / "sources.yaml").read_text(encoding="utf-8").replace("space_key: PROD", lines)
    with tempfile.TemporaryDirectory() as place:
        sources = Path(place, "sources.yaml")
        sources.write_text(text.replace("restricted_pages: skip", "restricted_pages: audiences"), encoding="utf-8")
        _synced(camera, Path(place), sources, Tour.many)


def _synced(camera: Camera, place: Path, sources: Path, way: Callable[[Tour], None]) -> None:
    """Go through the UI after one sync of the sample's source."""
    source = load_sources(sources).named("product-docs")
    ports = {"airflow": free_port(8080), "confluence": free_port(8090), "twig": free_port(8091)}
    with local_airflow(ports, place, os.environ | {SOURCES_VARIABLE: str(sources)}) as airflow:
        if not run_source(airflow, source):
            raise SystemExit("The run failed: there is nothing to take pictures of")
        way(Tour(airflow, source, camera))


PARTS = {"tour": tour, "walk": walk, "many": many}


@dataclass
class Camera:
    """Takes pictures of a page of the browser."""

    page: Page

    def take(self, name: str, height: int = SIZE["height"], settling_ms: int = SETTLING_MS) -> None:
        """A picture of the window, made that high for it."""
        self.page.set_viewport_size(SIZE | {"height": height})
        self.page.wait_for_timeout(settling_ms)
        self.page.screenshot(path=IMAGES / f"{name}.png")
        print(f"{name}: {self.page.url}", flush=True)
        self.page.set_viewport_size(SIZE)

    def take_tab(self, tab: Page, name: str, height: int = SIZE["height"]) -> None:
        """A picture of another tab, which is closed."""
        tab.set_viewport_size(SIZE | {"height": height})
        tab.wait_for_load_state()
        tab.screenshot(path=IMAGES / f"{name}.png")
        print(f"{name}: {tab.url}", flush=True)
        tab.close()

    def show(self, selector: str) -> None:
        """Scroll our page to an element."""
        self.page.frame_locator("iframe").locator(selector).first.scroll_into_view_if_needed()


@dataclass
class Tour:
    """The way through the UI, a picture at each stop."""

    airflow: LocalAirflow
    source: Source
    camera: Camera

    @property
    def page(self) -> Page:
        """What the camera looks at."""
        return self.camera.page

    def walk(self) -> None:
        """Take them all."""
        self.connect()
        self.trigger()
        self.watch()
        self.ask()
        self.approve()

    def connect(self) -> None:
        """Admin → Connections: a new one, and its test."""
        page, site = self.page, f"http://127.0.0.1:{self.airflow.ports['confluence']}"
        self._go("connections")
        dialog = form(page, "docs_site", "Confluence")
        for label, value in {
            "Domain": site,
            "E-mail": confluence.SYNC_EMAIL,
            "API token": confluence.SYNC_TOKEN,
        }.items():
            dialog.get_by_label(label, exact=True).fill(value)
        self.camera.take("add-connection")
        dialog.get_by_role("button", name="Extra Fields", exact=True).click()
        for label, value in {"Space key": self.source.space_key, "Gateway": site}.items():
            group(dialog, label).get_by_role("textbox").fill(value)
        self.camera.take("add-connection-extra", height=1000)
        dialog.get_by_role("button", name="Save").click()
        dialog.wait_for(state="hidden")
        self._go("connections")
        page.get_by_role("row").filter(has_text="docs_site").get_by_role("button", name="Test Connection").click()
        page.get_by_text("Connection successful, found").wait_for()
        self.camera.take("connection-test", settling_ms=600)

    def trigger(self) -> None:
        """The trigger form."""
        self._go(f"dags/{self.source.dag_id}")
        self.page.get_by_role("button", name="Trigger").first.click()
        self.page.get_by_role("dialog").first.get_by_role("button", name="Which pages").click()
        self.camera.take("trigger", height=1020)

    def watch(self) -> None:
        """The run: its tasks as a grid with their figures, and as a graph."""
        (run, *_) = self.airflow.api.runs(self.source.dag_id, "success")
        for name, view in {"finished-run": "grid", "dag": "graph"}.items():
            self._view(view)
            self._go(f"dags/{self.source.dag_id}/runs/{run['dag_run_id']}")
            if view == "graph":
                self.page.locator(".react-flow__node", has_text="verify").first.wait_for()
            self.camera.take(name)

    def ask(self) -> None:
        """Our page, the playground, and the Confluence page behind the first citation."""
        self._go("plugin/confluence-to-twig")
        frame = self.page.frame_locator("iframe")
        frame.get_by_text("Up to date").wait_for()
        self.camera.take("page", height=400)
        frame.get_by_role("link", name=self.source.name, exact=True).click()
        frame.locator(".chart svg").nth(3).wait_for()
        self.camera.take("source")
        frame.get_by_role("tab", name="Playground").click()
        frame.get_by_label("Question").fill(QUESTION)
        frame.get_by_role("button", name="Ask Twig").click()
        citation = frame.locator(".passage h3 a").first
        citation.wait_for()
        self.camera.take("playground")
        with self.page.context.expect_page() as tab:
            citation.click()
        self.camera.take_tab(tab.value, "citation")

    def many(self) -> None:
        """The tab of the spaces, and the playground over chosen audiences."""
        self._go("plugin/confluence-to-twig")
        frame = self.page.frame_locator("iframe")
        frame.get_by_role("link", name=self.source.name, exact=True).click()
        frame.get_by_role("tab", name="Spaces").click()
        frame.locator("table.stacks tbody tr").first.wait_for()
        self.camera.take("spaces", height=860)
        frame.get_by_role("tab", name="Playground").click()
        boxes = frame.locator(".audiences label input")
        boxes.first.wait_for()
        for box in boxes.all():
            box.check()
        frame.get_by_label("Question").fill(QUESTION_FOR_FEW)
        frame.get_by_role("button", name="Ask Twig").click()
        frame.locator(".passage h3 a").first.wait_for()
        self.camera.take("audiences", height=1120)

    def approve(self) -> None:
        """A third of the space goes into the trash: the run asks before it deletes."""
        site = f"http://127.0.0.1:{self.airflow.ports['confluence']}/_sandbox"
        rows = requests.get(f"{site}/contents", params={"space": self.source.space_key}, timeout=30).json()
        victims = [row["id"] for row in rows if row["kind"] == "page" and row["parent_id"]][-90:]
        trash = [{"change": "trash", "page": page_id} for page_id in victims]
        requests.post(f"{site}/changes", json=trash, timeout=30).raise_for_status()
        run_id = self.airflow.api.trigger(self.source.dag_id)["dag_run_id"]
        self._go(f"confluence-to-twig/#/{self.source.name}")
        self.page.get_by_role("link", name="Look and decide").wait_for()
        self._view("grid")
        self._go(f"dags/{self.source.dag_id}/runs/{run_id}/tasks/prune/required_actions")
        self.page.get_by_text("None of it has been deleted").wait_for()
        self.camera.take("approval")

    def _view(self, view: str) -> None:
        """What stands to the left of a run from now on: ``grid`` or ``graph``."""
        self.page.add_init_script(f"localStorage.setItem('default_dag_view', JSON.stringify('{view}'))")

    def _go(self, path: str) -> None:
        self.page.goto("about:blank")  # else a new place behind the # is not a new visit
        self.page.goto(f"{self.airflow.api.base_url}/{path}")
        self.page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    sys.exit(main())
