"""A run's chunks as texts with metadata."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from confluence_to_twig import run_texts
from confluence_to_twig.content import build_document
from confluence_to_twig.staging import schemas
from confluence_to_twig.staging.layout import SourceStaging, root_at
from confluence_to_twig.staging.parquet import ParquetWriter
from tests.content.rows import page_row

RUN = "manual__2026-11-28T06:00:00+00:00"


@pytest.fixture
def staging(tmp_path: Path) -> str:
    run = SourceStaging(root_at(str(tmp_path)), "docs").run(RUN)
    built = [build_document(page_row(number, storage=f"<h2>Set up</h2><p>Step {number}.</p>")) for number in ("1", "2")]
    with (
        ParquetWriter(run.documents(0), schemas.DOCUMENTS) as documents,
        ParquetWriter(run.chunks(0), schemas.CHUNKS) as chunks,
    ):
        for document in built:
            documents.write(document.document)
            chunks.write_all(document.chunks)
    return str(tmp_path)


def test_texts_come_with_where_they_are_from(staging: str) -> None:
    texts = run_texts("docs", RUN, staging=staging)
    assert [item["metadata"]["page_id"] for item in texts] == ["1", "2"]
    assert texts[0]["text"].endswith("## Set up\n\nStep 1.")
    assert texts[0]["metadata"]["heading_path"] == ["Set up"]
    assert texts[0]["metadata"]["url"].endswith("#Set-up")
    assert json.loads(json.dumps(texts)) == texts


def test_a_run_that_left_nothing_has_no_texts(staging: str) -> None:
    assert run_texts("docs", "another", staging=staging) == []
