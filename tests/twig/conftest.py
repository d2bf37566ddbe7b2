from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.twig import ServedTwig, Settings, serve
from tests.twig.world import World, local_staging


@pytest.fixture
def served() -> Iterator[ServedTwig]:
    with serve(settings=Settings(write_per_minute=None)) as served:
        yield served


@pytest.fixture
def world(served: ServedTwig, tmp_path: Path) -> World:
    return World(served, local_staging(tmp_path))
