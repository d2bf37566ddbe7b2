"""Every test of the staging layer runs on each kind of store that staging may lie on."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from tests.staging.stores import KINDS, folder_in

_PARAMS = [pytest.param(kind, marks=pytest.mark.slow) if kind == "s3" else kind for kind in KINDS]


@pytest.fixture(params=_PARAMS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStoragePath:
    """A new, empty folder: on a local disk, in an object store, where a rename is a copy, and in S3."""
    return folder_in(request.param, tmp_path)
