"""The walk of ``docs/walk.md``, a method for each step: tests take it, and so does who makes its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import confluence
from sandbox.twig.keys import DEFAULT_KEY, DEFAULT_ORG
from tests.browser.forms import fill, form
from tests.browser.plain_airflow import PlainAirflow
from tests.waiting import until

SPACE, NAME = "OPS", "operations"
DAG_ID = f"confluence_to_twig__{NAME}"
QUESTION = "Which keys give access to the vault?"
#: A run of five pages takes seconds. A machine that does other things as well takes minutes.
RUN_MS = 240_000


@dataclass
class Walk:
    """Somebody with a browser, and with the sources file in an editor.

    :param page: a page of Playwright.
    """

    airflow: PlainAirflow
    page: Any

    @property
    def frame(self) -> Any:
        """Our page within Airflow's."""
        return self.page.frame_locator("iframe")

    def look_for_sources(self) -> Any:
        """Open Airflow, and our page by the navigation."""
        self.page.goto(self.airflow.api.base_url)
        return self.overview()

    def overview(self) -> Any:
        """Our page, opened by the navigation: unlike a reload, that costs no new start of Airflow's UI."""
        self.page.get_by_role("link", name="Twig sync").click()
        self.frame.get_by_role("heading", level=2).or_(self.frame.locator("table.sources")).first.wait_for()
        return self.frame

    def source(self) -> Any:
        """The source on our page."""
        self.overview().get_by_role("link", name=NAME, exact=True).click()
        self.frame.get_by_role("heading", name=NAME, level=1).wait_for()
        return self.frame

    def connect(self) -> list[str]:
        """Both connections, by their forms; returns what their tests say."""
        token = confluence.SYNC_TOKEN
        fields = {"Domain": self.airflow.site, "E-mail": confluence.SYNC_EMAIL, "API token": token}
        self._connections()
        fill(form(self.page, "confluence_default", "Confluence"), fields, {"Gateway": self.airflow.site})
        fields = {"API address": self.airflow.twig, "API key": DEFAULT_KEY}
        fill(form(self.page, "twig_default", "Twig"), fields, {"Organisation id": DEFAULT_ORG})
        return [self._test("confluence_default"), self._test("twig_default")]

    def choose_the_space(self) -> str:
        """*Add a source*; returns the lines to paste."""
        frame = self.overview()
        frame.get_by_role("link", name="Add a source").click()
        frame.get_by_role("button", name="List the spaces it sees").click()
        frame.get_by_role("button", name=SPACE, exact=True).click()
        frame.get_by_label("Name", exact=True).fill(NAME)
        frame.get_by_role("button", name="Check", exact=True).click()
        snippet = frame.locator(".snippet")
        snippet.wait_for()
        return str(snippet.text_content())

    def paste(self, lines: str) -> None:
        """Put the lines where the page says, wait until Airflow has the DAG, and go back to the sources."""
        with self.airflow.sources.open("a", encoding="utf-8") as file:
            file.write(lines)
        until(lambda: self.airflow.api.dag(DAG_ID), 240)
        self.frame.get_by_role("link", name="All sources").click()

    def unpause(self) -> None:
        """The switch of the DAG in Airflow; waits until its first run has ended, and goes back to the source."""
        self.frame.get_by_role("link", name=NAME, exact=True).click()
        self.frame.get_by_role("link", name="DAG", exact=True).click()
        self.page.wait_for_url(f"**/dags/{DAG_ID}")
        self.page.get_by_test_id("toggle-pause").first.click()
        until(lambda: not (self.airflow.api.dag(DAG_ID) or {"is_paused": True})["is_paused"], 60)
        until(lambda: self.airflow.api.runs(DAG_ID, "success", "failed"), RUN_MS / 1_000)
        self.source()

    def state_of_the_source(self, word: str) -> Any:
        """The source, once the page calls it that."""
        self.frame.locator("header .state").get_by_text(word, exact=True).wait_for(timeout=RUN_MS)
        return self.frame

    def enter_token(self, token: str) -> None:
        """Edit the Confluence connection."""
        self._connections()
        row = self.page.get_by_role("row").filter(has_text="confluence_default")
        row.get_by_role("button", name="Edit Connection").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("API token").fill(token)
        dialog.get_by_role("button", name="Save").click()
        dialog.wait_for(state="hidden")

    def sync_now(self) -> None:
        """The button on our page; waits until the run has ended."""
        frame = self.source()
        frame.get_by_role("button", name="Sync now").click()
        frame.get_by_role("link", name="Open it").wait_for()
        until(lambda: not self.airflow.api.runs(DAG_ID, "queued", "running"), RUN_MS / 1_000)

    def ask(self) -> Any:
        """The playground; returns the first citation."""
        self.frame.get_by_role("tab", name="Playground").click()
        self.frame.get_by_label("Question").fill(QUESTION)
        self.frame.get_by_role("button", name="Ask Twig").click()
        citation = self.frame.locator(".passage h3 a").first
        citation.wait_for()
        return citation

    def follow(self, citation: Any) -> Any:
        """Click on it; returns the tab that opens."""
        with self.page.context.expect_page() as tab:
            citation.click()
        tab.value.wait_for_load_state()
        return tab.value

    def _connections(self) -> None:
        """*Admin → Connections*."""
        self.page.get_by_role("button", name="Admin").click()
        self.page.get_by_role("menuitem", name="Connections").click()
        self.page.get_by_role("button", name="Add Connection").wait_for()

    def _test(self, conn_id: str) -> str:
        notices = self.page.get_by_role("region", name="Notifications")
        notice = notices.get_by_role("status").filter(has_text="Test Connection")
        notice.wait_for(state="detached")  # the answer to another test
        self.page.mouse.move(0, 0)  # away from that one's button, whose hint lies over its neighbours
        row = self.page.get_by_role("row").filter(has_text=conn_id)
        row.get_by_role("button", name="Test Connection").click()
        notice.wait_for()
        return str(notice.inner_text())
