from __future__ import annotations

from dataclasses import replace

import pytest

from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.report import Summary, build_report
from confluence_to_twig.runs.run import Run
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import QUARANTINE

BAD_PAGE = {
    "page_id": "7",
    "title": "Bad",
    "url": "https://example.com/7",
    "version": 1,
    "stage": "transform",
    "error_type": "ValueError",
    "error": "broken",
}


def test_the_summary_is_the_line_that_the_design_shows() -> None:
    assert str(Summary(245, 1200, 12, 3, 0, 14.2)) == (
        "245 pages → 1,200 chunks (12 changed, 3 removed, 0 failed) in 14 s"
    )


def test_a_run_with_nothing_to_do_says_so() -> None:
    assert str(Summary(245, 1200, 0, 0, 0, 3)).endswith("in 3 s: nothing to do")


def test_a_dry_run_says_so() -> None:
    assert str(Summary(245, 1200, 0, 0, 0, 3, dry_run=True)).endswith("dry run, nothing was sent")


def test_sums_figures_over_shards_and_tasks(run: Run) -> None:
    for shard in (0, 1):
        with recorded(replace(run, task_id="extract", shard=shard)) as record:
            record.figures |= {"pages": 5, "requests": 3}
    with recorded(replace(run, task_id="load")) as record:
        record.figures |= {"changed": 10, "requests": 1}
    with recorded(replace(run, task_id="verify")) as record:
        record.details |= {"pages": 10, "chunks": 40}
    report = build_report(run.staging, "docs", run.run_id)
    assert report["figures"]["requests"] == 7
    assert report["tasks"]["extract"]["shards"] == 2
    assert report["tasks"]["extract"]["requests"] == 6
    assert report["summary"].startswith("10 pages → 40 chunks (10 changed, 0 removed, 0 failed)")
    assert report["state"] == "success"


def test_a_run_that_failed_half_way_has_a_report_with_the_error(run: Run) -> None:
    with recorded(replace(run, task_id="validate")):
        pass
    with pytest.raises(ValueError, match="no"), recorded(replace(run, task_id="discover")):
        raise ValueError("no")
    report = build_report(run.staging, "docs", run.run_id)
    assert report["state"] == "failed"
    assert report["errors"] == [{"task": "discover", "shard": None, "error": "ValueError: no"}]
    assert report["tasks"]["discover"]["state"] == "failed"
    assert report["summary"] == "stopped in discover after 0 s (0 changed, 0 removed until then)"


def test_a_run_whose_verdict_is_red_is_failed_though_every_task_got_through(run: Run) -> None:
    with recorded(replace(run, task_id="verify")) as record:
        record.details["problems"] = ["Bad: transform failed"]
    assert build_report(run.staging, "docs", run.run_id)["state"] == "failed"


def test_names_the_pages_that_failed(run: Run) -> None:
    write_rows(run.staging.quarantine("transform", 0), QUARANTINE, [BAD_PAGE])
    write_rows(run.staging.quarantine("load", 0), QUARANTINE, [BAD_PAGE | {"page_id": "8", "stage": "load"}])
    assert [row["page_id"] for row in build_report(run.staging, "docs", run.run_id)["failures"]] == ["8", "7"]


def test_a_run_that_has_not_begun_is_an_empty_report(run: Run) -> None:
    report = build_report(run.staging, "docs", run.run_id)
    assert (report["state"], report["seconds"], report["failures"]) == ("running", 0.0, [])
