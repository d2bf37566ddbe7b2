"""One run over the whole space, looked at from many sides; and the runs after it, which find nothing to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from confluence_to_twig.staging.parquet import read_table
from tests.dags.conftest import EVERY_TITLE, KeptServers, Site, small_site


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, airflow_db: None, kept: KeptServers) -> Iterator[Site]:
    """The small space after its first run. Tests may run it again, and leave both sides as they are."""
    folder = tmp_path_factory.mktemp("synced")
    with pytest.MonkeyPatch.context() as patch, small_site(folder, patch, kept) as site:
        site.run()
        yield site


def test_the_first_run_loads_the_whole_space(synced: Site) -> None:
    report = synced.reports[0]
    assert report["state"] == "success"
    assert synced.held_titles() == EVERY_TITLE
    assert report["result"] | {"seconds": 0} == {
        "pages": 12,
        "files": 0,
        "chunks": sum(len(document.chunks) for document in synced.held().values()),
        "changed": 12,
        "removed": 0,
        "failed": 0,
        "seconds": 0,
    }
    assert report["plan"]["fetch"] == {"new to Twig": 12}
    assert report["page_count"] == 12
    assert synced.twig.twig.data_specs()[0]["status"] == "active"


def test_the_second_run_fetches_no_body_writes_nothing_and_says_so(synced: Site) -> None:
    held = synced.held()
    report = synced.run()
    assert report["state"] == "success"
    assert report["summary"].endswith(": nothing to do")
    assert synced.bodies_fetched() == 0
    assert synced.writes() == 0
    assert synced.held() == held


def test_force_processes_again_without_sending_what_is_the_same(synced: Site) -> None:
    report = synced.run(force=True)
    assert report["state"] == "success"
    assert report["plan"]["fetch"] == {"forced": 12}
    assert synced.bodies_fetched() > 0
    assert synced.writes() == 0


def test_xcom_carries_paths_and_counters_only(synced: Site) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    report = synced.reports[-1]  # with a run its XComs go, too, when the next one takes its place
    with create_session() as session:
        query = select(XComModel.task_id, XComModel.key, XComModel.value).where(XComModel.run_id == report["run_id"])
        found = session.execute(query).all()
    assert [key for task_id, key, _ in found if task_id == "validate"] == ["return_value"]
    text = json.dumps([value for _, _, value in found], default=str)
    assert len(text) < 10_000
    assert "calibration" not in text
    assert "sandbox-confluence-token" not in text


def test_no_secret_lies_in_staging(synced: Site) -> None:
    report = synced.reports[0]
    root = synced.staging(report["run_id"]).home
    for path in root.rglob("*"):
        if path.is_file():
            assert b"sandbox-confluence-token" not in path.read_bytes()
            assert synced.twig.api_key.encode() not in path.read_bytes()


def test_each_run_ends_with_an_asset_event_that_carries_the_figures(synced: Site) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    report = synced.reports[0]
    with create_session() as session:
        event = session.scalars(
            select(AssetEvent).where(AssetEvent.source_run_id == report["run_id"]).order_by(AssetEvent.id.desc())
        ).first()
        assert event is not None
        extra = dict(event.extra)
    assert extra["summary"] == report["summary"]
    assert extra["pages"] == 12


def test_inventory_holds_the_tree_with_ancestors(synced: Site) -> None:
    report = synced.reports[0]
    rows = {row["title"]: row for row in read_table(synced.staging(report["run_id"]).inventories()[0]).to_pylist()}
    assert rows["Alpha topic 1"]["ancestors"] == ["Handbook", "Alpha"]
    assert rows["Handbook"]["ancestors"] == []
