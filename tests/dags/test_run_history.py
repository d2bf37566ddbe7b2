"""Every run leaves a line, whatever became of it, and the line outlives the run's folder."""

from __future__ import annotations

from collections.abc import Callable

from confluence_to_twig.sources.source import load_sources
from confluence_to_twig.staging.files import folders_in
from confluence_to_twig.staging.layout import SourceStaging, staging_root
from confluence_to_twig.web.app import history
from sandbox.confluence import SYNC_TOKEN
from tests.dags.conftest import Site


def test_the_page_shows_all_runs_when_only_the_newest_folders_are_left(
    site: Site, reconnect: Callable[..., None]
) -> None:
    site.configure(keep_runs=1)
    site.run()
    reconnect(password="wrong")
    site.run()
    reconnect(password=SYNC_TOKEN)
    site.run()
    staging = SourceStaging(staging_root(), "small")
    ran = [(report["run_id"], report["state"]) for report in site.reports]
    assert [state for _, state in ran] == ["success", "failed", "success"]
    assert folders_in(staging.runs) == sorted(staging.run(run_id).home.name for run_id, _ in ran[1:])
    shown = history(load_sources().named("small"), user=None)  # by default nobody is named what is kept out
    assert shown["total"] == 3
    assert [(row["run_id"], row["state"]) for row in shown["runs"]] == ran
    assert [row["pages"] for row in shown["runs"]] == [12, None, 12]
    assert shown["runs"][1]["problem"] in site.reports[1]["errors"][0]["error"]
