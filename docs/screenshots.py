"""``make screenshots``: the pictures of README and docs, taken from the real UI after a real sync of the sample space."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from include.cli.processes import free_port
from include.cli.run import local_airflow, run_source
from include.source import load_sources

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).with_name("images")
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTLING_MS = 4_000


def main() -> int:
    """Start everything in a folder of its own, sync, take the pictures, stop everything."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed: apt-get install chromium")
        return 1
    IMAGES.mkdir(exist_ok=True)
    source = load_sources().named("product-docs")
    ports = {"airflow": free_port(8080), "confluence": free_port(8090), "twig": free_port(8091)}
    with tempfile.TemporaryDirectory() as place, local_airflow(ports, Path(place)) as airflow:
        if not run_source(airflow, source):
            return 1
        (run, *_) = airflow.api.runs(source.dag_id, "success")
        ui = airflow.api.base_url
        views = {
            "dag": f"{ui}/dags/{source.dag_id}",
            "finished-run": f"{ui}/dags/{source.dag_id}/runs/{run['dag_run_id']}",
            "page": f"{ui}/plugin/confluence-to-twig",
            "sandbox-twig": f"http://127.0.0.1:{ports['twig']}/?q=how+long+are+readings+kept+while+offline",
            "connections": f"{ui}/connections",
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            for name, url in views.items():
                view = "graph" if name == "dag" else "grid"
                page.add_init_script(f"localStorage.setItem('default_dag_view', JSON.stringify('{view}'))")
                take(page, name, url)
            browser.close()
    return 0


def take(page: Page, name: str, url: str) -> None:
    """One picture of one address."""
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLING_MS)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"{name}: {url}")


if __name__ == "__main__":
    sys.exit(main())
