"""What a task tells OpenLineage. The graph of a whole run is in tests/scheduler."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from confluence_to_twig.runs.lineage import Dataset, Lineage, is_traced, staged, to_openlineage, twig
from confluence_to_twig.runs.quality import Measured, judge
from confluence_to_twig.sources.quality_settings import QualitySettings
from confluence_to_twig.staging.layout import SourceStaging, root_at
from confluence_to_twig.staging.parquet import write_rows
from confluence_to_twig.staging.schemas import QUARANTINE


def test_staging_is_named_without_the_run_and_counted_over_its_files(tmp_path: Path) -> None:
    staging = SourceStaging(root_at(str(tmp_path)), "docs")
    run = staging.run("r")
    row = dict.fromkeys(QUARANTINE.names, "x") | {"version": 1}
    for shard, rows in ((0, [row, row]), (1, [row])):
        write_rows(run.quarantine("load", shard), QUARANTINE, rows)
    paths = [run.quarantine("load", shard) for shard in (0, 1, 2)]
    dataset = staged(staging, "quarantine", paths)
    assert (dataset.namespace, dataset.name) == ("file", f"{tmp_path}/docs/quarantine")
    assert (dataset.rows, dataset.files) == (3, 2)
    assert dataset.size == sum(Path(path.path).stat().st_size for path in paths[:2])
    assert ("page_id", "string") in dataset.fields


def test_staging_in_a_bucket_is_named_by_the_bucket() -> None:
    staging = SourceStaging(root_at("memory://bucket/staging"), "docs")
    dataset = staged(staging, "pages", [])
    assert (dataset.namespace, dataset.name) == ("memory://bucket", "staging/docs/pages")


def test_what_is_written_has_statistics_and_columns_and_what_is_read_has_metrics_and_assertions() -> None:
    verdict = judge(Measured(10, 5, 0, 0, 0, 0, None), QualitySettings()).to_json()
    lineage = Lineage(
        (twig("docs", rows=40, rules=verdict["rules"]),),
        (Dataset("file", "/staging/docs/pages", 3, 1_234, 2, (("page_id", "string"),)), Dataset("twig", "docs")),
    )
    told = to_openlineage(lineage)
    (read,), (pages, unknown) = told.inputs, told.outputs
    assert (read.namespace, read.name, read.inputFacets["dataQualityMetrics"].rowCount) == ("twig", "docs", 40)
    rules = {it.assertion: it for it in read.inputFacets["dataQualityAssertions"].assertions}
    assert rules.keys() == verdict["rules"].keys()
    assert (rules["empty"].success, rules["empty"].actual, rules["empty"].expected) == (False, "0.5", "0.2")
    assert (rules["behind"].success, rules["behind"].actual) == (True, None)
    statistics = pages.outputFacets["outputStatistics"]
    assert (statistics.rowCount, statistics.size, statistics.fileCount) == (3, 1_234, 2)
    assert [column.name for column in pages.facets["schema"].fields] == ["page_id"]
    assert (unknown.outputFacets, unknown.facets) == ({}, {})


def test_nothing_is_traced_without_a_transport_or_without_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_traced()
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage.conf", None)
    assert not is_traced()
