"""The example DAGs of the docs, with what a real sync hands to them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.dags.conftest import DAGS, ROOT, Site

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def after_sync(airflow_db: None) -> Any:
    """The DAG ``after_sync`` as Airflow reads it."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(EXAMPLES), bundle_path=EXAMPLES, bundle_name="examples")
    assert bag.import_errors == {}
    return bag.dags["after_sync"]


def events_of(report: dict[str, Any]) -> Any:
    """What a run that this sync triggers finds as ``triggering_asset_events``."""
    from airflow.models.asset import AssetEvent
    from airflow.sdk.api.datamodels._generated import AssetReferenceAssetEventDagRun
    from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
    from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        event = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == report["run_id"])).one()
        asset = AssetReferenceAssetEventDagRun(name=event.asset.name, uri=event.asset.uri, extra={})
        return TriggeringAssetEventsAccessor.build(
            [
                AssetEventDagRunReferenceResult(
                    asset=asset,
                    extra=event.extra,
                    source_task_id=event.source_task_id,
                    source_dag_id=event.source_dag_id,
                    source_run_id=event.source_run_id,
                    source_map_index=event.source_map_index,
                    source_aliases=[],
                    timestamp=event.timestamp,
                )
            ]
        )


def test_it_is_scheduled_on_the_asset_that_the_sample_source_updates(after_sync: Any) -> None:
    from airflow.dag_processing.dagbag import DagBag

    sample = DagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="dags-folder").dags[
        "confluence_to_twig__product-docs"
    ]
    (updated,) = sample.get_task("verify").outlets
    (awaited,) = after_sync.timetable.asset_condition.objects
    assert (awaited.name, awaited.uri, awaited.group) == (updated.name, updated.uri, updated.group)


def test_it_tells_the_figures_of_a_sync_that_changed_something(
    site: Site, after_sync: Any, caplog: pytest.LogCaptureFixture
) -> None:
    site.configure(name="product-docs")
    dag = site.dag("confluence_to_twig__product-docs")
    report = {"run_id": dag.test(logical_date=None, run_conf={}).run_id}
    caplog.set_level(logging.INFO)
    tell = after_sync.get_task("tell").python_callable
    tell(triggering_asset_events=events_of(report))
    assert "Fresh answers: 12 pages → " in caplog.text
    caplog.clear()
    nothing_new = {"run_id": dag.test(logical_date=None, run_conf={}).run_id}
    tell(triggering_asset_events=events_of(nothing_new))
    assert "Fresh answers" not in caplog.text
