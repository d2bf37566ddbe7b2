"""Tasks with nothing to do are skipped before they start, and start again when they are needed."""

from __future__ import annotations

from typing import Any

from confluence_to_twig.runs.held_decorations import HeldDecorations, read_held_decorations, write_held_decorations
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from tests.dags.conftest import Site

WORKING = ("validate", "discover", "verify")
IDLE = ("extract", "transform", "load", "prune")


def states(report: dict[str, Any]) -> dict[str, str]:
    """The state of each task of a run, as Airflow shows it. To be asked before the next run, which takes its place."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(TaskInstance.task_id, TaskInstance.state).where(TaskInstance.run_id == report["run_id"])
        return {task_id: str(state) for task_id, state in session.execute(query)}


def test_a_run_with_nothing_to_do_starts_neither_load_nor_prune_and_is_checked_and_reported(site: Site) -> None:
    done = dict.fromkeys((*WORKING, "extract", "transform", "load"), "success")
    assert states(site.run()) == done | {"prune": "skipped"}
    quiet = site.run()
    assert states(quiet) == dict.fromkeys(WORKING, "success") | dict.fromkeys(IDLE, "skipped")
    assert quiet["tasks"].keys() == set(WORKING)
    assert quiet["verified"]["findings"] == []
    assert quiet["quality"]["good"]
    assert quiet["summary"].endswith(": nothing to do")


def test_after_a_deletion_load_and_prune_start_although_nothing_is_fetched(site: Site) -> None:
    site.first_run()
    site.confluence.trash("beta-4")
    report = site.run(full=True)
    worked = dict.fromkeys((*WORKING, "load", "prune"), "success")
    assert states(report) == worked | {"extract": "skipped", "transform": "skipped"}
    assert "Beta topic 4" not in site.held_titles()


def test_load_starts_where_nobody_noted_what_hangs_on_the_pages_and_where_a_write_may_be_under_way(site: Site) -> None:
    """As after an upgrade: a change before the next load would not be seen. And as after a run that died, or beside another."""
    from confluence_to_twig.staging.manifest import ManifestStore

    site.first_run()
    staging = SourceStaging(staging_root(), site.name)
    noted = read_held_decorations(staging)
    write_held_decorations(staging, HeldDecorations())
    assert states(site.run())["load"] == "success"
    assert read_held_decorations(staging).attachments == noted.attachments is not None
    assert states(site.run())["load"] == "skipped"

    manifest = ManifestStore(staging)
    manifest.begin(manifest.view(), run_id="dead", deletes=["404"])
    assert states(site.run())["load"] == "success"  # it makes sure that the write can no longer take effect
    assert manifest.view().under_way() == []
    assert states(site.run())["load"] == "skipped"
