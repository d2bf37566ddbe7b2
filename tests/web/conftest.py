from __future__ import annotations

from pathlib import Path

import pytest

from confluence_to_twig.staging.layout import ROOT_VARIABLE
from tests.web.samples import SampleSource


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleSource:
    """A source named "docs" with a staging of its own."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "staging"))
    return SampleSource(str(tmp_path / "staging"))
