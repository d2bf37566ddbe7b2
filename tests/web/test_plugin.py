from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow import plugins_manager

ROOT = Path(__file__).resolve().parents[2]

# A process of Airflow, with or without the entry points of the package: what the import of the plugin adds to Airflow's own, which every
# process pays, and the plugin as Airflow finds it.
LOOK = """
import contextlib, importlib.metadata, json, sys
kinds = [importlib.metadata.PathDistribution]
with contextlib.suppress(ImportError):
    from importlib_metadata import PathDistribution
    kinds.append(PathDistribution)
def read(kept):
    def read_text(self, name):
        hidden = name == "entry_points.txt" and "confluence_to_twig" in str(self._path)
        return None if hidden else kept(self, name)
    return read_text
for kind in kinds:
    if sys.argv[1] == "not installed":
        kind.read_text = read(kind.read_text)
from airflow import plugins_manager
before = set(sys.modules)
import confluence_to_twig.web.plugin
added = sorted(set(sys.modules) - before)
plugins, errors = plugins_manager._get_plugins()
print(json.dumps([added, [type(p.source).__name__ for p in plugins if p.name == "confluence_to_twig"], errors]))
"""


@pytest.mark.parametrize(
    ("how", "source"), [("installed", "EntryPointSource"), ("not installed", "PluginsDirectorySource")]
)
def test_the_plugin_is_there_once_without_an_import_error_and_imports_nothing_for_the_page(
    how: str, source: str
) -> None:
    done = subprocess.run([sys.executable, "-c", LOOK, how], cwd=ROOT, capture_output=True, text=True, check=True)
    added, sources, errors = json.loads(done.stdout.splitlines()[-1])
    assert "confluence_to_twig.web.plugin" in added
    assert all(name.startswith("confluence_to_twig") for name in added), added
    assert (sources, errors) == ([source], {})


def test_airflow_puts_the_page_into_navigation_and_dag_tabs() -> None:
    views, _ = plugins_manager._get_ui_plugins()
    ours = [view for view in views if view["name"] in {"Twig sync", "Confluence → Twig"}]
    assert {view["destination"] for view in ours} == {"nav", "dag"}
    assert len({view["url_route"] for view in ours}) == 2
    assert all(view["href"].startswith("confluence-to-twig/") for view in ours)


def test_airflow_mounts_the_app() -> None:
    apps, _ = plugins_manager.get_fastapi_plugins()
    assert "/confluence-to-twig" in [app["url_prefix"] for app in apps]


def test_airflow_mends_its_test_button() -> None:
    _, middlewares = plugins_manager.get_fastapi_plugins()
    assert "PortlessTest" in [middleware["middleware"].__name__ for middleware in middlewares]
