"""The documentation as its readers see it: built without a warning, and read by everybody."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser.barriers import barriers

ROOT = Path(__file__).resolve().parents[2]
UV = next(
    (path for path in (str(ROOT / ".uv" / "bin" / "uv"), shutil.which("uv")) if path and Path(path).exists()), None
)
#: Pages with all that a page may have: pictures, long tables, wide tables, code of each kind, notes.
PAGES = ("index", "configuration/index", "benchmarks/index", "sandbox/index", "existing-airflow/index")
COMMAND = ("run", "--frozen", "--isolated", "--only-group", "docs", "mkdocs", "build", "--strict", "--site-dir")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``make docs`` does it, strictly; for ``make test`` it is built here alone."""
    if UV is None:
        pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    for offline in (["--offline"], []):
        command = [UV, *offline, *COMMAND, str(folder)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return folder
    pytest.fail(done.stderr[-3_000:])


def test_it_is_built_without_a_warning(site: Path) -> None:
    assert sorted(name for name in PAGES if not (site / f"{name}.html").is_file()) == []


@pytest.mark.parametrize(("theme", "scheme"), [("light", "default"), ("dark", "slate")])
def test_axe_finds_no_serious_barrier_in_the_documentation(browser: Any, site: Path, theme: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    for name in PAGES:
        page.goto(f"file://{site}/{name}.html")
        page.locator(f"body[data-md-color-scheme={scheme}]").wait_for()
        found |= barriers(page, name, colours_only=theme == "dark")
    page.close()
    assert found == {}


def test_no_page_of_the_documentation_is_wider_than_a_phone(browser: Any, site: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    widths = {}
    for name in PAGES:
        page.goto(f"file://{site}/{name}.html")
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert max(widths.values()) <= 390, widths
