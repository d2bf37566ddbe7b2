"""The manifest before a plan is made with it, for delivery ``files``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from confluence_to_twig.runs.record import Record
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.manifest import ManifestStore
from confluence_to_twig.tasks.file_target import load_files
from confluence_to_twig.tasks.targets import Shipment, targets_of
from confluence_to_twig.tasks.twig_target import settle_manifests
from tests.twig.world import Page, write_shard

PAGES = [Page(str(number), (f"Text of page {number}",)) for number in range(5)]


def doubtful(run: Run, record: Record) -> set[str]:
    settle_manifests(run, record)
    rows = ManifestStore(run.source_staging).read().to_pylist()
    return {row["page_id"] for row in rows if not row["converter_version"]}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("repair", [False, True])
def test_repair_lets_the_plan_fetch_pages_whose_file_is_missing(
    run: Run, tmp_path: Path, kind: str, repair: bool
) -> None:
    source = Source(
        name="docs",
        space_key="PROD",
        delivery="files",
        files_path=str(tmp_path / "out"),
        files_format=kind,
        repair=repair,
    )
    run, record = replace(run, source=source), Record()
    [target] = targets_of(run)
    files = [run.staging.documents(0)], [run.staging.chunks(0)]
    shipment = Shipment(*files, hold=(), only=None, quarantine=run.staging.quarantine("load", 0), is_whole=True)
    assert doubtful(run, record) == set()
    write_shard(run.source_staging, run.run_id, PAGES)
    load_files(run, target, shipment, record)
    assert doubtful(run, record) == set()
    assert record.warnings == []

    folder = tmp_path / "out" / "docs" / "documents"
    next(folder.glob("0-*" if kind == "folder" else "volume*")).unlink()
    lost = {"0"} if kind == "folder" else {page.page_id for page in PAGES}
    assert doubtful(run, record) == (lost if repair else set())
    assert len(record.warnings) == repair
    load_files(run, target, shipment, record)
    assert doubtful(run, record) == set()
    assert bool(list(folder.glob("0-*" if kind == "folder" else "volume*"))) is repair
