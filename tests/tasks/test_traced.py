"""When a task notes its lineage, and what becomes of lineage that cannot be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from confluence_to_twig.runs.lineage import Lineage
from confluence_to_twig.runs.record import recorded
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.tasks import traced


def load_of(run: Run) -> traced.Traced:
    with recorded(run) as record:
        record.count(chunks_sent=40, bytes=1_234)
    operator = traced.Traced()
    operator.trace(run)
    return operator


def test_a_load_tells_of_the_chunks_that_it_sent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "is_traced", lambda: True)
    told = load_of(run).get_openlineage_facets_on_complete(None)
    assert [dataset.name.rpartition("/")[2] for dataset in told.inputs] == ["documents", "chunks"]
    (twig,) = told.outputs
    assert (twig.namespace, twig.name) == ("twig", run.source.name)
    statistics = twig.outputFacets["outputStatistics"]
    assert (statistics.rowCount, statistics.size) == (40, 1_234)


def test_a_discover_tells_of_each_space_that_its_source_names(run: Run) -> None:
    source = Source.model_validate({"name": "docs", "spaces": ["PROD", "ENG*"], "confluence_conn_id": "nowhere"})
    told = traced.lineage_of(replace(run, source=source, task_id="discover"), {})
    assert [(it.namespace, it.name, it.rows) for it in told.reads] == [
        ("confluence://nowhere", "PROD", None),
        ("confluence://nowhere", "ENG*", None),
    ]


def test_nothing_is_read_when_nobody_listens(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "read_json", lambda path: pytest.fail(f"{path} was read"))
    assert load_of(run).traced == Lineage()


def test_lineage_that_cannot_be_told_ends_no_task(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("no store")

    monkeypatch.setattr(traced, "is_traced", lambda: True)
    monkeypatch.setattr(traced, "read_json", broken)
    told = load_of(run).get_openlineage_facets_on_complete(None)
    assert (told.inputs, told.outputs) == ([], [])
    assert "OpenLineage hears nothing of what load read and wrote: OSError('no store')" in caplog.text
