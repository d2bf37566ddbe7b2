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

#: The one without windows to hide shows the same for two thirds of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
#: The outside world is not there: to answer for it here would switch off the cache of all pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


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
    environment = base_environment() | {SOURCES_VARIABLE: str(sources)}
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
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", locale="en-GB")
    context.set_default_timeout(20_000)
    return context


@pytest.fixture(scope="session")
def profile(browser: Any) -> Iterator[Any]:
    """One browser profile for all tests: the scripts of Airflow's UI, seven megabytes, stay in its cache."""
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture
def context(profile: Any) -> Iterator[Any]:
    """The profile without pages, cookies and stored choices of the test before."""
    yield profile
    for page in profile.pages:
        if page.url.startswith("http://127.0.0.1:"):
            origin = "/".join(page.url.split("/")[:3])
            storage = {"origin": origin, "storageTypes": "local_storage"}
            profile.new_cdp_session(page).send("Storage.clearDataForOrigin", storage)
        page.close()
    profile.clear_cookies()


@pytest.fixture
def elsewhere(context: Any) -> Iterator[None]:
    """The outside world is one plain page."""
    outside = re.compile("^https://")
    context.route(outside, lambda route: route.fulfill(body="<h1>elsewhere</h1>", content_type="text/html"))
    yield
    context.unroute(outside)


@pytest.fixture
def ui(context: Any) -> Any:
    """A page for Airflow's own UI, whose console is Airflow's business."""
    return ui_of(context)


def ui_of(context: Any) -> Any:
    """A page that waits as long as Airflow's own UI may take."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    """A page that must not log an error, break its content security policy or raise in a script."""
    with faultless(context.new_page()) as page:
        yield page


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
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.problems = problems
    yield page
    page.unroute_all(behavior="ignoreErrors")  # else an answer that is on its way fails the next test
    assert problems == []
