"""The example DAGs of the docs, with what a real sync hands to them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.dags.conftest import DAGS, ROOT, Site

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def examples(airflow_db: None) -> Any:
    """The example DAGs by id, as Airflow reads them."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(EXAMPLES), bundle_path=EXAMPLES, bundle_name="examples")
    assert bag.import_errors == {}
    return bag.dags


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


def test_they_are_scheduled_on_the_asset_that_the_sample_source_updates(examples: Any) -> None:
    from airflow.dag_processing.dagbag import DagBag

    sample = DagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="dags-folder").dags[
        "confluence_to_twig__product-docs"
    ]
    (updated,) = sample.get_task("verify").outlets
    assert set(examples) == {"after_sync", "after_good_sync", "texts_downstream"}
    for example in examples.values():
        (awaited,) = example.timetable.asset_condition.objects
        assert (awaited.name, awaited.uri, awaited.group) == (updated.name, updated.uri, updated.group)


def test_they_act_on_the_figures_and_on_the_quality_of_a_sync(
    site: Site, examples: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def synced(**fields: Any) -> Any:
        site.configure(name="product-docs", **fields)
        dag_run = site.dag("confluence_to_twig__product-docs").test(logical_date=None, run_conf={})
        caplog.clear()
        return events_of({"run_id": dag_run.run_id})

    caplog.set_level(logging.INFO)
    tell = examples["after_sync"].get_task("tell").python_callable
    is_good = examples["after_good_sync"].get_task("is_good")
    assert type(is_good).__name__ == "_ShortCircuitDecoratedOperator"  # so that its False skips publish
    assert is_good.downstream_task_ids == {"publish"}
    first = synced()
    tell(triggering_asset_events=first)
    assert "Fresh answers: 12 pages → " in caplog.text
    assert is_good.python_callable(triggering_asset_events=first)
    nothing_new = synced()
    tell(triggering_asset_events=nothing_new)
    assert "Fresh answers" not in caplog.text
    assert is_good.python_callable(triggering_asset_events=nothing_new)
    site.confluence.new_page("SMALL", "An empty page", "")
    assert not is_good.python_callable(triggering_asset_events=synced(quality={"max_empty": 0.05}))
    assert "empty is 0.0769, and its limit is 0.05" in caplog.text
    assert not is_good.python_callable(triggering_asset_events=None)
