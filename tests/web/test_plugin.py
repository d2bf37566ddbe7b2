from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow import plugins_manager

ROOT = Path(__file__).resolve().parents[2]

# What every process of Airflow pays for the plugin: only what its import adds to Airflow's own.
PROBE = """
import sys, json
from airflow.plugins_manager import AirflowPlugin
before = set(sys.modules)
import confluence_to_twig.web.plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""

# The plugin as a process of Airflow finds it, with or without the entry points of the package.
PLUGINS = """
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
plugins, errors = plugins_manager._get_plugins()
print(json.dumps([[type(p.source).__name__ for p in plugins if p.name == "confluence_to_twig"], errors]))
"""


def last_line(*command: str) -> Any:
    done = subprocess.run([sys.executable, "-c", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_task_imports_nothing_for_the_page() -> None:
    added = last_line(PROBE)
    assert all(name.startswith("confluence_to_twig") for name in added), added


@pytest.mark.parametrize(
    ("how", "source"), [("installed", "EntryPointSource"), ("not installed", "PluginsDirectorySource")]
)
def test_the_plugin_is_there_once_and_without_an_import_error(how: str, source: str) -> None:
    assert last_line(PLUGINS, how) == [[source], {}]


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
