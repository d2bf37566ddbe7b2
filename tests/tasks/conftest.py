from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from confluence_to_twig.planning.window import RunFacts
from confluence_to_twig.runs.params import RunParams
from confluence_to_twig.runs.run import Run
from confluence_to_twig.sources.source import Source
from confluence_to_twig.staging.layout import ROOT_VARIABLE


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
