"""A whole Airflow as ``make run`` starts it, once a session, and Debian's Chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from confluence_to_twig.sources.source import SOURCES_VARIABLE, Source
from sandbox.processes import free_port
from sandbox.run import LocalAirflow, local_airflow, run_source
from tests.browser.samples import SOURCES, fill
from tests.web.samples import SampleSource
from tests.whole_airflow import PROMPT_TWIG, base_environment, ended_at_once

HERE = Path(__file__).parent
#: The one without windows to hide shows the same for two thirds of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
#: The outside world is not there: to answer for it here would switch off the cache of all pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
#: What an open page and a scheduler do again and again while nothing has changed.
CALM = {"AIRFLOW__API__AUTO_REFRESH_INTERVAL": "30", "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "2"}
SIZE = {"width": 1280, "height": 900}
PATIENCE_MS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First those without the common Airflow, which costs a tenth of a processor for as long as it is there."""
    items.sort(key=lambda item: item.path.parent == HERE and "airflow" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def airflow(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    """Airflow and both sandboxes, with the sample source and four more whose staging is made up."""
    place = tmp_path_factory.mktemp("run")
    sources = place / "sources.yaml"
    sources.write_text(SOURCES, encoding="utf-8")
    first = free_port(20_000 + os.getpid() % 2_000)
    ports = {"airflow": first, "confluence": free_port(first + 1), "twig": free_port(first + 2)}
    environment = base_environment() | CALM | {SOURCES_VARIABLE: str(sources)}
    with ended_at_once(), local_airflow(ports, place, environment, {"twig": PROMPT_TWIG}) as running:
        fill(running, datetime.now(UTC) - timedelta(hours=3))
        yield running


@pytest.fixture(scope="session")
def synced(airflow: LocalAirflow) -> LocalAirflow:
    """The same Airflow after one run of the sample source."""
    assert run_source(airflow, Source(name="product-docs", space_key="PROD"))
    return airflow


@pytest.fixture(scope="session")
def wiki(airflow: LocalAirflow) -> SampleSource:
    """The big made-up source."""
    return SampleSource(str(Path(airflow.environment["CONFLUENCE_TWIG_STAGING"])), "wiki")


def new_context(browser: Any) -> Any:
    """A profile without animations, which are painted sixty times a second for as long as a test waits."""
    context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture(scope="session")
def profile(browser: Any) -> Iterator[Any]:
    """One browser profile for all tests: the scripts of Airflow's UI, seven megabytes, stay in its cache."""
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="session")
def tab(profile: Any) -> Any:
    """One tab for all tests: what the process behind it has compiled of these scripts makes the next load cost half."""
    return profile.new_page()


@pytest.fixture
def context(profile: Any, tab: Any) -> Iterator[Any]:
    """The profile with an empty tab, without cookies and stored choices of the test before."""
    yield profile
    emptied(tab)


def emptied(tab: Any) -> None:
    """Leave of a tab, and of the others beside it, nothing that the next test could see."""
    for page in tab.context.pages:
        if page.url.startswith("http://127.0.0.1:"):
            origin = "/".join(page.url.split("/")[:3])
            storage = {"origin": origin, "storageTypes": "local_storage"}
            page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", storage)
        if page != tab:
            page.close()
    tab.goto("about:blank")
    tab.set_viewport_size(SIZE)
    tab.emulate_media(color_scheme="light")
    tab.set_default_timeout(PATIENCE_MS)
    tab.context.clear_cookies()


@pytest.fixture
def elsewhere(context: Any) -> Iterator[None]:
    """The outside world is one plain page."""
    outside = re.compile("^https://")
    context.route(outside, lambda route: route.fulfill(body="<h1>elsewhere</h1>", content_type="text/html"))
    yield
    context.unroute(outside)


@pytest.fixture(scope="module")
def shared_ui(tab: Any) -> Iterator[Any]:
    """The tab for all tests of a file, each of which goes on where the one before has gone: a start of Airflow's UI costs seconds of a
    processor.
    """
    yield patient(tab)
    emptied(tab)


def patient(tab: Any) -> Any:
    """Let the tab wait as long as Airflow's own UI may take."""
    tab.set_default_timeout(60_000)
    return tab


@pytest.fixture
def page(context: Any, tab: Any) -> Iterator[Any]:
    """The tab, which must not log an error, break its content security policy, raise in a script or open a dialog."""
    with faultless(tab):
        yield tab


@pytest.fixture
def clocked_page(browser: Any) -> Iterator[Any]:
    """Such a page whose clock a test may turn: it is the clock of its whole profile."""
    context = new_context(browser)
    with faultless(context.new_page()) as page:
        yield page
    context.close()


@contextmanager
def faultless(page: Any) -> Iterator[Any]:
    problems: list[str] = []

    def logged(message: Any) -> None:
        if message.type == "error":
            problems.append(message.text)

    def raised(error: Any) -> None:
        problems.append(str(error))

    def asked(dialog: Any) -> None:
        problems.append(f"a script opened a dialog: {dialog.message}")
        dialog.dismiss()

    listeners = {"console": logged, "pageerror": raised, "dialog": asked}
    for event, listener in listeners.items():
        page.on(event, listener)
    page.problems = problems
    yield page
    page.unroute_all(behavior="ignoreErrors")  # else an answer that is on its way fails the next test
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert problems == []
