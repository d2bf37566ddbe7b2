"""The DAG files as Airflow sees them before anything runs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from confluence_to_twig.sources.source import SOURCES_VARIABLE
from tests.dags.conftest import DAGS, ROOT


def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="dags-folder")


def test_there_are_no_import_errors() -> None:
    assert bag().import_errors == {}


def test_there_is_one_dag_for_each_source_with_the_seven_tasks_in_order() -> None:
    dags = bag().dags
    assert set(dags) == {"confluence_to_twig__product-docs"}
    dag = dags["confluence_to_twig__product-docs"]
    order = [task.task_id for task in dag.topological_sort()]
    assert order == ["validate", "discover", "extract", "transform", "load", "prune", "verify"]
    assert dag.max_active_runs == 1
    assert dag.doc_md
    linked = {task.task_id: {link.name for link in task.operator_extra_links} for task in dag.tasks}
    assert linked["load"] == linked["verify"] == {"Confluence space", "Twig data source"}
    assert {"confluence", "twig"} <= dag.tags


def test_whoever_can_answer_the_brake_hears_of_its_question() -> None:
    prune = bag().dags["confluence_to_twig__product-docs"].get_task("prune")
    assert [type(notifier).__name__ for notifier in prune.notifiers] == ["ApprovalNeeded"]


def test_a_mistake_in_one_source_shows_as_an_import_error_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sources.yaml"
    entries = [{"name": "good", "space_key": "A"}, {"name": "bad", "space_key": "B", "lookback": "3 months"}]
    path.write_text(yaml.safe_dump({"sources": entries}), encoding="utf-8")
    monkeypatch.setenv(SOURCES_VARIABLE, str(path))
    found = bag()
    assert set(found.dags) == {"confluence_to_twig__good"}
    ((file, error),) = found.import_errors.items()
    assert file == "confluence_to_twig_problems.py"
    assert "source 'bad', field 'lookback'" in error


@pytest.mark.parametrize(
    "path", sorted(DAGS.glob("*.py")) + sorted((ROOT / "plugins").glob("*.py")), ids=lambda p: p.name
)
def test_dag_and_plugin_files_import_nothing_heavy_at_the_top(path: Path) -> None:
    heavy = {"pandas", "pyarrow", "html2text", "lxml", "requests", "atlassian", "fastapi"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module.split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & heavy
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def test_loading_the_dag_file_pulls_in_no_heavy_library() -> None:
    """Airflow's first asset loads the asset schemes of every installed provider, whatever those import."""
    import subprocess
    import sys

    code = """
import runpy, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset

heavy = {"pandas", "pyarrow", "numpy", "lxml", "html2text", "requests", "atlassian", "bpe_openai", "fastapi"}
before = set(sys.modules)
import confluence_to_twig.dag
found = heavy & (set(sys.modules) - before)
Asset("confluence://site/space")
before = set(sys.modules)
runpy.run_path("dags/confluence_to_twig_dags.py")
print(sorted(found | (heavy & (set(sys.modules) - before))))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ({"since": "yesterday"}, "since"),
        ({"page_ids": ["not a number"]}, "page_ids"),
        ({"full": "perhaps"}, "full"),
    ],
)
def test_the_trigger_form_refuses_wrong_values(conf: dict[str, Any], told: str) -> None:
    from airflow.sdk.definitions.param import ParamsDict

    params = ParamsDict(dict(bag().dags["confluence_to_twig__product-docs"].params.items()))
    with pytest.raises(Exception, match=told):
        params.update(conf)
        params.validate()


def test_a_source_that_runs_on_change_keeps_its_schedule_and_has_a_trigger_of_its_own() -> None:
    from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
    from airflow.serialization.serialized_objects import DagSerialization

    from confluence_to_twig.dag import build
    from confluence_to_twig.sources.source import Source

    sources = [
        Source(name=name, space_key="PROD", schedule="0 2 * * *", lookback="1 day", on_change=True) for name in "ab"
    ]
    triggers = []
    for source in sources:
        timetable = build(source).timetable
        assert isinstance(timetable, AssetOrTimeSchedule)
        assert isinstance(timetable.timetable, CronTriggerTimetable)
        [asset] = timetable.asset_condition.objects
        [watcher] = asset.watchers
        triggers.append(watcher.trigger.serialize())
        assert DagSerialization.from_dict(DagSerialization.to_dict(build(source))).timetable.can_be_scheduled
    assert triggers[0] != triggers[1]
