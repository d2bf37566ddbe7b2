from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from airflow import plugins_manager

PLUGIN = Path(__file__).resolve().parents[2] / "plugins" / "confluence_to_twig_plugin.py"

# What every process of Airflow pays for the plugin: only what its import adds to Airflow's own.
PROBE = """
import sys, json
from airflow.plugins_manager import AirflowPlugin
before = set(sys.modules)
import importlib.util
spec = importlib.util.spec_from_file_location("confluence_to_twig_plugin", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_a_task_imports_nothing_for_the_page() -> None:
    run = subprocess.run([sys.executable, "-c", PROBE, str(PLUGIN)], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout.splitlines()[-1]) == []


def test_airflow_puts_the_page_into_navigation_and_dag_tabs() -> None:
    views, _ = plugins_manager._get_ui_plugins()
    ours = [view for view in views if view["name"] == "Confluence → Twig"]
    assert {view["destination"] for view in ours} == {"nav", "dag"}
    assert len({view["url_route"] for view in ours}) == 2
    assert all(view["href"].startswith("confluence-to-twig/") for view in ours)


def test_airflow_mounts_the_app() -> None:
    apps, _ = plugins_manager.get_fastapi_plugins()
    assert "/confluence-to-twig" in [app["url_prefix"] for app in apps]


def test_airflow_mends_its_test_button() -> None:
    _, middlewares = plugins_manager.get_fastapi_plugins()
    assert "PortlessTest" in [middleware["middleware"].__name__ for middleware in middlewares]
