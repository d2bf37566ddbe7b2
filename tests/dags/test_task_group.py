"""The task group in a DAG of one's own, without sources.yaml; and the settings that a run keeps to its end."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from confluence_to_twig import confluence_to_twig
from confluence_to_twig.errors import PermanentError
from confluence_to_twig.runs.report import build_report
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import SOURCES_VARIABLE, Source, SourcesError
from confluence_to_twig.sources.templated import rendered
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from tests.dags.conftest import Site

LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"
TASKS = ["validate", "discover", "extract", "transform", "load", "prune", "verify"]
MINE = """
from airflow.sdk import dag, task

from confluence_to_twig import confluence_to_twig, run_params


@dag(schedule=None, params={"space": "SMALL", **run_params()})
def mine():
    @task
    def tell():
        return "after"

    sync = confluence_to_twig(
        space_key="{{ params.space }}",
        name="mine-{{ params.space | lower }}",
        twig_name="Handbook of {{ params.space }}",
        twig_conn_id="{{ 'twig' }}_default",
        exclude_labels=["{{ 'dra' + 'ft' }}"],
        shard_size="{{ 5 }}",
        retries=0,
    )
    sync >> tell()


mine()
"""


def dag_of(folder: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder), bundle_path=folder, bundle_name="mine")
    assert bag.import_errors == {}
    return bag.dags["mine"]


def test_a_whole_run_with_templated_settings_and_no_sources_file(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOURCES_VARIABLE, str(tmp_path / "there-is-none.yaml"))
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "mine.py").write_text(MINE, encoding="utf-8")
    bundle = {"name": "mine", "classpath": LOCAL_BUNDLE, "kwargs": {"path": str(folder)}}
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
    dag = dag_of(folder)
    assert {f"confluence_to_twig.{name}" for name in TASKS} <= set(dag.task_ids)
    dag_run = dag.test(logical_date=None, run_conf={})
    report = build_report(SourceStaging(staging_root(), "mine-small").run(dag_run.run_id), "mine-small", dag_run.run_id)
    assert dag_run.state.value == "success", report
    assert (report["result"]["pages"], report["result"]["changed"]) == (12, 12)
    assert site.twig.twig.data_specs()[0]["name"] == "Handbook of SMALL"
    assert len(site.held()) == 12


@pytest.mark.parametrize(
    ("settings", "event"),
    [
        ({"name": "docs"}, "twig://docs"),
        ({}, "twig://SMALL"),
        ({"name": "{{ params.name }}"}, None),
        ({"confluence_conn_id": "{{ params.conn_id }}"}, None),
    ],
)
def test_a_finished_run_is_an_asset_event_where_no_template_names_it(
    settings: dict[str, str], event: str | None
) -> None:
    with DAG("mine", schedule=None):
        group = confluence_to_twig(space_key="SMALL", lookback="{{ params.days }} days", **settings)
    tasks = {task.label: task for task in group}
    assert [asset.uri.rstrip("/") for asset in tasks["verify"].outlets] == ([event] if event else [])
    space = ["confluence://confluence_default/SMALL", "confluence://SMALL"] if event else []
    assert [[asset.uri.rstrip("/") for asset in tasks[name].inlets] for name in ("discover", "verify")] == [
        space,
        space,
    ]


def test_a_literal_mistake_is_told_when_the_dag_file_is_read() -> None:
    with pytest.raises(SourcesError, match="field 'space_key'"):
        confluence_to_twig(space_key="two words")
    with pytest.raises(SourcesError, match="field 'colour': unknown"):
        confluence_to_twig(space_key="A", colour="red")
    with pytest.raises(SourcesError, match="schedule: set this on the DAG"):
        confluence_to_twig(space_key="A", schedule="0 2 * * *")
    with pytest.raises(SourcesError, match="retries: shapes the DAG"):
        confluence_to_twig(space_key="A", retries="{{ params.retries }}")


def test_a_rendered_mistake_names_the_field() -> None:
    with pytest.raises(PermanentError, match="field 'lookback'"):
        rendered({"space_key": "A", "lookback": "soon"})


@pytest.mark.parametrize(("key", "name"), [("PROD", "PROD"), ("~jane.doe", "jane.doe"), ("~5570:ab", "5570-ab")])
def test_without_a_name_the_space_key_names_the_source(key: str, name: str) -> None:
    assert rendered({"space_key": key}).name == name


def context(task_id: str, pulled: dict[str, Any]) -> Any:
    ti = SimpleNamespace(task_id=task_id, try_number=1, map_index=-1, xcom_pull=lambda task_ids: pulled.get(task_ids))
    return {"dag_run": SimpleNamespace(run_type="manual", run_after=None, run_id="r"), "ti": ti}


@pytest.mark.parametrize(("group", "others"), [("", "mine."), ("mine.", "")])
def test_later_tasks_use_the_settings_that_validate_froze(group: str, others: str) -> None:
    before = Source.model_validate(
        {
            "name": "docs",
            "space_key": "OLD",
            "lookback": "800 days",
            "content": ["pages"],
            "retry_delay": "1 second",
            "alerts": {"deadline": "36 hours", "jira": {"project": "OPS"}},
        }
    )
    now = Source.model_validate({"name": "docs", "space_key": "NEW"})
    pulled = {f"{group}validate": {"source": before.frozen()}, f"{others}validate": {"source": now.frozen()}}
    run = Run.of(now, context(f"{group}load", pulled))
    assert run.source == before
    assert run.task_id == "load"
    assert Run.of(now, context(f"{group}validate", pulled)).source == now


def test_a_run_that_began_before_the_upgrade_goes_on_with_the_present_settings() -> None:
    now = Source.model_validate({"name": "docs", "space_key": "NEW"})
    assert Run.of(now, context("load", {"validate": {"window": {}}})).source == now
