from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.pipeline.params import RunParams
from include.pipeline.run import Run
from include.source import Source
from include.staging.layout import ROOT_VARIABLE
from include.window import RunFacts


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A manual run of a small source, with staging in a folder of its own."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return Run(
        source=Source(name="docs", space_key="PROD"),
        run_id="manual__2026-11-22",
        facts=RunFacts("manual", datetime(2026, 11, 22, tzinfo=UTC)),
        params=RunParams(),
        task_id="load",
        try_number=1,
    )
